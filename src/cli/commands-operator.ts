// The operator part of the command table.
import type { FlagSpec } from '../config/flags.ts'
import type { CommandSpec, GroupSpec } from './command.ts'
import { formatFlag } from './common-flags.ts'

const anyArguments = { min: 0, max: Infinity }

const autopilotFlags: readonly FlagSpec[] = [
  {
    name: 'cleanup-dead-servers',
    kind: 'bool',
    doc: 'Takes failed servers out of the Raft configuration while the others are a majority.',
  },
  {
    name: 'disable-upgrade-migration',
    kind: 'bool',
    doc: 'Kept without effect: servers of mixed versions work together.',
  },
  {
    name: 'last-contact-threshold',
    kind: 'duration',
    placeholder: 'duration',
    doc: 'A server is unhealthy after so long without a word from the leader.',
  },
  {
    name: 'max-trailing-logs',
    kind: 'uint',
    placeholder: 'number',
    doc: 'A server is unhealthy when it is so many entries behind.',
  },
  {
    name: 'min-quorum',
    kind: 'uint',
    placeholder: 'number',
    doc: 'Failed servers are only taken out while at least so many voters are left.',
  },
  {
    name: 'redundancy-zone-tag',
    kind: 'string',
    doc: "Key of the nodes' metadata that names their zone: one server of each zone votes.",
  },
  {
    name: 'server-stabilization-time',
    kind: 'duration',
    placeholder: 'duration',
    doc: 'A new server votes after it has been healthy for so long.',
  },
  {
    name: 'upgrade-version-tag',
    kind: 'string',
    doc: 'Kept without effect: servers of mixed versions work together.',
  },
]

const autopilotCommands: readonly (CommandSpec | GroupSpec)[] = [
  {
    kind: 'group',
    name: 'operator autopilot',
    summary: 'Shows and changes how the servers look after themselves',
    about: [
      'Shows and changes how the leader looks after the servers: when one counts as healthy, when a new one votes, when a failed one is taken out.',
    ],
  },
  {
    kind: 'command',
    name: 'operator autopilot get-config',
    summary: 'Shows the settings of autopilot',
    usage: '[options]',
    about: ['Shows the settings of autopilot.'],
    flags: [formatFlag],
    http: 'query',
    positional: anyArguments,
    json: 'the settings, as /v1/operator/autopilot/configuration answers.',
    load: async () => (await import('./commands/autopilot.ts')).getAutopilotConfig,
  },
  {
    kind: 'command',
    name: 'operator autopilot set-config',
    summary: 'Changes settings of autopilot',
    usage: '[options]',
    about: ['Changes those settings of autopilot that flags name. The others stay as they are.'],
    examples: [
      {
        what: 'Five servers, of which at least three are to stay:',
        line: '%p operator autopilot set-config -min-quorum=3',
      },
      {
        what: "One voter in each zone that the nodes' metadata names:",
        line: '%p operator autopilot set-config -redundancy-zone-tag=zone',
      },
    ],
    flags: [...autopilotFlags, formatFlag],
    http: 'query',
    positional: anyArguments,
    json: 'Updated.',
    load: async () => (await import('./commands/autopilot.ts')).setAutopilotConfig,
  },
  {
    kind: 'command',
    name: 'operator autopilot state',
    summary: 'Shows the servers as autopilot sees them',
    usage: '[options]',
    about: [
      'Shows the health of each server, who votes, and how many failures the cluster bears: at once, and one after the other with time to promote a spare.',
    ],
    flags: [formatFlag],
    http: 'query',
    positional: anyArguments,
    json: 'the state, as /v1/operator/autopilot/state answers.',
    load: async () => (await import('./commands/autopilot.ts')).showAutopilotState,
  },
]

