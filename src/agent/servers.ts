// The servers we know of, by datacenter, as gossip tells; and which one to ask next.
import type { Member } from '../gossip/events.ts'
import type { Random } from '../lib/random.ts'
import type { Address } from '../model/address.ts'

/** A server as its tags describe it. */
export interface ServerInfo {
  readonly id: string
  /** Node name, without the datacenter that WAN names carry. */
  readonly name: string
  readonly datacenter: string
  /** Where it takes RPC. */
  readonly rpc: Address
  readonly status: Member['status']
  readonly version: string
  /** `bootstrap=1`: it elects itself. */
  readonly isBootstrap: boolean
  /** `expect=N`, or 0. */
  readonly expect: number
  /** `read_replica=1` or `nonvoter=1`: it is never to vote. */
  readonly isReadReplica: boolean
  /** The newest behaviour of the state that it knows (state/behaviour.ts); 0 in the first release. */
  readonly behaviour: number
  /** Port of its WAN pool, from the LAN tags; 0 if it has none. */
  readonly wanPort: number
  /** Where its gossip is bound: the address that others are to join. */
  readonly gossip: Address
}

/** Reads a member's tags; null if it is no server or its tags are broken. */
export function serverOf(member: Member): ServerInfo | null {
  const tag = (name: string): string => member.tags.get(name) ?? ''
  const datacenter = tag('dc')
  const port = Number(tag('port'))
  if (tag('role') !== 'consul' || datacenter === '' || !(port >= 1 && port <= 65_535)) return null
  const suffix = `.${datacenter}`
  return {
    id: member.id,
    name: member.name.endsWith(suffix) ? member.name.slice(0, -suffix.length) : member.name,
    datacenter,
    rpc: { ip: member.address.ip, port },
    status: member.status,
    version: tag('build').replace(/:.*/, ''),
    isBootstrap: tag('bootstrap') === '1',
    expect: Number(tag('expect')) || 0,
    isReadReplica: tag('read_replica') === '1' || tag('nonvoter') === '1',
    behaviour: Number(tag('behaviour')) || 0,
    wanPort: Number(tag('wan_join_port')) || 0,
    gossip: member.address,
  }
}

/** The servers of one pool, with the order in which to ask them. */
export interface ServerDirectory {
  /** Takes in what gossip says of a member. */
  onMember(event: string, member: Member): void
  all(): readonly ServerInfo[]
  byId(id: string): ServerInfo | undefined
  /** Datacenters with at least one server that has not left, sorted. */
  datacenters(): readonly string[]
  /** Servers of a datacenter that may be asked, the preferred one first; those that leave and those that failed last. */
  candidates(datacenter: string, nowMs: number): readonly ServerInfo[]
  /** This server did not answer: ask it last from now on. */
  demote(server: ServerInfo): void
}

/** Whom to ask first: a server that is leaving has no leader any more, one that has failed may still be there. */
const ranks: readonly Member['status'][] = ['alive', 'leaving', 'failed']

/** Requests move to another server about this often, so that load spreads again after changes. */
const rebalanceMs = 150_000

/** Makes an empty directory. */
export function createServerDirectory(random: Random): ServerDirectory {
  const serverByMember = new Map<string, ServerInfo>()
  /** Ids in order of preference, by datacenter. */
  const orderByDatacenter = new Map<string, string[]>()
  let shuffleAtMs = 0

  const forget = (name: string): void => {
    const known = serverByMember.get(name)
    if (known === undefined) return
    serverByMember.delete(name)
    const order = orderByDatacenter.get(known.datacenter)?.filter((id) => id !== known.id) ?? []
    if (order.length === 0) orderByDatacenter.delete(known.datacenter)
    else orderByDatacenter.set(known.datacenter, order)
  }
  const remember = (name: string, server: ServerInfo): void => {
    const known = serverByMember.get(name)
    if (known !== undefined && (known.id !== server.id || known.datacenter !== server.datacenter))
      forget(name)
    serverByMember.set(name, server)
    const order = orderByDatacenter.get(server.datacenter) ?? []
    if (!order.includes(server.id)) order.splice(random.below(order.length + 1), 0, server.id)
    orderByDatacenter.set(server.datacenter, order)
  }
  const byId = (id: string): ServerInfo | undefined => {
    for (const server of serverByMember.values()) if (server.id === id) return server
    return undefined
  }
  return {
    onMember(event, member) {
      const server = serverOf(member)
      if (server === null || event === 'reaped' || member.status === 'left') forget(member.name)
      else remember(member.name, server)
    },
    all: () => [...serverByMember.values()],
    byId,
    datacenters: () => [...orderByDatacenter.keys()].toSorted(),
    candidates(datacenter, nowMs) {
      if (nowMs >= shuffleAtMs) {
        for (const order of orderByDatacenter.values()) random.shuffle(order)
        shuffleAtMs = nowMs + rebalanceMs + random.below(rebalanceMs / 3)
      }
      const order = orderByDatacenter.get(datacenter) ?? []
      const known = order.map(byId).filter((server) => server !== undefined)
      return ranks.flatMap((status) => known.filter((server) => server.status === status))
    },
    demote(server) {
      const order = orderByDatacenter.get(server.datacenter)
      const at = order?.indexOf(server.id) ?? -1
      if (order === undefined || at < 0) return
      order.splice(at, 1)
      order.push(server.id)
    },
  }
}
