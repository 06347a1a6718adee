// The body of `POST /v1/watch`: what to watch, and from where on. Read strictly: a typo must not watch nothing.
import type { Json, JsonObject } from '../../model/catalog.ts'
import { crc32c } from '../../lib/crc32c.ts'
import { limits } from '../../model/limits.ts'
import type { Query } from '../../model/query.ts'
import { isObject } from '../../definition/decode.ts'
import { Refusal } from '../errors.ts'
import { parseJson } from '../json-parse.ts'
import { type Position, parseToken } from './token.ts'

/** One thing to watch. */
export type WatchSpec =
  | { readonly type: 'kv'; readonly key: string }
  | { readonly type: 'kvPrefix'; readonly prefix: string }
  | {
      readonly type: 'service'
      readonly service: string
      readonly passing: boolean
      readonly tags: readonly string[]
    }
  | { readonly type: 'services' }
  | { readonly type: 'nodes' }
  | { readonly type: 'checks'; readonly state: string }
  /** User events that this agent hears of; '' for every name. */
  | { readonly type: 'event'; readonly name: string }

/** One that a question is behind: user events are heard of without. */
export type ReadWatch = Exclude<WatchSpec, { readonly type: 'event' }>

/** A request for a stream. */
export interface StreamRequest {
  readonly watches: readonly WatchSpec[]
  /** Tells lists of watches apart. */
  readonly list: string
  /** Where to go on; null: from the beginning. */
  readonly resume: Position | null
}

/** The question behind a watch, for what came after `since`. */
export function queryOf(spec: ReadWatch, since: number): Query {
  switch (spec.type) {
    case 'kv':
      return { kind: 'kvChanges', key: spec.key, isPrefix: false, since }
    case 'kvPrefix':
      return { kind: 'kvChanges', key: spec.prefix, isPrefix: true, since }
    case 'service': {
      const { service, passing, tags } = spec
      return { kind: 'healthService', service, passing, tags, nodeMeta: {}, near: '', connect: false }
    }
    case 'services':
      return { kind: 'services', nodeMeta: {} }
    case 'nodes':
      return { kind: 'nodes', nodeMeta: {}, near: '' }
    case 'checks':
      return { kind: 'healthState', state: spec.state, nodeMeta: {}, near: '' }
    default:
      return spec satisfies never
  }
}

/** Reads a body. Throws Refusal (400) with a sentence. */
export function parseStreamRequest(body: string): StreamRequest {
  const value = parseJson(body)
  if (!isObject(value)) throw refuse('The body must be an object with a list of watches')
  refuseOthers(value, ['watches', 'resume'], 'the body')
  const { watches: given, resume } = value
  if (!Array.isArray(given) || given.length === 0)
    throw refuse('"watches" must be a list with at least one watch')
  if (given.length > limits.watchesPerStreamMax) {
    throw refuse(
      `"watches" has ${given.length} watches; one stream carries ${limits.watchesPerStreamMax} at most`,
    )
  }
  const watches = given.map(watchOf)
  const list = listName(watches)
  return { watches, list, resume: positionOf(resume, watches, list) }
}

function refuse(sentence: string): Refusal {
  return new Refusal(400, `Bad request: ${sentence}`)
}

function refuseOthers(value: JsonObject, known: readonly string[], where: string): void {
  for (const name of Object.keys(value)) {
    if (!known.includes(name)) throw refuse(`Unknown field ${JSON.stringify(name)} in ${where}`)
  }
}

function positionOf(resume: Json | undefined, watches: readonly WatchSpec[], list: string): Position | null {
  if (resume === undefined || resume === null || resume === '') return null
  const token = typeof resume === 'string' ? parseToken(resume) : null
  if (token === null) throw refuse('"resume" is no token of a stream')
  if (token.list !== list || token.indexes.length !== watches.length) {
    throw refuse('"resume" is a token of another list of watches; leave it out to begin anew')
  }
  return token
}

/** The same for the same list of watches. */
function listName(watches: readonly WatchSpec[]): string {
  return crc32c(new TextEncoder().encode(JSON.stringify(watches)))
    .toString(16)
    .padStart(8, '0')
}

const checkStates = ['any', 'passing', 'warning', 'critical']

function watchOf(value: Json, number: number): WatchSpec {
  const where = `watch ${number}`
  if (!isObject(value)) throw refuse(`The ${where} must be an object with a type`)
  const type = value['type']
  const fields = typeof type === 'string' ? fieldsByType.get(type) : undefined
  if (fields === undefined) {
    throw refuse(`The ${where} must have one of the types ${[...fieldsByType.keys()].join(', ')}`)
  }
  refuseOthers(value, ['type', ...fields], where)
  const read = new FieldReader(value, where)
  switch (type) {
    case 'kv':
      return { type: 'kv', key: read.text('key') }
    case 'kvPrefix':
      return { type: 'kvPrefix', prefix: read.text('prefix', '') }
    case 'service':
      return {
        type: 'service',
        service: read.text('service'),
        passing: read.flag('passing'),
        tags: read.texts('tags'),
      }
    case 'services':
      return { type: 'services' }
    case 'nodes':
      return { type: 'nodes' }
    case 'event':
      return { type: 'event', name: read.text('name', '') }
    default:
      return { type: 'checks', state: read.oneOf('state', checkStates) }
  }
}

const fieldsByType: ReadonlyMap<string, readonly string[]> = new Map<string, readonly string[]>([
  ['kv', ['key']],
  ['kvPrefix', ['prefix']],
  ['service', ['service', 'passing', 'tags']],
  ['services', []],
  ['nodes', []],
  ['checks', ['state']],
  ['event', ['name']],
])

/** Reads the fields of one watch. */
class FieldReader {
  readonly #value: JsonObject
  readonly #where: string

  constructor(value: JsonObject, where: string) {
    this.#value = value
    this.#where = where
  }

  /** Text that must not be empty, unless `absent` says what it is then. */
  text(name: string, absent?: string): string {
    const value = this.#value[name] ?? absent
    const isText = typeof value === 'string' && (value !== '' || absent !== undefined)
    if (!isText)
      throw refuse(
        `"${name}" of ${this.#where} must be a text${absent === undefined ? ' that is not empty' : ''}`,
      )
    return value
  }

  flag(name: string): boolean {
    const value = this.#value[name] ?? false
    if (typeof value !== 'boolean') throw refuse(`"${name}" of ${this.#where} must be true or false`)
    return value
  }

  texts(name: string): readonly string[] {
    const value = this.#value[name] ?? []
    const isTexts = Array.isArray(value) && value.every((each) => typeof each === 'string')
    if (!isTexts) throw refuse(`"${name}" of ${this.#where} must be a list of texts`)
    return value as readonly string[]
  }

  oneOf(name: string, allowed: readonly string[]): string {
    const value = this.#value[name] ?? allowed[0]
    if (typeof value !== 'string' || !allowed.includes(value)) {
      throw refuse(`"${name}" of ${this.#where} must be one of ${allowed.join(', ')}`)
    }
    return value
  }
}
