// A value that does not fit, and the sentences that say so: those of Go's JSON decoder for the API, those of the house
// for configuration files.
import type { Json } from '../model/catalog.ts'

/** How a value is spelled, and how its faults are told. */
export type Spelling = 'api' | 'config'

/** Where a value stands: Go names the innermost struct and the path of fields to it. */
export interface Place {
  /** Go's name of the struct that has the field; '' at the top. */
  readonly struct: string
  /** In the API the fields' own names; in a file the keys as they are written there, with the indexes of lists. */
  readonly path: string
  /** Absent: the API's. */
  readonly spelling?: Spelling
  /** Faults of fields go here, and the rest is read on; without it the first one is thrown. */
  readonly faults?: Misfit[]
  /** What has no effect goes here. */
  readonly warnings?: Misfit[]
}

/** Where a body of the API begins: one object for all, so that places within it are made once. */
export const apiRoot: Place = { struct: '', path: '' }

/** Thrown by readers; never leaves this folder's doors, nor http. */
export class Misfit extends Error {
  override readonly name = 'Misfit'
  readonly path: string
  constructor(path: string, message: string) {
    super(message)
    this.path = path
  }
}

/** A value of the wrong type. `shown` is the number that is wrong in itself. */
export function mismatch(value: Json, at: Place, goType: string, shown: string = ''): Misfit {
  if (at.spelling === 'config') {
    // Several blocks with one name are a list.
    if (Array.isArray(value) && value.length > 1 && wordsOf(goType).startsWith('an object')) {
      return new Misfit(at.path, `${at.path} is given ${value.length} times; it can be given once`)
    }
    return new Misfit(at.path, `${at.path} must be ${wordsOf(goType)}, not ${found(value)}`)
  }
  const what = `${kindOf(value)}${shown === '' ? '' : ` ${shown}`}`
  const where = at.path === '' ? 'Go value' : `Go struct field ${at.struct}.${at.path}`
  return new Misfit(at.path, `json: cannot unmarshal ${what} into ${where} of type ${goType}`)
}

/** A field that does not exist. */
export function unknownField(name: string, at?: Place): Misfit {
  if (at?.spelling === 'config') {
    const path = at.path === '' ? name : `${at.path}.${name}`
    return new Misfit(path, `invalid config key ${path}`)
  }
  const reason = `json: unknown field ${JSON.stringify(name)}`
  return new Misfit(
    name,
    name === 'Namespace' ? `${reason} - Namespaces are a Consul Enterprise feature` : reason,
  )
}

/** Any other fault of a value: in a file its key stands in front. */
export function fault(at: Place, reason: string): Misfit {
  return new Misfit(at.path, at.spelling === 'config' ? `${at.path}: ${reason}` : reason)
}

function kindOf(value: Json): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  return typeof value === 'boolean' ? 'bool' : typeof value
}

function wordsOf(goType: string): string {
  if (goType === 'bool') return 'true or false'
  if (goType === 'int' || goType === 'uint') return 'a whole number'
  if (goType === 'duration') return 'a duration in quotes, such as "10s"'
  if (goType.startsWith('map[')) return 'an object, in { and }'
  if (goType.startsWith('[]') || listTypes.has(goType)) return 'a list, in [ and ]'
  return goType.startsWith('structs.') && !textTypes.has(goType)
    ? 'an object, in { and }'
    : 'a text in quotes'
}

const listTypes: ReadonlySet<string> = new Set(['structs.CheckTypes', 'structs.Upstreams'])
const textTypes: ReadonlySet<string> = new Set(['structs.ServiceKind', 'structs.MeshGatewayMode'])

function found(value: Json): string {
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' && value !== null ? 'an object' : JSON.stringify(value)
}
