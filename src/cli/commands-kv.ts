// The kv part of the command table.
import type { CommandSpec, GroupSpec } from './command.ts'
import { formatFlag } from './common-flags.ts'

/** `kv` and its subcommands. */
export const kvCommands: readonly (CommandSpec | GroupSpec)[] = [
  {
    kind: 'group',
    name: 'kv',
    summary: 'Reads and writes the key/value store',
    about: ['Reads and writes the key/value store, which the servers keep replicated.'],
    examples: [
      { what: 'Write a key:', line: '%p kv put redis/config/connections 5' },
      { what: 'Read it back:', line: '%p kv get redis/config/connections' },
      { what: 'With all that is known of it:', line: '%p kv get -detailed redis/config/connections' },
      { what: 'Copy all keys to a file:', line: '%p kv export > keys.json' },
      { what: 'Delete it:', line: '%p kv delete redis/config/connections' },
    ],
  },
  {
    kind: 'command',
    name: 'kv delete',
    summary: 'Deletes a key, or all below a prefix',
    usage: '[options] KEY_OR_PREFIX',
    about: ['Deletes a key. It is no error if there is none.'],
    examples: [
      { what: 'One key:', line: '%p kv delete foo' },
      {
        what: 'All keys that begin with "foo", such as "foo", "food" and "foo/bar":',
        line: '%p kv delete -recurse foo',
      },
    ],
    flags: [
      { name: 'cas', kind: 'bool', doc: 'Deletes only if the key has the index given by -modify-index.' },
      formatFlag,
      { name: 'modify-index', kind: 'uint', placeholder: 'index', doc: 'The index that -cas expects.' },
      { name: 'recurse', kind: 'bool', doc: 'Deletes all keys that begin with the argument.' },
    ],
    http: 'query',
    positional: { min: 0, max: 1 },
    load: async () => (await import('./commands/kv-write.ts')).kvDelete,
  },
  {
    kind: 'command',
    name: 'kv export',
    summary: 'Prints all keys below a prefix as JSON',
    usage: '[options] [KEY_OR_PREFIX]',
    about: ['Prints all keys that begin with the argument, or all there are, as JSON that kv import reads.'],
    examples: [
      { what: 'All keys below "vault":', line: '%p kv export vault/' },
      {
        what: 'Into another cluster:',
        line: '%p kv export vault/ | %p kv import -http-addr=10.0.0.1:8500 -',
      },
    ],
    flags: [formatFlag],
    http: 'query',
    positional: { min: 0, max: 1 },
    load: async () => (await import('./commands/kv-tree.ts')).kvExport,
  },
  {
    kind: 'command',
    name: 'kv get',
    summary: 'Reads a key, or all below a prefix',
    usage: '[options] [KEY_OR_PREFIX]',
    about: ['Prints the value of a key. It is an error if there is no such key.'],
    examples: [
      { what: 'One value:', line: '%p kv get foo' },
      { what: 'With all that is known of the key:', line: '%p kv get -detailed foo' },
      { what: 'All keys that begin with "foo", with their values:', line: '%p kv get -recurse foo' },
      { what: 'Only the names:', line: '%p kv get -keys foo' },
    ],
    flags: [
      { name: 'base64', kind: 'bool', doc: 'Prints values in base64.' },
      { name: 'detailed', kind: 'bool', doc: 'Also prints indexes, flags and session.' },
      formatFlag,
      {
        name: 'keys',
        kind: 'bool',
        doc: 'Prints names that begin with the argument, up to the next separator.',
      },
      { name: 'recurse', kind: 'bool', doc: 'Prints all keys that begin with the argument.' },
      { name: 'separator', kind: 'string', doc: 'Where -keys cuts names off. By default "/".' },
    ],
    http: 'query',
    positional: { min: 0, max: 1, many: 'Too many arguments (expected 1, got %d)' },
    load: async () => (await import('./commands/kv.ts')).kvGet,
  },
  {
    kind: 'command',
    name: 'kv history',
    summary: 'Shows the values that a key had',
    usage: '[options] KEY',
    about: [
      'Shows the versions of a key that the servers still keep, the oldest first. None are kept unless the configuration says so (kv_history).',
    ],
    examples: [{ what: 'The versions of a key:', line: '%p kv history config/redis/maxconns' }],
    flags: [{ name: 'base64', kind: 'bool', doc: 'Prints values in base64.' }, formatFlag],
    http: 'query',
    positional: { min: 0, max: 1, many: 'Too many arguments (expected 1, got %d)' },
    load: async () => (await import('./commands/kv-history.ts')).kvHistory,
  },
  {
    kind: 'command',
    name: 'kv import',
    summary: 'Writes keys from the JSON of kv export',
    usage: '[options] DATA',
    about: [
      'Writes the keys of a JSON list as kv export prints it. Data that begins with "@" names a file to read it from, "-" reads it from standard input. All of it is checked before the first key is written; keys are written one by one, in order.',
    ],
    examples: [
      { what: 'A file:', line: '%p kv import @filename.json' },
      { what: 'Standard input:', line: 'cat filename.json | %p kv import -' },
      { what: 'Below a prefix:', line: '%p kv import -prefix=restored/ @filename.json' },
    ],
    flags: [formatFlag, { name: 'prefix', kind: 'string', doc: 'Puts this in front of each key.' }],
    http: 'query',
    positional: { min: 0, max: 1, many: 'Error! Too many arguments (expected 1, got %d)' },
    load: async () => (await import('./commands/kv-tree.ts')).kvImport,
  },
  {
    kind: 'command',
    name: 'kv put',
    summary: 'Writes a key',
    usage: '[options] KEY [DATA]',
    about: [
      'Writes a value to a key. Data that begins with "@" names a file to read it from, "-" reads it from standard input, and without data the value is empty.',
    ],
    examples: [
      { what: 'A value:', line: '%p kv put config/redis/maxconns 5' },
      { what: 'A file:', line: '%p kv put config/program/license @license.lic' },
      { what: 'Standard input:', line: '%p kv put config/program/license -' },
      { what: 'For a minute:', line: '%p kv put -ttl=60s cache/answer 42' },
      {
        what: 'Only if nobody wrote it since:',
        line: '%p kv put -cas -modify-index=844 config/redis/maxconns 5',
      },
    ],
    flags: [
      { name: 'acquire', kind: 'bool', doc: 'Locks the key for the session given by -session.' },
      { name: 'base64', kind: 'bool', doc: 'The data is base64 and is decoded first.' },
      { name: 'cas', kind: 'bool', doc: 'Writes only if the key has the index given by -modify-index.' },
      {
        name: 'flags',
        kind: 'uint',
        placeholder: 'number',
        doc: 'A number to keep with the value, up to 2^64-1. By default 0.',
      },
      formatFlag,
      {
        name: 'modify-index',
        kind: 'uint',
        placeholder: 'index',
        doc: 'The index that -cas expects; 0 if there must be no such key.',
      },
      { name: 'release', kind: 'bool', doc: 'Unlocks the key of the session given by -session.' },
      { name: 'session', kind: 'string', placeholder: 'id', doc: 'The session for -acquire and -release.' },
      {
        name: 'ttl',
        kind: 'duration',
        placeholder: 'duration',
        doc: 'Deletes the key so long after this write, such as 30s. A later write without -ttl lets it stay.',
      },
    ],
    http: 'query',
    positional: { min: 0, max: 2, many: 'Error! Too many arguments (expected 1 or 2, got %d)' },
    load: async () => (await import('./commands/kv-write.ts')).kvPut,
  },
]
