// The part of the command table for prepared queries. The reference has no commands for them.
import type { FlagSpec } from '../config/flags.ts'
import type { CommandSpec, GroupSpec } from './command.ts'
import { formatFlag } from './common-flags.ts'

const oneQuery = {
  min: 1,
  max: 1,
  missing: 'The name or ID of a query must be specified',
}

const runFlags: readonly FlagSpec[] = [
  { name: 'connect', kind: 'bool', doc: 'Proxies for the service instead of its instances.' },
  formatFlag,
  { name: 'limit', kind: 'int', placeholder: 'n', doc: 'So many instances at most.' },
  {
    name: 'near',
    kind: 'string',
    placeholder: 'node',
    values: ['_agent'],
    doc: 'The neighbours of this node come first; _agent is the node of the agent.',
  },
]

/** `query` and its subcommands. */
export const queryCommands: readonly (CommandSpec | GroupSpec)[] = [
  {
    kind: 'group',
    name: 'query',
    summary: 'Writes, shows, deletes and carries out prepared queries',
    about: [
      'Writes, shows, deletes and carries out prepared queries: named searches for services, with failover to other ' +
        'datacenters and templates for whole families of names.',
    ],
    examples: [
      { what: 'Create a query, or replace the one of the same name:', line: '%p query write web.json' },
      { what: 'Carry it out:', line: '%p query execute -near=_agent web' },
    ],
  },
  {
    kind: 'command',
    name: 'query delete',
    summary: 'Deletes a prepared query',
    usage: '[options] NAME|ID',
    about: ['Deletes a prepared query.'],
    flags: [formatFlag],
    http: 'query',
    positional: oneQuery,
    json: 'ID and Deleted.',
    load: async () => (await import('./commands/query.ts')).queryDelete,
  },
  {
    kind: 'command',
    name: 'query execute',
    summary: 'Carries out a prepared query',
    usage: '[options] NAME|ID',
    about: ['Carries out a prepared query and lists the instances that it finds, in their order.'],
    flags: runFlags,
    http: 'query',
    positional: oneQuery,
    json: 'the answer, as /v1/query/:id/execute gives it.',
    load: async () => (await import('./commands/query.ts')).queryExecute,
  },
  {
    kind: 'command',
    name: 'query explain',
    summary: 'Shows the query that answers to a name',
    usage: '[options] NAME|ID',
    about: ['Shows the query that answers to a name, with its template filled in, as JSON.'],
    flags: [formatFlag],
    http: 'query',
    positional: oneQuery,
    json: 'the query, as it is without the flag.',
    load: async () => (await import('./commands/query.ts')).queryExplain,
  },
  {
    kind: 'command',
    name: 'query list',
    summary: 'Lists all prepared queries',
    usage: '[options]',
    about: ['Lists all prepared queries of a datacenter.'],
    flags: [formatFlag],
    http: 'query',
    json: 'a list of queries, as /v1/query answers.',
    load: async () => (await import('./commands/query.ts')).queryList,
  },
  {
    kind: 'command',
    name: 'query read',
    summary: 'Shows a prepared query',
    usage: '[options] NAME|ID',
    about: ['Shows a prepared query as it is stored, as JSON.'],
    flags: [formatFlag],
    http: 'query',
    positional: oneQuery,
    json: 'the query, as it is without the flag.',
    load: async () => (await import('./commands/query.ts')).queryRead,
  },
  {
    kind: 'command',
    name: 'query write',
    summary: 'Creates or replaces a prepared query',
    usage: '[options] FILE',
    about: [
      'Creates a prepared query from a file in JSON, or from standard input if FILE is -. A query of the same name is ' +
        'replaced and keeps its ID. Prints the ID.',
    ],
    flags: [formatFlag],
    http: 'query',
    positional: {
      min: 1,
      max: 1,
      missing: 'A file with the query must be specified, or - for standard input',
    },
    json: 'ID.',
    load: async () => (await import('./commands/query.ts')).queryWrite,
  },
]
