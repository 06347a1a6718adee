// A view over the real state store, filled from short entries; and questions as packets.
import dnsPacket, { type Answer, type DecodedPacket, type RecordType } from 'dns-packet'

import { type Answerer, createAnswerer } from '../../../src/dns/answer.ts'
import type { DnsConfig } from '../../../src/model/dns-config.ts'
import type { DnsView } from '../../../src/dns/view.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import { err, ok } from '../../../src/lib/result.ts'
import type { Address } from '../../../src/model/address.ts'
import type { RegisterCommand } from '../../../src/model/command.ts'
import type { Query } from '../../../src/model/query.ts'
import { createState, type State } from '../../../src/state/state.ts'
import type { Entry } from '../../parity/dns/setup.ts'

/** The settings of an agent without configuration, with the TC bit on. */
export const defaults: DnsConfig = {
  domain: 'consul.',
  altDomain: '',
  nodeName: 'server-1',
  allowStale: true,
  nodeTtlSeconds: 0,
  serviceTtlSeconds: {},
  enableTruncate: true,
  onlyPassing: false,
  disableCompression: false,
  udpAnswerLimit: 3,
  aRecordLimit: 0,
  nodeMetaTxt: true,
  soa: { refresh: 3600, retry: 600, expire: 86_400, minTtl: 0 },
  recursors: [],
  recursorTimeoutMs: 2000,
  recursorStrategy: 'sequential',
  translateWanAddrs: false,
}

/** The command that registers an entry. */
function commandOf(entry: Entry, datacenter: string, isKnown: boolean): RegisterCommand {
  const { node: name, address, taggedAddresses = {}, meta = {} } = entry
  return {
    kind: 'register',
    skipNodeUpdate: isKnown,
    node: { id: '', name, address, datacenter, taggedAddresses, meta },
    service: serviceOf(entry),
    checks: checksOf(entry),
  }
}

function serviceIdOf(entry: Entry): string {
  return entry.service?.id ?? entry.service?.name ?? ''
}

function serviceOf(entry: Entry): RegisterCommand['service'] {
  if (!entry.service) return null
  return {
    id: serviceIdOf(entry),
    service: entry.service.name,
    kind: '',
    tags: [],
    address: '',
    port: 0,
    socketPath: '',
    taggedAddresses: {},
    meta: {},
    weights: { passing: 1, warning: 1 },
    enableTagOverride: false,
    proxy: null,
    connect: null,
    ...entry.service,
  }
}

function checksOf(entry: Entry): RegisterCommand['checks'] {
  const { node, check } = entry
  if (!check) return []
  return [
    {
      node,
      checkId: check.id,
      name: check.id,
      status: check.status,
      notes: '',
      output: '',
      serviceId: serviceIdOf(entry),
      serviceName: entry.service?.name ?? '',
      serviceTags: [],
      type: '',
      definition: {},
    },
  ]
}

/** A state that holds the entries. */
export function stateOf(entries: readonly Entry[], datacenter = 'dc1'): State {
  const state = createState()
  const known = new Set<string>()
  for (const [i, entry] of entries.entries()) {
    state.apply(i + 1, commandOf(entry, datacenter, known.has(entry.node)), { wallMs: 0 })
    known.add(entry.node)
  }
  return state
}

/** Registers one entry more, at the next index. */
export function addTo(state: State, entry: Entry): void {
  state.apply(state.lastIndex + 1, commandOf(entry, 'dc1', false), { wallMs: 0 })
}

/** A view of datacenter `dc1` and others by name. */
export function viewOf(states: Readonly<Record<string, State>>, parts: Partial<DnsView> = {}): DnsView {
  return {
    datacenter: 'dc1',
    read: (query, datacenter) => {
      const state = states[datacenter === '' ? 'dc1' : datacenter]
      if (state) return Promise.resolve(ok(state.query(query).value))
      return Promise.resolve(err({ code: 'noPathToDatacenter', message: 'No path to datacenter' }))
    },
    // Nothing is held: what is asked is looked up, except where a test is about that.
    readNow: () => null,
    version: () => null,
    runPrepared: () => Promise.resolve(ok(null)),
    isDatacenter: (name) => Object.hasOwn(states, name),
    recurse: () => Promise.resolve(undefined),
    nowSeconds: () => 1_700_000_000,
    ...parts,
  }
}

/** A question as bytes. */
export function questionPacket(name: string, type: string, edns?: number): Uint8Array {
  const opt = {
    type: 'OPT' as const,
    name: '.' as const,
    udpPayloadSize: edns ?? 0,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  } satisfies Answer
  const packet = dnsPacket.encode({
    type: 'query',
    id: 4711,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ name, type: type as RecordType }],
    additionals: edns === undefined ? [] : [opt],
  })
  return new Uint8Array(packet)
}

/** Asks raw bytes. */
export type AskRaw = (packet: Uint8Array, transport?: 'udp' | 'tcp') => Promise<Uint8Array | null>

/** Who asks. */
export const client: Address = { ip: '127.0.0.1', port: 5353 }

/**
 * A view of `dc1` that answers at once, as on a server: the same value as long as nothing has changed. It counts how
 * often it was asked.
 */
export function holdingView(
  state: State,
  parts: Partial<DnsView> = {},
): DnsView & { readonly reads: () => number } {
  let reads = 0
  const values = new Map<string, { readonly index: number; readonly value: unknown }>()
  const readNow = (query: Query): { readonly value: unknown } => {
    reads++
    const key = JSON.stringify(query)
    const { index, value } = state.query(query)
    const kept = values.get(key)
    if (kept?.index === index) return kept
    values.set(key, { index, value })
    return { value }
  }
  const view = viewOf({ dc1: state }, { version: () => state.lastIndex, ...parts })
  return { ...view, readNow: parts.readNow ?? (readNow as DnsView['readNow']), reads: () => reads }
}

/** The answering side over a view. */
export function answererOf(view: DnsView, config: Partial<DnsConfig> = {}): Answerer {
  return createAnswerer({ view, config: { ...defaults, ...config }, random: seededRandom(7) })
}

/** Something to ask, over a view. */
export function asking(view: DnsView, config: Partial<DnsConfig> = {}): AskRaw {
  const answerer = answererOf(view, config)
  return (packet, transport = 'udp') => answerer.ask(packet, transport, client)
}

/** Decodes with an implementation that is not ours. */
export function decode(
  bytes: Uint8Array | null,
): DecodedPacket & { readonly rcode: string; readonly opcode: string } {
  if (bytes === null) throw new Error('no reply')
  // The declared type lacks what the package does give.
  return dnsPacket.decode(Buffer.from(bytes)) as ReturnType<typeof decode>
}
