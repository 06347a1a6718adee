// The states of a session and every edge between them. Nothing else makes a state.
//
//   (dialled)  connecting ── connected ──> handshaking ── greeted ──> open
//   (accepted)                             handshaking ── greeted ──> open
//   connecting, handshaking, open ── for a CloseReason ──> closed

import { assert } from '../lib/assert.ts'
import type { Address } from '../model/address.ts'
import type { CloseReason } from './failure.ts'
import type { Link } from './link.ts'

/** The other end of a session. */
export interface RpcPeer {
  readonly address: Address
  /** What it said of itself in the handshake; opaque here. */
  readonly hello: Uint8Array
  /** The wire version that is spoken. */
  readonly version: number
}

/** The connection is being made; messages are queued. */
export interface Connecting {
  readonly kind: 'connecting'
}

/** Connected; the greetings are not yet exchanged. */
export interface Handshaking {
  readonly kind: 'handshaking'
  readonly link: Link
  readonly deadlineMs: number
}

/** Messages flow. */
export interface Open {
  readonly kind: 'open'
  readonly link: Link
  readonly peer: RpcPeer
  /** When the ping went out that must be answered; Infinity if none did. */
  readonly pingSentMs: number
}

/** Over, for good. */
export interface Closed {
  readonly kind: 'closed'
  readonly reason: CloseReason
  readonly detail: string
}

/** Any state. */
export type SessionState = Connecting | Handshaking | Open | Closed

/** A dialled session begins. */
export function startConnecting(): Connecting {
  return { kind: 'connecting' }
}

/** An accepted session begins. */
export function startAccepted(link: Link, deadlineMs: number): Handshaking {
  return { kind: 'handshaking', link, deadlineMs }
}

/** The connection is made. */
export function connectingToHandshaking(state: SessionState, link: Link, deadlineMs: number): Handshaking {
  assert(state.kind === 'connecting', 'only a connecting session begins its handshake')
  return { kind: 'handshaking', link, deadlineMs }
}

/** Both have greeted and a version is agreed on. */
export function handshakingToOpen(state: SessionState, peer: RpcPeer): Open {
  assert(state.kind === 'handshaking', 'only a handshaking session opens')
  return { kind: 'open', link: state.link, peer, pingSentMs: Infinity }
}

/** A ping goes out, or its answer has come (`Infinity`). */
export function openToOpen(state: Open, pingSentMs: number): Open {
  return { ...state, pingSentMs }
}

/** The session ends. */
export function toClosed(state: SessionState, reason: CloseReason, detail: string): Closed {
  assert(state.kind !== 'closed', 'a session ends once')
  return { kind: 'closed', reason, detail }
}
