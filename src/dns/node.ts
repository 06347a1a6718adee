// Nodes: `NAME.node[.DC].ZONE`, and `NAME.DC.node.ZONE`.
import { ok, type Result } from '../lib/result.ts'
import type { CatalogNode } from '../model/catalog.ts'
import type { RequestError } from '../model/errors.ts'
import { addressRecord, familiesOf, isHostName, isTranslated, nodeAddress, trimDot } from './addresses.ts'
import { resolveHost } from './chain.ts'
import { answered, type Lookup, nameError, readError, readFrom } from './lookup.ts'
import { type Answer, type Reply, type Rr, rrType } from './types.ts'

interface FoundNode {
  readonly node: CatalogNode
  /** '' for our own. */
  readonly datacenter: string
}

/** Answers a question about a node. */
export async function lookUpNode(
  lookup: Lookup,
  target: { readonly labels: readonly string[]; readonly datacenter: string },
): Promise<Reply> {
  const datacenter = readFrom(lookup, target.datacenter)
  if (datacenter === undefined) return nameError(lookup)
  const found = await find(lookup, target.labels, datacenter, target.datacenter === '')
  if (!found.ok) return readError(lookup, found.error)
  return found.value ? nodeReply(lookup, found.value) : nameError(lookup)
}

/**
 * Finds the node. A name that exists with all its dots wins; else the last label may be a datacenter, which is the form
 * of the founding documents (`agent-two.dc1.node.consul`).
 */
async function find(
  lookup: Lookup,
  labels: readonly string[],
  datacenter: string,
  mayEndInDatacenter: boolean,
): Promise<Result<FoundNode | null, RequestError>> {
  const { view } = lookup
  const whole = await view.read({ kind: 'node', node: labels.join('.') }, datacenter)
  if (!whole.ok) return whole
  if (whole.value) return ok({ node: whole.value.node, datacenter })
  const from = mayEndInDatacenter && labels.length > 1 ? readFrom(lookup, labels.at(-1) ?? '') : undefined
  if (from === undefined) return ok(null)
  const inner = await view.read({ kind: 'node', node: labels.slice(0, -1).join('.') }, from)
  if (!inner.ok) return inner
  return ok(inner.value && { node: inner.value.node, datacenter: from })
}

async function nodeReply(lookup: Lookup, found: FoundNode): Promise<Reply> {
  const { node, datacenter } = found
  const { name, type, config } = lookup
  const ttl = config.nodeTtlSeconds
  const isWan = isTranslated(lookup, datacenter)
  const texts = (): readonly Rr[] => textRecords(node, name, ttl)
  const host = nodeAddress(node, 0, isWan)
  if (isHostName(host)) return answered(lookup, await hostAnswers(lookup, host, ttl))
  if (type === rrType.TXT) return answered(lookup, texts().map(plain))
  const addresses = familiesOf(type)
    .map((family) => nodeAddress(node, family, isWan))
    .filter((ip) => ip !== '')
    .map((ip) => addressRecord(name, ttl, ip))
  if (type === rrType.ANY) return answered(lookup, [...addresses, ...texts()].map(plain))
  const extra = config.nodeMetaTxt ? texts() : []
  return answered(
    lookup,
    addresses.map((record) => ({ record, extra })),
  )
}

/** A CNAME to a host name, with what the name leads to. */
export async function hostAnswers(lookup: Lookup, host: string, ttl: number): Promise<readonly Answer[]> {
  const target = trimDot(host)
  const chain = await resolveHost(lookup, target)
  return [{ type: rrType.CNAME, name: lookup.name, ttl, target } as const, ...chain].map(plain)
}

/** A node's meta data as text records: `key=value` by RFC 1464, the bare value of keys that begin with `rfc1035-`. */
export function textRecords(node: CatalogNode, name: string, ttl: number): readonly Rr[] {
  return Object.keys(node.meta)
    .sort()
    .map((key) => {
      const value = node.meta[key] ?? ''
      const text = key.toLowerCase().startsWith('rfc1035-') ? value : `${encodeKey(key)}=${value}`
      return { type: rrType.TXT, name, ttl, text }
    })
}

/** RFC 1464: a backquote before `=`, backquotes, and blanks at either end. */
function encodeKey(key: string): string {
  const escaped = key.replace(/[`=]/g, '`$&')
  return escaped.replace(/^[ \t]+|[ \t]+$/g, (blanks) => blanks.replace(/[ \t]/g, '`$&'))
}

/** An answer that nothing goes along with. */
export function plain(record: Rr): Answer {
  return { record, extra: [] }
}
