// Members and catalog readers for the agent's unit tests.
import type { CatalogReader } from '../../../src/agent/reconcile.ts'
import type { Logger } from '../../../src/agent/log.ts'
import type { Member } from '../../../src/gossip/events.ts'
import type { Command } from '../../../src/model/command.ts'
import { createState, type State } from '../../../src/state/state.ts'

/** A member of dc1; `role` decides whether it is a server. */
export function member(
  name: string,
  change: Partial<Member> & { readonly role?: 'consul' | 'node' } = {},
): Member {
  const { role = 'node', ...rest } = change
  const tags = new Map([
    ['dc', 'dc1'],
    ['role', role],
    ...(role === 'consul' ? [['port', '8300'] as const, ['build', '1.2.3:abc'] as const] : []),
  ])
  return {
    name,
    id: `id-${name}`,
    address: { ip: '10.0.0.1', port: 8301 },
    tags,
    status: 'alive',
    incarnation: 1,
    versionMin: 1,
    versionMax: 1,
    ...rest,
  }
}

/** A state with some commands applied. */
export function stateOf(commands: readonly Command[]): State {
  const state = createState()
  for (const [at, command] of commands.entries()) state.apply(at + 1, command)
  return state
}

/** The catalog of a state. */
export function readerOf(state: State): CatalogReader {
  return {
    nodes: () => state.query({ kind: 'nodes', nodeMeta: {} }).value as ReturnType<CatalogReader['nodes']>,
    node: (node) => state.query({ kind: 'node', node }).value as ReturnType<CatalogReader['node']>,
    checks: (node) => state.query({ kind: 'healthNode', node }).value as ReturnType<CatalogReader['checks']>,
  }
}

const ignore = (): void => undefined

/** A logger that says nothing. */
export const silent: Logger = {
  trace: ignore,
  debug: ignore,
  info: ignore,
  warn: ignore,
  error: ignore,
  named: () => silent,
}
