// The part of the command table about configuration entries.
import type { FlagSpec } from '../config/flags.ts'
import type { CommandSpec, GroupSpec } from './command.ts'

const kindFlag: FlagSpec = {
  name: 'kind',
  kind: 'string',
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
      'Configuration entries are settings of services and proxies that the cluster keeps: service-defaults, proxy-defaults, service-router, service-splitter, service-resolver, ingress-gateway, terminating-gateway.',
    ],
    examples: [
      { what: 'Write an entry', line: 'config write web.hcl' },
      { what: 'Show it', line: 'config read -kind service-defaults -name web' },
      { what: 'List the entries of a kind', line: 'config list -kind service-defaults' },
      { what: 'Delete it', line: 'config delete -kind service-defaults -name web' },
    ],
  },
  {
    kind: 'command',
    name: 'config delete',
    summary: 'Deletes a configuration entry',
    usage: '[options] -kind <kind> -name <name>',
    about: ['Deletes the configuration entry of a kind and name. That there is none is no failure.'],
    flags: [kindFlag, nameFlag, ...casFlags],
    http: 'query',
    load: async () => (await import('./commands/config.ts')).deleteEntry,
  },
  {
    kind: 'command',
    name: 'config list',
    summary: 'Lists the configuration entries of a kind',
    usage: '[options] -kind <kind>',
    about: ['Prints the names of all configuration entries of a kind.'],
    flags: [
      {
        name: 'filter',
        kind: 'string',
        placeholder: 'expression',
        doc: 'Only entries of which this is true.',
      },
      kindFlag,
    ],
    http: 'query',
    load: async () => (await import('./commands/config.ts')).listEntries,
  },
  {
    kind: 'command',
    name: 'config read',
    summary: 'Shows a configuration entry',
    usage: '[options] -kind <kind> -name <name>',
    about: ['Prints a configuration entry as JSON.'],
    flags: [kindFlag, nameFlag],
    http: 'query',
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
    flags: casFlags,
    http: 'query',
    positional: {
      min: 1,
      max: 1,
      missing: 'Must provide exactly one positional argument to specify the config entry to write',
      many: 'Must provide exactly one positional argument to specify the config entry to write',
    },
    load: async () => (await import('./commands/config.ts')).writeEntry,
  },
]
