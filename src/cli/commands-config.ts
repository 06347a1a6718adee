// The part of the command table about configuration entries.
import type { FlagSpec } from '../config/flags.ts'
import type { CommandSpec, GroupSpec } from './command.ts'
import { formatFlag } from './common-flags.ts'

const kindFlag: FlagSpec = {
  name: 'kind',
  kind: 'string',
  values: [
    'exported-services',
    'ingress-gateway',
    'proxy-defaults',
    'service-defaults',
    'service-resolver',
    'service-router',
    'service-splitter',
    'terminating-gateway',
  ],
  doc: 'Kind of the entry, such as service-defaults.',
}
const nameFlag: FlagSpec = { name: 'name', kind: 'string', doc: 'Name of the entry.' }
const casFlags: readonly FlagSpec[] = [
  {
    name: 'cas',
    kind: 'bool',
    doc: 'Does it only if the entry has the ModifyIndex that -modify-index names; 0, the default: only if there is none.',
  },
  {
    name: 'modify-index',
    kind: 'uint',
    placeholder: 'index',
    doc: 'ModifyIndex that the entry must have with -cas.',
  },
]

/** Commands that begin with `config`. */
export const configCommands: readonly (CommandSpec | GroupSpec)[] = [
  {
    kind: 'group',
    name: 'config',
    summary: 'Reads and writes configuration entries',
    about: [
      'Configuration entries are settings of services and proxies that the cluster keeps: service-defaults, proxy-defaults, service-router, service-splitter, service-resolver, ingress-gateway, terminating-gateway, exported-services.',
    ],
    examples: [
      { what: 'Write an entry', line: '%p config write web.hcl' },
      { what: 'Show it', line: '%p config read -kind service-defaults -name web' },
      { what: 'List the entries of a kind', line: '%p config list -kind service-defaults' },
      { what: 'Delete it', line: '%p config delete -kind service-defaults -name web' },
    ],
  },
  {
    kind: 'command',
    name: 'config delete',
    summary: 'Deletes a configuration entry',
    usage: '[options] -kind <kind> -name <name>',
    about: ['Deletes the configuration entry of a kind and name. That there is none is no failure.'],
    flags: [formatFlag, kindFlag, nameFlag, ...casFlags],
    http: 'query',
    json: 'Kind, Name and Deleted.',
    load: async () => (await import('./commands/config.ts')).deleteEntry,
  },
  {
    kind: 'command',
    name: 'config list',
    summary: 'Lists the configuration entries of a kind',
    usage: '[options] -kind <kind>',
    about: ['Prints the names of all configuration entries of a kind.'],
    flags: [
      formatFlag,
      {
        name: 'filter',
        kind: 'string',
        placeholder: 'expression',
        doc: 'Only entries of which this is true.',
      },
      kindFlag,
    ],
    http: 'query',
    json: 'a list of entries, as /v1/config/:kind answers.',
    load: async () => (await import('./commands/config.ts')).listEntries,
  },
  {
    kind: 'command',
    name: 'config read',
    summary: 'Shows a configuration entry',
    usage: '[options] -kind <kind> -name <name>',
    about: ['Prints a configuration entry as JSON.'],
    flags: [formatFlag, kindFlag, nameFlag],
    http: 'query',
    json: 'the entry, as /v1/config/:kind/:name answers; so it is without the flag.',
    load: async () => (await import('./commands/config.ts')).readEntry,
  },
  {
    kind: 'command',
    name: 'config write',
    summary: 'Creates or replaces a configuration entry',
    usage: '[options] <file>',
    about: [
      'Writes the configuration entry that a file holds in HCL or JSON; - stands for standard input.',
      'Field names may be written as in JSON answers or in snake case.',
    ],
    flags: [...casFlags, formatFlag],
    http: 'query',
    positional: {
      min: 1,
      max: 1,
      missing: 'Must provide exactly one positional argument to specify the config entry to write',
      many: 'Must provide exactly one positional argument to specify the config entry to write',
    },
    json: 'Kind, Name and Written.',
    load: async () => (await import('./commands/config.ts')).writeEntry,
  },
]
