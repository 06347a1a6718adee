// Short ways to write commands in tests of the state store.
import type { CheckInfo, CheckStatus, NodeInfo, ServiceInfo } from '../../../src/model/catalog.ts'
import type { Command, KvCommand, RegisterCommand } from '../../../src/model/command.ts'
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
  return { kind: 'kvSet', key, value: bytesOf(value), flags }
}

/** ASCII text as bytes. */
export function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0))
}

/** Applies commands one after the other, at the next indexes; returns what the last one did. */
export function applyAll(state: State, ...commands: readonly Command[]): Applied {
  let last: Applied = { result: { kind: 'done' }, changed: [] }
  for (const command of commands) last = state.apply(state.lastIndex + 1, command)
  return last
}
