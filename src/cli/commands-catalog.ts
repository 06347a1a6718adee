// The catalog part of the command table.
import type { CommandSpec, GroupSpec } from './command.ts'
import { formatFlag, nodeMetaFlag } from './common-flags.ts'

/** `catalog` and its subcommands. */
export const catalogCommands: readonly (CommandSpec | GroupSpec)[] = [
  {
    kind: 'group',
    name: 'catalog',
    summary: 'Shows what the catalog knows',
    about: ['Shows the nodes, services and datacenters that the servers know of.'],
    examples: [
      { what: 'All datacenters:', line: '%p catalog datacenters' },
      { what: 'All nodes:', line: '%p catalog nodes' },
      { what: 'All services:', line: '%p catalog services' },
    ],
  },
  {
    kind: 'command',
    name: 'catalog datacenters',
    summary: 'Lists the known datacenters',
    usage: '[options]',
    about: ['Lists the known datacenters, the nearest first.'],
    examples: [{ what: 'All datacenters:', line: '%p catalog datacenters' }],
    flags: [formatFlag],
    http: 'query',
    json: 'a list of names.',
    load: async () => (await import('./commands/catalog.ts')).datacenters,
  },
  {
    kind: 'command',
    name: 'catalog nodes',
    summary: 'Lists the nodes of a datacenter',
    usage: '[options]',
    about: ["Lists the nodes of a datacenter, by default of the agent's own."],
    examples: [
      { what: 'All nodes:', line: '%p catalog nodes' },
      { what: 'With ids in full, tagged addresses and metadata:', line: '%p catalog nodes -detailed' },
      { what: 'Only nodes that run a service:', line: '%p catalog nodes -service=web' },
    ],
    flags: [
      { name: 'detailed', kind: 'bool', doc: 'Also shows tagged addresses and metadata, and ids in full.' },
      {
        name: 'filter',
        kind: 'string',
        placeholder: 'expression',
        doc: 'Only nodes for which this is true.',
      },
      formatFlag,
      {
        name: 'near',
        kind: 'string',
        placeholder: 'node',
        values: ['_agent'],
        doc: 'Sorts by round-trip time from this node; _agent is the agent that is asked.',
      },
      nodeMetaFlag,
      { name: 'service', kind: 'string', placeholder: 'name', doc: 'Only nodes that run this service.' },
    ],
    http: 'query',
    json: 'a list of nodes, as /v1/catalog/nodes answers.',
    load: async () => (await import('./commands/catalog.ts')).nodes,
  },
  {
    kind: 'command',
    name: 'catalog services',
    summary: 'Lists the services of a datacenter',
    usage: '[options]',
    about: ["Lists the names of the services of a datacenter, by default of the agent's own."],
    examples: [
      { what: 'All services:', line: '%p catalog services' },
      { what: 'With their tags:', line: '%p catalog services -tags' },
      { what: 'Only services of one node:', line: '%p catalog services -node=agent-two' },
    ],
    flags: [
      formatFlag,
      { name: 'node', kind: 'string', placeholder: 'node', doc: 'Only services of this node.' },
      nodeMetaFlag,
      { name: 'tags', kind: 'bool', doc: 'Shows the tags of each service.' },
    ],
    http: 'query',
    json: 'an object: the tags of each service by its name.',
    load: async () => (await import('./commands/catalog.ts')).services,
  },
]
