// Which servers belong into the Raft configuration: the next change that the pool asks for. Looking only. What becomes
// of failed servers, and who votes, is autopilot's business (autopilot-changes.ts).
import type { Member } from '../gossip/events.ts'
import { formatAddress } from '../model/address.ts'
import type { ServerChange } from '../raft/events.ts'
import type { Configuration, ServerEntry } from '../raft/message.ts'
import { serverOf, type ServerInfo } from './servers.ts'

/** What is compared. */
export interface ServerMirrorOptions {
  readonly selfId: string
  readonly datacenter: string
  readonly members: () => Iterable<Member>
  /** True for a server that must not be taken in now: it is leaving, or it is of another cluster. */
  readonly isAvoided: (id: string) => boolean
}

/** The next change that the pool asks for, or null when there is none. Removals come first. */
export function nextServerChange(
  configuration: Configuration,
  options: ServerMirrorOptions,
): ServerChange | null {
  const memberById = new Map<string, Member>()
  for (const member of options.members()) memberById.set(member.id, member)
  const alive = aliveServers(memberById, options.datacenter)
  for (const entry of configuration.servers) {
    if (entry.id !== options.selfId && mustGo(entry, memberById.get(entry.id), alive)) {
      return { kind: 'remove', id: entry.id }
    }
  }
  const known = new Map(configuration.servers.map((server) => [server.id, server]))
  for (const server of alive) {
    const change = changeOf(server, known.get(server.id), options)
    if (change !== null) return change
  }
  return null
}

function aliveServers(memberById: ReadonlyMap<string, Member>, datacenter: string): readonly ServerInfo[] {
  return [...memberById.values()]
    .filter((member) => member.status === 'alive')
    .map(serverOf)
    .filter((server) => server !== null)
    .filter((server) => server.datacenter === datacenter)
}

/** A server goes when it has left, is a client now, or has been replaced; one that has failed may come back. */
function mustGo(entry: ServerEntry, member: Member | undefined, alive: readonly ServerInfo[]): boolean {
  if (member !== undefined) {
    return member.status === 'left' || (member.status === 'alive' && serverOf(member) === null)
  }
  return alive.some((server) => formatAddress(server.rpc) === entry.address)
}

function changeOf(
  server: ServerInfo,
  entry: ServerEntry | undefined,
  options: ServerMirrorOptions,
): ServerChange | null {
  const { id } = server
  const address = formatAddress(server.rpc)
  if (entry === undefined) return options.isAvoided(id) ? null : { kind: 'addLearner', id, address }
  if (entry.address !== address) return { kind: 'setAddress', id, address }
  return null
}

/** What a server says of the cluster that it belongs to. */
export interface Allegiance {
  /** IDs in its Raft configuration; empty if it has none. */
  readonly servers: readonly string[]
  /** The name of its cluster; '' if it knows none. */
  readonly clusterId: string
}

/**
 * True if a server belongs to another cluster: one of another name, or, while one of the two has no name yet, it has a
 * configuration and none of our servers is in it. Taking it in would make one log of two that have nothing in common.
 */
export function isForeign(
  id: string,
  its: Allegiance,
  ours: { readonly configuration: Configuration; readonly clusterId: string },
): boolean {
  if (its.servers.length === 0) return false
  if (its.clusterId !== '' && ours.clusterId !== '') return its.clusterId !== ours.clusterId
  const others = its.servers.filter((other) => other !== id)
  return !others.some((other) => ours.configuration.servers.some((server) => server.id === other))
}
