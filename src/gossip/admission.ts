// Who may be a member: sizes, wire versions, datacenter, role, and the rules for names and node ids.
// Total functions that say why not; nothing is changed here.
import { formatAddress } from '../model/address.ts'
import { wireVersions } from '../model/version.ts'
import type { GossipConfig } from './config.ts'
import type { GossipRejection } from './events.ts'
import { isLive, type MemberRecord } from './members.ts'
import type { AliveUpdate, Tags } from './message.ts'
import { tagsBytes, textBytes } from './size.ts'

/** Why a member is refused: a code for counters and a sentence for people. */
export interface Refusal {
  readonly reason: GossipRejection
  readonly detail: string
}

/** Words for a range of versions. */
function versionsText(min: number, max: number): string {
  return min === max ? `wire version ${min}` : `wire versions ${min} to ${max}`
}

/** What is wrong with a member on its own account, or null. */
export function checkMember(config: GossipConfig, update: AliveUpdate): Refusal | null {
  return checkSizes(config, update) ?? checkVersions(update) ?? checkPool(config, update.name, update.tags)
}

function checkSizes(config: GossipConfig, update: AliveUpdate): Refusal | null {
  const { nameBytesMax, tagsBytesMax } = config.limits
  if (textBytes(update.name) > nameBytesMax) {
    return { reason: 'tooLarge', detail: `A member name is longer than ${nameBytesMax} bytes` }
  }
  if (tagsBytes(update.tags) > tagsBytesMax) {
    return {
      reason: 'tooLarge',
      detail: `The tags of member '${update.name}' take more than ${tagsBytesMax} bytes`,
    }
  }
  return null
}

function checkVersions(update: AliveUpdate): Refusal | null {
  const { versionMin, versionMax } = update
  if (versionMin <= wireVersions.max && versionMax >= wireVersions.min) return null
  const theirs = versionsText(versionMin, versionMax)
  const ours = versionsText(wireVersions.min, wireVersions.max)
  return {
    reason: 'versionMismatch',
    detail: `Member '${update.name}' speaks ${theirs}, this agent speaks ${ours}`,
  }
}

/** LAN: our datacenter alone. WAN: servers alone. */
function checkPool(config: GossipConfig, name: string, tags: Tags): Refusal | null {
  if (config.pool === 'wan') {
    if (tags.get('role') === 'consul') return null
    return { reason: 'notAServer', detail: `Member '${name}' is not a server` }
  }
  return checkDatacenter(config, name, tags.get('dc') ?? config.datacenter)
}

/** What is wrong with a LAN member of this datacenter, or null. */
export function checkDatacenter(config: GossipConfig, name: string, datacenter: string): Refusal | null {
  if (config.pool === 'wan' || datacenter === config.datacenter) return null
  return { reason: 'wrongDatacenter', detail: `Member '${name}' part of wrong datacenter '${datacenter}'` }
}

/**
 * Whether another node may take over a name: from one that has left at once, from one that has failed after
 * `reclaimMs`, from a live one never.
 */
export function checkName(
  config: GossipConfig,
  holder: MemberRecord,
  update: AliveUpdate,
  nowMs: number,
): Refusal | null {
  if (holder.liveness === 'left') return null
  const isReclaimable = holder.liveness === 'dead' && nowMs - holder.changedMs >= config.timing.reclaimMs
  return isReclaimable ? null : nameConflict(holder.update, update)
}

/** The sentence for two nodes of one name. */
export function nameConflict(holder: AliveUpdate, claimant: AliveUpdate): Refusal {
  const held = `the one at ${formatAddress(holder.address)} (node ID ${holder.id})`
  const claimed = `the one at ${formatAddress(claimant.address)} (node ID ${claimant.id})`
  return {
    reason: 'nameConflict',
    detail: `Member name '${claimant.name}' is in use by ${held}; ${claimed} needs another`,
  }
}

/**
 * Whether a node may appear under a new name: when its old one is gone, or when it answers at the same address
 * under a higher incarnation, which is an agent that was restarted under a new name.
 */
export function checkRename(holder: MemberRecord, update: AliveUpdate): Refusal | null {
  if (!isLive(holder)) return null
  const { ip, port } = holder.update.address
  const isSamePlace = ip === update.address.ip && port === update.address.port
  if (isSamePlace && update.incarnation > holder.incarnation) return null
  const detail = `Member '${update.name}' has conflicting node ID '${update.id}' with member '${holder.name}'`
  return { reason: 'nameConflict', detail }
}

/** True if both say the same of a member, incarnation aside. */
export function isSameContent(a: AliveUpdate, b: AliveUpdate): boolean {
  if (a === b) return true
  return (
    a.id === b.id &&
    a.address.ip === b.address.ip &&
    a.address.port === b.address.port &&
    a.versionMin === b.versionMin &&
    a.versionMax === b.versionMax &&
    isSameTags(a.tags, b.tags)
  )
}

function isSameTags(a: Tags, b: Tags): boolean {
  if (a.size !== b.size) return false
  for (const [key, value] of a) if (b.get(key) !== value) return false
  return true
}
