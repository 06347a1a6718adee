// The part of the command table about all nodes at once: `event`, `exec` and `rtt`.
import type { FlagSpec } from '../config/flags.ts'
import type { CommandSpec } from './command.ts'
import { formatFlag } from './common-flags.ts'

const filterFlags: readonly FlagSpec[] = [
  {
    name: 'node',
    kind: 'string',
    placeholder: 'regex',
    doc: 'Only nodes of which the name matches.',
  },
  {
    name: 'service',
    kind: 'string',
    placeholder: 'regex',
    doc: 'Only nodes with a service of which the name matches.',
  },
  {
    name: 'tag',
    kind: 'string',
    placeholder: 'regex',
    doc: 'Only nodes with such a service that has a tag that matches. Needs -service.',
  },
]

/** Commands that reach all nodes. */
export const execCommands: readonly CommandSpec[] = [
  {
    kind: 'command',
    name: 'event',
    summary: 'Fires an event that all agents hear of',
    usage: '[options] [payload]',
    about: [
      'Fires an event. All agents of the datacenter hear of it by gossip within moments, or those that the filters are about; `watch -type=event` acts on it there. The ID of the event is printed.',
      'Name, payload and filters together may have some 400 bytes. An event is heard of once at most, in no order, and not by agents that join later.',
    ],
    examples: [
      { what: 'Tell all web nodes to deploy:', line: '%p event -name=deploy -service=web 1609030' },
      { what: 'What one node has heard of:', line: '%p watch -type=event -name=deploy' },
    ],
    flags: [formatFlag, { name: 'name', kind: 'string', doc: 'Name of the event. Needed.' }, ...filterFlags],
    http: 'query',
    positional: { min: 0, max: 1, many: 'Too many command line arguments.', showsHelp: true },
    json: 'the event, as /v1/event/fire/:name answers: ID, Name, Payload, the filters, Version, LTime.',
    load: async () => (await import('./commands/event.ts')).event,
  },
  {
    kind: 'command',
    name: 'exec',
    summary: 'Runs a command on many nodes',
    usage: '[options] [-|command...]',
    about: [
      'Runs a command on all nodes of the datacenter, or on those that the filters are about, and prints what it writes there. With - the command is a script, read from standard input. Agents take part only if their configuration has disable_remote_exec=false.',
      'The command is kept under a prefix of the key/value store, with a session that ends with this program; an event tells the agents. When nothing was heard of for -wait, the program ends. Exits with 2 if the command failed somewhere.',
    ],
    examples: [
      { what: 'How long the nodes have been up:', line: '%p exec uptime' },
      { what: 'A script on all web nodes:', line: '%p exec -service=web - < check.sh' },
    ],
    flags: [
      formatFlag,
      ...filterFlags,
      {
        name: 'prefix',
        kind: 'string',
        doc: 'Prefix of the key/value store for the command and its output. By default _rexec.',
      },
      {
        name: 'shell',
        kind: 'bool',
        doc: 'Runs the command by /bin/sh. By default true; with -shell=false its words are run as they are.',
      },
      { name: 'verbose', kind: 'bool', doc: 'Says what is done, and which nodes take part.' },
      {
        name: 'wait',
        kind: 'duration',
        placeholder: 'duration',
        doc: 'Ends when nothing was heard of for so long. By default 2s.',
      },
      {
        name: 'wait-repl',
        kind: 'duration',
        placeholder: 'duration',
        doc: 'Lets the servers copy the command for so long before the agents are told. By default 200ms.',
      },
    ],
    http: 'query',
    positional: { min: 0, max: Infinity },
    json: 'one document in each line, as things happen: Node with Output (text) or ExitCode, at the end NodesCompleted and NodesAcknowledged; with -verbose also Node with Acknowledged, and Note.',
    load: async () => (await import('./commands/exec.ts')).exec,
  },
  {
    kind: 'command',
    name: 'rtt',
    summary: 'Estimates the round-trip time between two nodes',
    usage: '[options] node1 [node2]',
    about: [
      "Estimates the round-trip time between two nodes from their network coordinates; nothing is measured now. Without a second node it is the agent's own.",
      'With -wan the nodes are servers of any datacenters, each as name.datacenter. Coordinates of the two pools cannot be compared with each other.',
    ],
    examples: [
      { what: 'Between two nodes:', line: '%p rtt n1 n2' },
      { what: 'Between two datacenters:', line: '%p rtt -wan n1.dc1 n1.dc2' },
    ],
    flags: [formatFlag, { name: 'wan', kind: 'bool', doc: 'Compares servers in the WAN pool.' }],
    http: 'query',
    positional: {
      min: 1,
      max: 2,
      missing: 'One or two node names must be specified',
      many: 'One or two node names must be specified',
      showsHelp: true,
    },
    json: 'Nodes (two names), Pool (LAN or WAN) and RoundTripMs.',
    load: async () => (await import('./commands/rtt.ts')).rtt,
  },
]
