// The part of the command table about a running agent and its members.
import type { CommandSpec } from './command.ts'
import { formatFlag } from './common-flags.ts'

/** Commands about a running agent and the members that it knows of. */
export const clusterCommands: readonly CommandSpec[] = [
  {
    kind: 'command',
    name: 'force-leave',
    summary: 'Makes the cluster take a failed member for one that left',
    usage: '[options] name',
    about: [
      'Puts a member into the state "left". For members that failed and will not come back: without it, the others go on trying to reach them for 72 hours. A member that is alive after all joins again.',
    ],
    examples: [{ what: 'A node that is gone for good:', line: '%p force-leave agent-two' }],
    flags: [
      formatFlag,
      { name: 'prune', kind: 'bool', doc: 'Also removes the member from the list of members.' },
      { name: 'wan', kind: 'bool', doc: 'Acts on the WAN pool alone.' },
    ],
    http: 'agent',
    positional: {
      min: 1,
      max: 1,
      missing: 'A single node name must be specified to force leave.',
      many: 'A single node name must be specified to force leave.',
      showsHelp: true,
    },
    json: 'Node and Pruned.',
    load: async () => (await import('./commands/cluster.ts')).forceLeave,
  },
  {
    kind: 'command',
    name: 'info',
    summary: 'Shows figures of an agent for its operator',
    usage: '[options]',
    about: ['Shows what an agent counts and knows of itself, by section.'],
    flags: [formatFlag],
    http: 'agent',
    positional: { min: 0, max: Infinity },
    json: 'an object of sections, each an object of texts: Stats of /v1/agent/self.',
    load: async () => (await import('./commands/info.ts')).info,
  },
  {
    kind: 'command',
    name: 'join',
    summary: 'Makes an agent join a cluster',
    usage: '[options] address ...',
    about: [
      'Tells a running agent to join a cluster. The address of one member is enough; the agent learns of the others from it.',
    ],
    examples: [
      { what: 'The cluster of the agent at this address:', line: '%p join 172.20.20.11' },
      { what: 'The servers of another datacenter:', line: '%p join -wan 172.20.30.10' },
    ],
    flags: [
      formatFlag,
      { name: 'wan', kind: 'bool', doc: 'Joins the WAN pool, which connects the servers of datacenters.' },
    ],
    http: 'agent',
    positional: {
      min: 1,
      max: Infinity,
      missing: 'At least one address to join must be specified.',
      showsHelp: true,
    },
    json: 'Joined and Failed, lists of the addresses that were given.',
    load: async () => (await import('./commands/cluster.ts')).join,
  },
  {
    kind: 'command',
    name: 'leave',
    summary: 'Makes an agent leave its cluster and stop',
    usage: '[options]',
    about: [
      'Tells an agent to leave its cluster gracefully and to stop.',
      'Refused for a server without which the others could not decide anything, because some of them are down. The only server of a cluster may always leave.',
    ],
    flags: [
      formatFlag,
      { name: 'force', kind: 'bool', doc: 'Even if the other servers could not decide anything afterwards.' },
    ],
    http: 'agent',
    positional: { min: 0, max: 0, many: 'Too many arguments: leave takes none' },
    json: 'Left.',
    load: async () => (await import('./commands/cluster.ts')).leave,
  },
  {
    kind: 'command',
    name: 'members',
    summary: 'Lists the members of a cluster',
    usage: '[options]',
    about: ['Lists the members that an agent knows of.'],
    examples: [
      { what: 'With all tags:', line: '%p members -detailed' },
      { what: 'The servers of all datacenters:', line: '%p members -wan' },
      { what: 'Only those that failed or left:', line: "%p members -status='failed|left'" },
    ],
    flags: [
      { name: 'detailed', kind: 'bool', doc: 'Shows all tags of each member.' },
      {
        name: 'filter',
        kind: 'string',
        placeholder: 'expression',
        doc: 'Only members of which this is true, such as Tags["dc"] == dc2.',
      },
      formatFlag,
      {
        name: 'segment',
        kind: 'string',
        doc: 'Only members of this network segment; there are none but _all.',
      },
      {
        name: 'status',
        kind: 'string',
        placeholder: 'pattern',
        doc: 'Only members whose status matches this regular expression: alive, leaving, left, failed.',
      },
      { name: 'wan', kind: 'bool', doc: 'Lists the WAN pool: the servers of all datacenters.' },
    ],
    http: 'agent',
    positional: { min: 0, max: Infinity },
    json: 'a list of members, as /v1/agent/members answers.',
    load: async () => (await import('./commands/members.ts')).members,
  },
  {
    kind: 'command',
    name: 'monitor',
    summary: 'Shows the log of an agent as it is written',
    usage: '[options]',
    about: [
      "Shows an agent's log as it is written, at a level of its own: an agent that logs from INFO on can be watched at DEBUG.",
    ],
    flags: [
      { name: 'log-json', kind: 'bool', doc: 'Shows log lines as JSON.' },
      {
        name: 'log-level',
        kind: 'string',
        placeholder: 'trace|debug|info|warn|error',
        doc: 'Least level that is shown. By default INFO.',
      },
    ],
    http: 'agent',
    positional: { min: 0, max: Infinity },
    load: async () => (await import('./commands/monitor.ts')).monitor,
  },
  {
    kind: 'command',
    name: 'reload',
    summary: 'Makes an agent read its configuration again',
    usage: '[options]',
    about: ['Tells an agent to read its configuration again, as SIGHUP does.'],
    flags: [formatFlag],
    http: 'agent',
    positional: { min: 0, max: Infinity },
    json: 'Reloaded.',
    load: async () => (await import('./commands/cluster.ts')).reload,
  },
]
