// What a name asks for. Pure text: nothing is looked up here.
import { rrType } from './types.ts'

/** A lookup that a name stands for. `datacenter` is '' when the name gives none. */
export type Target =
  /** `name` may contain dots; `labels` are its parts. */
  | { readonly kind: 'node'; readonly labels: readonly string[]; readonly datacenter: string }
  | {
      readonly kind: 'service'
      readonly service: string
      readonly tag: string
      readonly datacenter: string
      /** Instead: what stands for the service in a mesh. */
      readonly isConnect: boolean
    }
  /** `name` may be an id, and may contain dots. */
  | { readonly kind: 'prepared'; readonly name: string; readonly datacenter: string }
  | { readonly kind: 'address'; readonly hex: string }
  /** Nothing in our zone has such a name. */
  | { readonly kind: 'nothing' }

/**
 * The labels that say what kind of name it is. Gateways and virtual addresses are a matter of the mesh, which gives none
 * here: such names stand for nothing.
 */
const kinds: ReadonlySet<string> = new Set([
  'service',
  'node',
  'addr',
  'connect',
  'ingress',
  'query',
  'virtual',
  'api-gateway',
])

const nothing = { kind: 'nothing' } as const

/** The labels of `labels` before a zone (`consul`, `dc.example`), or undefined when the name lies outside of it. */
export function labelsInZone(
  labels: readonly string[],
  zone: readonly string[],
): readonly string[] | undefined {
  const left = labels.length - zone.length
  if (left < 0 || zone.some((label, i) => labels[left + i] !== label)) return undefined
  return labels.slice(0, left)
}

/**
 * Finds what a name in our zone asks for.
 *
 * @param labels in lower case, without the zone's own
 * @param type   question type: for SRV the label `service` may be left out behind `_service._tag`
 */
export function parseTarget(labels: readonly string[], type: number): Target {
  for (let i = labels.length - 1; i >= 0; i--) {
    const label = labels[i] ?? ''
    if (kinds.has(label)) {
      const datacenter = parseDatacenter(labels.slice(i + 1))
      return datacenter === undefined ? nothing : parseKind(label, labels.slice(0, i), datacenter)
    }
    if (type === rrType.SRV && label.startsWith('_')) {
      const datacenter = parseDatacenter(labels.slice(i + 1))
      return datacenter === undefined ? nothing : parseService(labels.slice(0, i + 1), datacenter)
    }
  }
  return nothing
}

/** None, `dc1`, or `dc1.dc`; undefined for anything longer. */
function parseDatacenter(suffixes: readonly string[]): string | undefined {
  if (suffixes.length === 0) return ''
  const isNamed = suffixes.length === 2 && suffixes[1] === 'dc'
  return suffixes.length === 1 || isNamed ? suffixes[0] : undefined
}

function parseKind(kind: string, left: readonly string[], datacenter: string): Target {
  if (left.length === 0) return nothing
  switch (kind) {
    case 'node':
      return { kind: 'node', labels: left, datacenter }
    case 'service':
      return parseService(left, datacenter)
    case 'connect':
      return { kind: 'service', service: left.at(-1) ?? '', tag: '', datacenter, isConnect: true }
    case 'query':
      return { kind: 'prepared', name: parseQuery(left), datacenter }
    case 'addr':
      return left.length === 1 ? { kind: 'address', hex: left[0] ?? '' } : nothing
    default:
      return nothing
  }
}

/** `name`, which may have dots, or `_name._tcp`. */
function parseQuery(left: readonly string[]): string {
  const [first = '', second = ''] = left
  const isRfc2782 = left.length === 2 && first.startsWith('_') && second.startsWith('_')
  return isRfc2782 ? first.slice(1) : left.join('.')
}

/** `[tag.]service`, or RFC 2782's `_service._tag` in which `_tcp` stands for any. */
function parseService(left: readonly string[], datacenter: string): Target {
  const [first = '', second = ''] = left
  if (left.length === 2 && first.startsWith('_') && second.startsWith('_')) {
    const tag = second.slice(1)
    const named = { service: first.slice(1), tag: tag === 'tcp' ? '' : tag }
    return { kind: 'service', ...named, datacenter, isConnect: false }
  }
  const named = { service: left.at(-1) ?? '', tag: left.slice(0, -1).join('.') }
  return { kind: 'service', ...named, datacenter, isConnect: false }
}
