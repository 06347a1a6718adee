// Short ways to write commands in tests of the state store.
import type { CheckInfo, CheckStatus, NodeInfo, ServiceInfo } from '../../../src/model/catalog.ts'
import type { Command, KvCommand, RegisterCommand, SessionCommand } from '../../../src/model/command.ts'
import type { SessionInfo } from '../../../src/model/session.ts'
import type { Applied, State } from '../../../src/state/state.ts'

/** A node with an address, and an ID if one is given. */
export function node(name: string, over: Partial<NodeInfo> = {}): NodeInfo {
  return { id: '', name, address: '10.0.0.1', datacenter: 'dc1', taggedAddresses: {}, meta: {}, ...over }
}

/** A service whose ID is its name. */
export function service(name: string, over: Partial<ServiceInfo> = {}): ServiceInfo {
  return {
    id: name,
    service: name,
    kind: '',
    tags: [],
    address: '',
    port: 80,
    socketPath: '',
    taggedAddresses: {},
    meta: {},
    weights: { passing: 1, warning: 1 },
    enableTagOverride: false,
    proxy: null,
    connect: null,
    ...over,
  }
}

/** A check of a node, or of a service with `serviceId`. */
export function check(checkId: string, status: CheckStatus, over: Partial<CheckInfo> = {}): CheckInfo {
  return {
    node: '',
    checkId,
    name: checkId,
    status,
    notes: '',
    output: '',
    serviceId: '',
    serviceName: '',
    serviceTags: [],
    type: '',
    definition: {},
    ...over,
  }
}

/** A registration of a node with what is given. */
export function register(of: NodeInfo, over: Partial<RegisterCommand> = {}): RegisterCommand {
  return { kind: 'register', node: of, service: null, checks: [], skipNodeUpdate: false, ...over }
}

/** Sets a key to text. */
export function set(key: string, value: string, flags = 0n): KvCommand {
  return { kind: 'kvSet', key, value: bytesOf(value), flags, ttlMs: 0 }
}

/** ASCII text as bytes. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

/** A session of a node without checks, delay or TTL. */
export function session(id: string, over: Partial<SessionInfo> = {}): SessionCommand {
  return {
    kind: 'sessionCreate',
    session: {
      id,
      name: '',
      node: 'n1',
      lockDelayNanos: 0,
      behavior: 'release',
      ttl: '',
      ttlMs: 0,
      nodeChecks: [],
      serviceChecks: [],
      ...over,
    },
  }
}

/** Locks a key and writes text. */
export function acquire(key: string, of: string, value = ''): KvCommand {
  return { kind: 'kvAcquire', key, value: bytesOf(value), flags: 0n, ttlMs: 0, session: of }
}

/** Unlocks a key and writes text. */
export function release(key: string, of: string, value = ''): KvCommand {
  return { kind: 'kvRelease', key, value: bytesOf(value), flags: 0n, ttlMs: 0, session: of }
}

/** Applies commands one after the other, at the next places of the log; returns what the last one did. */
export function applyAll(state: State, ...commands: readonly Command[]): Applied {
  return applyAt(state, 0, ...commands)
}

/** The same at a time. */
export function applyAt(state: State, wallMs: number, ...commands: readonly Command[]): Applied {
  let last: Applied = { result: { kind: 'done' }, changed: [], sessions: [] }
  for (const command of commands) last = state.apply(state.lastLogIndex + 1, command, { wallMs })
  return last
}
