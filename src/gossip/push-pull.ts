// The full exchange of state (memberlist's push/pull; not in SWIM): what we say, whom we refuse, how it is merged.
import type { Address } from '../model/address.ts'
import {
  checkDatacenter,
  checkMember,
  checkName,
  checkRename,
  nameConflict,
  type Refusal,
} from './admission.ts'
import type { Core } from './core.ts'
import type { Intents } from './intents.ts'
import type { UserEvents } from './user-events.ts'
import { isLive } from './members.ts'
import type { MemberState, PushPull } from './message.ts'
import type { News, Origin } from './news.ts'

/** The parts that a merge changes. */
export interface MergeParts {
  readonly core: Core
  readonly news: News
  readonly intents: Intents
  readonly userEvents: UserEvents
}

/** All that we know, for a peer; to one who joins alone events mean nothing. */
export function describeState(
  { core, userEvents }: MergeParts,
  isJoin: boolean,
  hasEvents: boolean = true,
): PushPull {
  const members: MemberState[] = []
  for (const record of core.members.values()) {
    const { update, liveness, intentTime, isLeaving } = record
    members.push({ update, status: liveness, intentTime, isLeaving })
  }
  const { name, datacenter } = core.config
  return {
    kind: 'pushPull',
    from: name,
    join: isJoin,
    datacenter,
    lamportTime: core.lamportTime,
    members,
    eventTime: userEvents.time,
    events: hasEvents ? userEvents.recent() : [],
  }
}

/** Why a peer's state must not be merged, or null: it is not one of us, or takes a name or id that is in use. */
export function checkPeer(core: Core, state: PushPull): Refusal | null {
  const wrongDatacenter = checkDatacenter(core.config, state.from, state.datacenter)
  if (wrongDatacenter !== null) return wrongDatacenter
  for (const { update, status } of state.members) {
    const refusal = update.name === state.from ? checkSender(core, update) : null
    if (refusal !== null) return refusal
    const isNamesake = update.name === core.config.name && update.id !== core.config.id
    if (isNamesake && (status === 'alive' || status === 'suspect'))
      return nameConflict(core.self.update, update)
  }
  return null
}

function checkSender(core: Core, update: MemberState['update']): Refusal | null {
  const refusal = checkMember(core.config, update)
  if (refusal !== null) return refusal
  const holder = core.members.get(update.name)
  if (holder !== undefined && holder.update.id !== update.id) {
    return checkName(core.config, holder, update, core.nowMs)
  }
  const sameId = core.members.withId(update.id)
  return sameId === undefined || sameId === holder ? null : checkRename(sameId, update)
}

/**
 * Takes in all that a peer knows; the caller has checked the peer.
 *
 * A member that the peer holds for dead is only suspected here, so that it can still refute (memberlist). Members
 * that were gone before we came are learned only from the answer to our own join: later such news could be of
 * members that have been forgotten on purpose.
 *
 * @param isFirst true for the answer to our join
 */
export function mergeState(parts: MergeParts, state: PushPull, from: Address, isFirst: boolean): void {
  parts.core.witnessLamportTime(state.lamportTime)
  // Whoever joins alone hears of what is fired from now on (serf's join without replay).
  if (isFirst && parts.core.members.liveCount === 1) parts.userEvents.skip(state.eventTime)
  for (const event of state.events) parts.userEvents.onEvent(event, from)
  // Whoever was alone brings nothing that the peer has not told the others already.
  const isPassedOn = !(isFirst && parts.core.members.liveCount === 1)
  const origin: Origin = { from, isPassedOn }
  for (const member of state.members) {
    if (member.update.name === parts.core.config.name) mergeSelf(parts, member, origin)
    else mergeMember(parts, member, state.from, { origin, isFirst })
  }
}

function mergeSelf(parts: MergeParts, member: MemberState, origin: Origin): void {
  const { self } = parts.core
  const { update, status } = member
  if (update.id === self.update.id) parts.news.onAlive(update, origin)
  if (status !== 'alive' && update.incarnation >= self.incarnation) parts.news.refute(update.incarnation)
  mergeIntent(parts, member, origin)
}

function mergeMember(
  parts: MergeParts,
  member: MemberState,
  peer: string,
  how: { readonly origin: Origin; readonly isFirst: boolean },
): void {
  const { update, status } = member
  const { name, incarnation } = update
  if (status === 'alive' || status === 'suspect') parts.news.onAlive(update, how.origin)
  const known = parts.core.members.get(name)
  if (known === undefined) {
    if (how.isFirst && (status === 'dead' || status === 'left'))
      parts.news.addGone(update, status, how.origin)
  } else if (known.update.id !== update.id) return
  else if (status === 'left') {
    parts.news.onDead({ kind: 'dead', name, incarnation, from: peer, left: true }, how.origin)
  } else if (status === 'suspect' || (status === 'dead' && isLive(known))) {
    parts.news.onSuspect({ kind: 'suspect', name, incarnation, from: peer }, how.origin)
  }
  mergeIntent(parts, member, how.origin)
}

/** Intents out of a full exchange are not passed on: whoever lacks them has exchanges too. */
function mergeIntent(parts: MergeParts, member: MemberState, origin: Origin): void {
  const { intentTime, isLeaving, update } = member
  if (intentTime === 0 || parts.core.members.get(update.name) === undefined) return
  const kind = isLeaving ? 'leaveIntent' : 'joinIntent'
  parts.intents.onIntent(
    { kind, name: update.name, lamportTime: intentTime, prune: false },
    origin.from,
    false,
  )
}
