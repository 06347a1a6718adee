// The session part of the command table. The reference has no commands for sessions.
import type { FlagSpec } from '../config/flags.ts'
import type { CommandSpec, GroupSpec } from './command.ts'
import { formatFlag } from './common-flags.ts'

const oneId = {
  min: 1,
  max: 1,
  missing: 'The ID of a session must be specified',
}

const createFlags: readonly FlagSpec[] = [
  {
    name: 'behavior',
    kind: 'string',
    placeholder: 'release|delete',
    doc: 'What becomes of the keys that the session has locked when it ends. By default release.',
  },
  formatFlag,
  {
    name: 'lock-delay',
    kind: 'duration',
    placeholder: 'duration',
    doc: 'Nobody can lock the keys of the session for so long after it was lost. By default 15s, at most 60s.',
  },
  { name: 'name', kind: 'string', doc: 'A name for people to read.' },
  { name: 'node', kind: 'string', doc: "The node that the session belongs to. By default the agent's own." },
  {
    name: 'node-check',
    kind: 'list',
    placeholder: 'id',
    doc: 'A check of the node that ends the session when it is critical. May be given several times. By default serfHealth; an empty one is none at all.',
  },
  {
    name: 'service-check',
    kind: 'list',
    placeholder: 'id',
    doc: 'A check of a service of the node that ends the session when it is critical. May be given several times.',
  },
  {
    name: 'ttl',
    kind: 'duration',
    placeholder: 'duration',
    doc: 'The session ends when it is not renewed for so long, from 10s to 24h. Without it only a check or its node ends it.',
  },
]

/** `session` and its subcommands. */
export const sessionCommands: readonly (CommandSpec | GroupSpec)[] = [
  {
    kind: 'group',
    name: 'session',
    summary: 'Creates, shows, renews and destroys sessions',
    about: ['Creates, shows, renews and destroys sessions: what holds locks, and makes them end.'],
    examples: [
      {
        what: 'A session that lives for 30 seconds unless it is renewed:',
        line: '%p session create -ttl=30s',
      },
      { what: 'All sessions, with what they are for:', line: '%p session list' },
      {
        what: 'End one, and release its locks:',
        line: '%p session destroy 9e9a737c-e248-ca1f-3325-28988a954506',
      },
    ],
  },
  {
    kind: 'command',
    name: 'session create',
    summary: 'Creates a session and prints its ID',
    usage: '[options]',
    about: ['Creates a session and prints its ID.'],
    examples: [
      {
        what: 'Lock a key with a session of its own:',
        line: '%p kv put -acquire -session=$(%p session create -ttl=60s -name=deploy) deploy/lock',
      },
    ],
    flags: createFlags,
    http: 'query',
    json: 'ID.',
    load: async () => (await import('./commands/session.ts')).sessionCreate,
  },
  {
    kind: 'command',
    name: 'session destroy',
    summary: 'Ends a session',
    usage: '[options] ID',
    about: ['Ends a session, and with it all the locks that it holds.'],
    flags: [formatFlag],
    http: 'query',
    positional: oneId,
    json: 'ID and Destroyed.',
    load: async () => (await import('./commands/session.ts')).sessionDestroy,
  },
  {
    kind: 'command',
    name: 'session info',
    summary: 'Shows a session',
    usage: '[options] ID',
    about: ['Shows all that is known of a session.'],
    flags: [formatFlag],
    http: 'query',
    positional: oneId,
    json: 'the session, as /v1/session/info/:id answers.',
    load: async () => (await import('./commands/session.ts')).sessionInfo,
  },
  {
    kind: 'command',
    name: 'session list',
    summary: 'Lists all sessions',
    usage: '[options]',
    about: ['Lists all sessions of a datacenter.'],
    flags: [formatFlag],
    http: 'query',
    json: 'a list of sessions, as /v1/session/list answers.',
    load: async () => (await import('./commands/session.ts')).sessionList,
  },
  {
    kind: 'command',
    name: 'session node',
    summary: 'Lists the sessions of a node',
    usage: '[options] NODE',
    about: ['Lists the sessions that belong to a node.'],
    flags: [formatFlag],
    http: 'query',
    positional: { min: 1, max: 1, missing: 'The name of a node must be specified' },
    json: 'a list of sessions, as /v1/session/node/:node answers.',
    load: async () => (await import('./commands/session.ts')).sessionNode,
  },
  {
    kind: 'command',
    name: 'session renew',
    summary: 'Starts the time of a session anew',
    usage: '[options] ID',
    about: ['Starts the time of a session anew, as its owner has to do before its time to live is over.'],
    flags: [formatFlag],
    http: 'query',
    positional: oneId,
    json: 'the session, as /v1/session/renew/:id answers.',
    load: async () => (await import('./commands/session.ts')).sessionRenew,
  },
]
