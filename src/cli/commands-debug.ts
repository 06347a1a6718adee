// The command `debug`.
import type { CommandSpec } from './command.ts'
import { formatFlag } from './common-flags.ts'

/** Its row of the command table. */
export const debugCommands: readonly CommandSpec[] = [
  {
    kind: 'command',
    name: 'debug',
    summary: 'Collects what is needed to find out what is wrong with an agent',
    usage: '[options]',
    about: [
      'Watches an agent for some time and writes what it sees into an archive: its own state, the machine, the members, the metrics and a profile of each interval, and its log at TRACE.',
      'Profiles (`.cpuprofile`, for the developer tools of a browser) are taken if the agent runs with enable_debug. The archive may hold addresses, names of nodes, services and keys: look at it before you hand it on.',
    ],
    flags: [
      formatFlag,
      {
        name: 'archive',
        kind: 'bool',
        doc: 'Packs what was collected into one .tar.gz, in place of a directory. By default true.',
      },
      {
        name: 'capture',
        kind: 'list',
        placeholder: 'what',
        values: ['metrics', 'logs', 'pprof', 'host', 'agent', 'members'],
        doc: 'Collects only this: metrics, logs, pprof, host, agent or members. May be given several times. By default all.',
      },
      {
        name: 'duration',
        kind: 'duration',
        placeholder: 'duration',
        doc: 'How long the agent is watched, at least 10s. By default 2m.',
      },
      {
        name: 'interval',
        kind: 'duration',
        placeholder: 'duration',
        doc: 'How often metrics and profiles are taken, at least 5s. By default 30s.',
      },
      {
        name: 'output',
        kind: 'string',
        placeholder: 'path',
        doc: 'The directory, or the archive without its .tar.gz. By default consul-debug- and the time.',
      },
    ],
    examples: [
      { line: '%p debug -duration=30s -interval=10s', what: 'Watches for half a minute.' },
      {
        line: '%p debug -capture=metrics -capture=logs',
        what: 'Leaves out everything but metrics and the log.',
      },
    ],
    http: 'agent',
    positional: { min: 0, max: 0 },
    json: 'Output, the path of what was written, and Files, the names in it.',
    load: async () => (await import('./commands/debug.ts')).debug,
  },
]
