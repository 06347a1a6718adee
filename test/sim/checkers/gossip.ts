// Gossip seen from outside the agents: whose incarnation was raised by whom, who was given up, how large packets are.
import type { GossipEffect } from '../../../src/gossip/events.ts'
import type { MemberState, PacketMessage } from '../../../src/gossip/message.ts'

/** The checker of one pool in one run. Methods throw. */
export class GossipChecker {
  readonly #packetBytesMax: number
  /** Highest incarnation that each member has claimed itself. */
  readonly #claimed = new Map<string, number>()
  /** Members that may not be declared failed, and why. */
  readonly #protected = new Map<string, string>()

  constructor(packetBytesMax: number) {
    this.#packetBytesMax = packetBytesMax
  }

  onDatagram(bytes: number): void {
    if (bytes > this.#packetBytesMax)
      throw new Error(`packetSize: ${bytes} bytes, the limit is ${this.#packetBytesMax}`)
  }

  /** From now on nobody may declare this member failed. */
  protect(name: string, reason: string): void {
    this.#protected.set(name, reason)
  }

  unprotect(name: string): void {
    this.#protected.delete(name)
  }

  onEffect(node: string, effect: GossipEffect): void {
    switch (effect.kind) {
      case 'send':
        for (const message of effect.messages) this.#onMessage(node, message)
        return
      case 'exchange':
        if (effect.request.kind === 'pushPull') this.#onMembers(node, effect.request.members)
        return
      case 'answer':
        if (effect.reply.kind === 'pushPull') this.#onMembers(node, effect.reply.members)
        return
      case 'memberChanged': {
        const { event, member } = effect
        const reason = this.#protected.get(member.name)
        if (event === 'failed' && reason !== undefined) {
          throw new Error(`falseFailure: ${node} declares ${member.name} failed, ${reason}`)
        }
        return
      }
      default:
    }
  }

  #onMembers(node: string, members: readonly MemberState[]): void {
    for (const { update } of members) this.#onIncarnation(node, update.name, update.incarnation)
  }

  #onMessage(node: string, message: PacketMessage): void {
    if (message.kind === 'alive' || message.kind === 'suspect' || message.kind === 'dead') {
      this.#onIncarnation(node, message.name, message.incarnation)
    }
  }

  /** SWIM 4.2: only the member itself raises its incarnation. */
  #onIncarnation(node: string, name: string, incarnation: number): void {
    const claimed = this.#claimed.get(name) ?? 0
    if (node === name) this.#claimed.set(name, Math.max(claimed, incarnation))
    else if (incarnation > claimed) {
      throw new Error(`incarnation: ${node} tells of ${name} at ${incarnation}, itself it claimed ${claimed}`)
    }
  }
}