const raftCommands: readonly (CommandSpec | GroupSpec)[] = [
  {
    kind: 'group',
    name: 'operator raft',
    summary: 'Shows and changes the servers that hold the replicated state',
    about: ['Shows and changes the servers that hold the replicated state.'],
  },
  {
    kind: 'command',
    name: 'operator raft list-peers',
    summary: 'Lists the servers of the Raft configuration',
    usage: '[options]',
    about: ['Lists the servers of the Raft configuration, and how far each is behind the leader.'],
    flags: [formatFlag],
    http: 'query',
    positional: anyArguments,
    json: 'a list of servers: Servers of /v1/operator/raft/configuration.',
    load: async () => (await import('./commands/operator.ts')).listPeers,
  },
  {
    kind: 'command',
    name: 'operator raft remove-peer',
    summary: 'Takes a server out of the Raft configuration',
    usage: '[options]',
    about: [
      'Takes a server out of the Raft configuration that is gone for good. If it is still among the members, force-leave does the same and more.',
      'Refused if those that are left could not decide anything without servers that are down. A server that is alive is taken in again after a minute.',
    ],
    examples: [{ what: 'A server by its ID:', line: '%p operator raft remove-peer -id=6ee6ba0c-…' }],
    flags: [
      formatFlag,
      { name: 'address', kind: 'string', placeholder: 'ip:port', doc: 'Address of the server.' },
      {
        name: 'force',
        kind: 'bool',
        doc: 'Even if the servers that are left could not decide anything without those that are down.',
      },
      { name: 'id', kind: 'string', doc: 'ID of the server.' },
    ],
    http: 'query',
    positional: anyArguments,
    json: 'Address or ID, and Removed.',
    load: async () => (await import('./commands/operator.ts')).removePeer,
  },
  {
    kind: 'command',
    name: 'operator raft transfer-leader',
    summary: 'Hands the leadership to another server',
    usage: '[options]',
    about: ['Hands the leadership to another server, without a pause that anybody would notice.'],
    flags: [
      formatFlag,
      { name: 'id', kind: 'string', doc: 'ID of the server. By default the one with the longest log.' },
    ],
    http: 'query',
    positional: { min: 0, max: 0, many: 'Too many arguments: the server to lead is named with -id' },
    json: 'Success.',
    load: async () => (await import('./commands/operator.ts')).transferLeader,
  },
]

const recoverCommand: CommandSpec = {
  kind: 'command',
  name: 'operator recover',
  summary: 'Shows the way back after the loss of a majority of the servers',
  usage: '[options]',
  about: [
    'Looks at the data directory of a server that is stopped, and tells step by step what to do when a majority of the servers is gone for ever. Nothing is changed without -yes.',
    'With -yes this server is the only one that votes from its next start on, with all data that its log holds. Choose the server whose last entry has the highest term, and among those the highest index; remove the data directories of all others.',
  ],
  examples: [
    { what: 'What is there, and what to do:', line: '%p operator recover -data-dir=/var/lib/proconsul' },
    { what: 'Do it:', line: '%p operator recover -data-dir=/var/lib/proconsul -yes' },
  ],
  flags: [
    {
      name: 'address',
      kind: 'string',
      placeholder: 'ip:port',
      doc: "Address of this server's RPC port, if it has changed. By default the one in its configuration.",
    },
    { name: 'data-dir', kind: 'string', placeholder: 'path', doc: 'Data directory of the server.' },
    formatFlag,
    { name: 'plan', kind: 'bool', doc: 'Only shows what is there and what to do. This is the default.' },
    { name: 'yes', kind: 'bool', doc: 'Writes raft/peers.json, which is applied at the next start.' },
  ],
  http: 'none',
  positional: { min: 0, max: 1 },
  json: 'DataDir, ID, LastTerm, LastIndex, CurrentTerm, SnapshotIndex, ConfigurationIndex, Servers (ID, Address, Voter), HasPeersFile, Damaged, and Written, a path or null.',
  load: async () => (await import('./commands/recover.ts')).recover,
}

const usageCommands: readonly (CommandSpec | GroupSpec)[] = [
  {
    kind: 'group',
    name: 'operator usage',
    summary: 'Shows what the catalog holds',
    about: ['Shows what the catalog holds.'],
  },
  {
    kind: 'command',
    name: 'operator usage instances',
    summary: 'Counts nodes, services and their instances',
    usage: '[options]',
    about: ['Counts nodes, services and their instances.'],
    flags: [
      { name: 'all-datacenters', kind: 'bool', doc: 'Counts in all datacenters.' },
      { name: 'billable', kind: 'bool', doc: 'Only instances of services that are no part of a mesh.' },
      { name: 'connect', kind: 'bool', doc: 'Only instances that are part of a mesh.' },
      formatFlag,
    ],
    http: 'query',
    positional: anyArguments,
    json: 'the counts, as /v1/operator/usage answers.',
    load: async () => (await import('./commands/usage.ts')).usageInstances,
  },
]

/** `operator` and its subcommands. */
export const operatorCommands: readonly (CommandSpec | GroupSpec)[] = [
  {
    kind: 'group',
    name: 'operator',
    summary: 'Tools for operators of a cluster',
    about: ['Tools that look into the machinery of a cluster. Requests are passed on to the leader.'],
  },
  ...autopilotCommands,
  ...raftCommands,
  recoverCommand,
  ...usageCommands,
]
