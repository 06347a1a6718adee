// Raft's messages as bytes. Followers that keep up are sent the same entries: those are encoded once.
import { encodeRaftMessage } from '../codec/raft-codec.ts'
import type { AppendEntries, RaftMessage } from '../raft/message.ts'

/** Encodes the messages of one server. */
export class RaftEncoder {
  #last: { readonly message: AppendEntries; readonly bytes: Uint8Array } | null = null

  encode(message: RaftMessage): Uint8Array {
    if (message.kind !== 'appendEntries' || message.entries.length === 0) return encodeRaftMessage(message)
    const last = this.#last
    if (last !== null && isSameAppend(last.message, message)) return last.bytes
    const bytes = encodeRaftMessage(message)
    this.#last = { message, bytes }
    return bytes
  }
}

function isSameAppend(a: AppendEntries, b: AppendEntries): boolean {
  return (
    a.term === b.term &&
    a.prevIndex === b.prevIndex &&
    a.prevTerm === b.prevTerm &&
    a.commitIndex === b.commitIndex &&
    a.readRound === b.readRound &&
    a.echo === b.echo &&
    a.entries.length === b.entries.length
  )
}
