// The operator part of the command table.
import type { CommandSpec, GroupSpec } from './command.ts'
import { formatFlag } from './common-flags.ts'

/** `operator` and its subcommands. */
export const operatorCommands: readonly (CommandSpec | GroupSpec)[] = [
  {
    kind: 'group',
    name: 'operator',
    summary: 'Tools for operators of a cluster',
    about: ['Tools that look into the machinery of a cluster. Requests are passed on to the leader.'],
  },
  {
    kind: 'group',
    name: 'operator raft',
    summary: 'Shows the servers that hold the replicated state',
    about: ['Shows the servers that hold the replicated state.'],
  },
  {
    kind: 'command',
    name: 'operator raft list-peers',
    summary: 'Lists the servers of the Raft configuration',
    usage: '[options]',
    about: ['Lists the servers of the Raft configuration, and how far each is behind the leader.'],
    flags: [formatFlag],
    http: 'query',
    positional: { min: 0, max: Infinity },
    load: async () => (await import('./commands/operator.ts')).listPeers,
  },
]
