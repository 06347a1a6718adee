// What autopilot wants changed in the Raft configuration: whom to promote, to demote, to remove. Looking only.
import { formatAddress } from '../model/address.ts'
import type { ServerChange } from '../raft/events.ts'
import type { Configuration, ServerEntry } from '../raft/message.ts'
import type { ServerInfo } from './servers.ts'

/** What the leader knows of one server of the configuration. */
export interface ServerStanding {
  /** It answers Raft, in this term: it counts for the quorum. */
  readonly isLive: boolean
  /** Gossip says that it has failed, or has not known it for long. */
  readonly hasFailed: boolean
  /** How long Raft has not heard of it. */
  readonly silentMs: number
  /** How long it has been healthy without a break; null if it is not. */
  readonly healthyMs: number | null
  /** What gossip knows of it; null if nothing. */
  readonly server: ServerInfo | null
  /** Its redundancy zone, '' if it has none or zones are not used. */
  readonly zone: string
  /** It voted before this leader took it out: it has come back. */
  readonly isReturning: boolean
}

/** Autopilot's settings, as far as they decide here. */
export interface AutopilotRules {
  readonly cleanupDeadServers: boolean
  readonly minQuorum: number
  /** A learner is promoted after it has been healthy for so long. */
  readonly stabilizationMs: number
}

/** What is looked at. */
export interface AutopilotLook {
  readonly selfId: string
  readonly rules: AutopilotRules
  readonly standing: (id: string) => ServerStanding
}

/** Gossip may be wrong about a server that Raft has just heard. */
const silentMsMin = 5000
/** A failed server whose removal gains nothing keeps its seat for so long: long enough for a restart. */
const graceMs = 30_000
/** Zones never leave fewer voters than this. */
const zoneVotersMin = 3

/** Voters that a majority of `voters` takes. */
export function majorityOf(voters: number): number {
  return Math.floor(voters / 2) + 1
}

/** The next change that autopilot wants, or null. Those that add a live voter come first. */
export function nextAutopilotChange(configuration: Configuration, look: AutopilotLook): ServerChange | null {
  return promotion(configuration, look) ?? demotion(configuration, look) ?? cleanup(configuration, look)
}

/**
 * True if the voters that live are still a majority of the voters when this server is none any more. A server that
 * is no voter can always go.
 */
export function keepsQuorum(
  configuration: Configuration,
  id: string,
  isLive: (id: string) => boolean,
): boolean {
  const voters = votersOf(configuration)
  if (!voters.some((voter) => voter.id === id)) return true
  const others = voters.filter((voter) => voter.id !== id)
  return others.filter((voter) => isLive(voter.id)).length >= majorityOf(others.length)
}

/** The servers that vote. */
export function votersOf(configuration: Configuration): readonly ServerEntry[] {
  return configuration.servers.filter((server) => server.suffrage === 'voter')
}

function promotion(configuration: Configuration, look: AutopilotLook): ServerChange | null {
  const zones = new Set<string>()
  for (const { id } of votersOf(configuration)) {
    const { zone, hasFailed, isLive } = look.standing(id)
    if (zone !== '' && (isLive || !hasFailed)) zones.add(zone)
  }
  const voters = votersOf(configuration).length
  const ready = configuration.servers.find((entry) => {
    const standing = look.standing(entry.id)
    if (entry.suffrage === 'voter' || !mayVote(entry, standing)) return false
    if (zones.has(standing.zone) && voters >= zoneVotersMin) return false
    return standing.healthyMs !== null && standing.healthyMs >= probationMs(standing, voters, look.rules)
  })
  return ready === undefined ? null : { kind: 'promote', id: ready.id }
}

function mayVote(entry: ServerEntry, { server }: ServerStanding): boolean {
  return server !== null && !server.isReadReplica && formatAddress(server.rpc) === entry.address
}

/**
 * How long a learner must have been healthy. One that comes back need not wait while the number of voters is even: a
 * majority is no larger with one more, so that it can only help, and the next one may be about to restart.
 */
function probationMs({ isReturning }: ServerStanding, voters: number, rules: AutopilotRules): number {
  return isReturning && voters % 2 === 0 ? 0 : rules.stabilizationMs
}

function demotion(configuration: Configuration, look: AutopilotLook): ServerChange | null {
  const isLive = (id: string): boolean => look.standing(id).isLive
  const voters = votersOf(configuration)
  const replica = voters.find(({ id }) => look.standing(id).server?.isReadReplica === true)
  const surplus = voters.length > zoneVotersMin ? zoneSurplus(voters, look) : undefined
  for (const each of [replica, surplus]) {
    if (each !== undefined && voters.length > 1 && keepsQuorum(configuration, each.id, isLive))
      return { kind: 'demote', id: each.id }
  }
  return null
}

/** The voter that its zone can best do without: of those with another voter in it, the least healthy. */
function zoneSurplus(voters: readonly ServerEntry[], look: AutopilotLook): ServerEntry | undefined {
  const byZone = Map.groupBy(voters, ({ id }) => look.standing(id).zone)
  byZone.delete('')
  const surplus = [...byZone.values()].filter((ofZone) => ofZone.length > 1).flat()
  const worth = ({ id }: ServerEntry): number => {
    const { isLive, healthyMs } = look.standing(id)
    return (id === look.selfId ? 4 : 0) + (isLive ? 2 : 0) + (healthyMs === null ? 0 : 1)
  }
  return surplus.toSorted((a, b) => worth(a) - worth(b) || (a.id < b.id ? 1 : -1))[0]
}

/**
 * A failed server to remove. Learners count for nothing and go. Voters go only while they are a minority, enough
 * others are left, and those that live are a majority of them. If the others would then tolerate no failure more than
 * before, the server keeps its seat a while: it may only be restarting, and its return would help.
 */
function cleanup(configuration: Configuration, look: AutopilotLook): ServerChange | null {
  const { rules, selfId } = look
  if (!rules.cleanupDeadServers) return null
  const dead = configuration.servers.filter(({ id }) => {
    const { hasFailed, isLive, silentMs } = look.standing(id)
    return id !== selfId && hasFailed && !isLive && silentMs >= silentMsMin
  })
  const learner = dead.find((server) => server.suffrage === 'learner')
  if (learner !== undefined) return { kind: 'remove', id: learner.id }
  const voters = votersOf(configuration).length
  const isMinority = dead.length <= Math.floor((voters - 1) / 2)
  const candidate = dead.toSorted(
    (a, b) => look.standing(b.id).silentMs - look.standing(a.id).silentMs || (a.id < b.id ? -1 : 1),
  )[0]
  if (candidate === undefined || !isMinority || voters - dead.length < rules.minQuorum) return null
  if (!keepsQuorum(configuration, candidate.id, (id) => look.standing(id).isLive)) return null
  const gains = majorityOf(voters) > majorityOf(voters - dead.length)
  const mayGo = gains || look.standing(candidate.id).silentMs >= graceMs
  return mayGo ? { kind: 'remove', id: candidate.id } : null
}
