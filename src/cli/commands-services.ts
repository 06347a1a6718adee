// The commands for an agent's own services: `services …` and `maint`.
import type { CommandSpec, GroupSpec } from './command.ts'
import { formatFlag } from './common-flags.ts'

/** `services` with its subcommands, and `maint`. */
export const servicesCommands: readonly (CommandSpec | GroupSpec)[] = [
  {
    kind: 'group',
    name: 'services',
    summary: 'Registers, deregisters and exports services',
    about: [
      'Registers services with the agent that is asked, and deregisters them. What all agents have registered is shown by "%p catalog".',
      'Exports are kept for the whole cluster.',
    ],
    examples: [
      { what: 'The services that a file defines:', line: '%p services register web.json' },
      { what: 'One without a file:', line: '%p services register -name=web -port=80 -tag=v1' },
      { what: 'Away with it:', line: '%p services deregister -id=web' },
    ],
  },
  {
    kind: 'command',
    name: 'services register',
    summary: 'Registers services with an agent',
    usage: '[options] [file-or-directory ...]',
    about: [
      'Registers services with the agent that is asked: those that configuration files define (service, services), or one that flags describe. The agent keeps them over a restart, until they are deregistered.',
    ],
    examples: [
      { what: 'The services of two files:', line: '%p services register web.json db.hcl' },
      { what: 'A service without a file:', line: '%p services register -name=web -port=80 -tag=v1' },
    ],
    flags: [
      formatFlag,
      { name: 'address', kind: 'string', placeholder: 'address', doc: "By default the node's own." },
      { name: 'id', kind: 'string', doc: 'By default the name.' },
      { name: 'kind', kind: 'string', doc: 'Kind of the service, such as connect-proxy.' },
      {
        name: 'meta',
        kind: 'pairs',
        placeholder: 'key=value',
        doc: 'Metadata of the service. May be given several times.',
      },
      { name: 'name', kind: 'string', doc: 'Name of the service.' },
      { name: 'port', kind: 'int', placeholder: 'port', doc: 'Port of the service.' },
      {
        name: 'socket',
        kind: 'string',
        placeholder: 'path',
        doc: 'Unix socket of the service, instead of a port.',
      },
      { name: 'tag', kind: 'list', doc: 'Tag of the service. May be given several times.' },
      {
        name: 'tagged-address',
        kind: 'pairs',
        placeholder: 'tag=address:port',
        doc: 'Another address of the service. May be given several times.',
      },
    ],
    http: 'query',
    positional: { min: 0, max: Infinity },
    json: 'Registered, a list of names; after a failure those before it.',
    load: async () => (await import('./commands/services.ts')).register,
  },
  {
    kind: 'command',
    name: 'services deregister',
    summary: 'Deregisters services of an agent',
    usage: '[options] [file-or-directory ...]',
    about: [
      'Deregisters services of the agent that is asked: those that configuration files define, or the one with an ID.',
    ],
    examples: [
      { what: 'The services of a file:', line: '%p services deregister web.json' },
      { what: 'One by its ID:', line: '%p services deregister -id=web' },
    ],
    flags: [formatFlag, { name: 'id', kind: 'string', doc: 'ID of the service.' }],
    http: 'query',
    positional: { min: 0, max: Infinity },
    json: 'Deregistered, a list of IDs; after a failure those before it.',
    load: async () => (await import('./commands/services.ts')).deregister,
  },
  {
    kind: 'command',
    name: 'services export',
    summary: 'Exports a service to other clusters',
    usage: '[options] -name <service> -consumer-peers <cluster>[,<cluster>...]',
    about: [
      'Adds a service and its consumers to the configuration entry exported-services, which the cluster keeps; what is in it stays. Doing it again changes nothing.',
      'There are no peers yet: no other cluster reads the entry. It is kept for tools, and for the day when there are some.',
    ],
    examples: [
      { what: 'A service:', line: '%p services export -name=web -consumer-peers=east,west' },
      { what: 'All services:', line: "%p services export -name='*' -consumer-peers=east" },
    ],
    flags: [
      {
        name: 'consumer-partitions',
        kind: 'string',
        placeholder: 'names',
        doc: 'Of the enterprise edition: there is one partition only, and this is refused.',
      },
      {
        name: 'consumer-peers',
        kind: 'string',
        placeholder: 'names',
        doc: 'Clusters that may use the service, with commas between them. Must be given.',
      },
      formatFlag,
      {
        name: 'name',
        kind: 'string',
        doc: 'Name of the service, or * for every service. Must be given.',
      },
    ],
    http: 'query',
    json: 'Service, Peers and Written, which is false if all of them were there.',
    load: async () => (await import('./commands/exports.ts')).exportService,
  },
  {
    kind: 'command',
    name: 'services exported-services',
    summary: 'Lists exported services',
    usage: '[options]',
    about: [
      'Lists the services that are exported, with the clusters that may use them. A wildcard in the configuration entry is shown as the services for which it stands.',
      'There are no peers yet: no other cluster reads this.',
    ],
    examples: [
      { what: 'All:', line: '%p services exported-services' },
      {
        what: 'Those for one cluster:',
        line: "%p services exported-services -filter='east in Consumers.Peers'",
      },
    ],
    flags: [
      {
        name: 'filter',
        kind: 'string',
        placeholder: 'expression',
        doc: 'Only services of which this is true.',
      },
      formatFlag,
    ],
    http: 'query',
    json: 'a list of services, as /v1/exported-services answers.',
    load: async () => (await import('./commands/exports.ts')).exportedServices,
  },
  {
    kind: 'command',
    name: 'maint',
    summary: 'Puts a node or a service into maintenance',
    usage: '[options]',
    about: [
      'Puts the node of the agent that is asked, or one of its services, into maintenance, or takes it out: a critical check keeps it out of the answers of DNS and of health. It lasts over a restart. Without options, shows what is in maintenance.',
    ],
    examples: [
      { what: 'The whole node:', line: "%p maint -enable -reason='new disk'" },
      { what: 'One service of it:', line: '%p maint -enable -service=web' },
      { what: 'Back again:', line: '%p maint -disable -service=web' },
    ],
    flags: [
      formatFlag,
      { name: 'disable', kind: 'bool', doc: 'Ends maintenance.' },
      { name: 'enable', kind: 'bool', doc: 'Begins maintenance.' },
      { name: 'reason', kind: 'string', placeholder: 'text', doc: 'Why, for those who look at the check.' },
      { name: 'service', kind: 'string', placeholder: 'id', doc: 'A service instead of the whole node.' },
    ],
    http: 'agent',
    positional: { min: 0, max: Infinity },
    json: 'Node (Name, Reason; or null) and Services (ID, Reason); with -enable and -disable Service, an ID or null for the node, and Enabled.',
    load: async () => (await import('./commands/maint.ts')).maint,
  },
]
