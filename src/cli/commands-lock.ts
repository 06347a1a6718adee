// The part of the command table that runs other programs: `lock` and `watch`.
import type { FlagSpec } from '../config/flags.ts'
import type { CommandSpec } from './command.ts'

const shellFlag: FlagSpec = {
  name: 'shell',
  kind: 'bool',
  doc: 'Runs the command by a shell: that of the variable SHELL, else /bin/sh. By default true.',
}

/** Commands that run other programs. */
export const lockCommands: readonly CommandSpec[] = [
  {
    kind: 'command',
    name: 'lock',
    summary: 'Runs a command while it holds a lock',
    usage: '[options] prefix child...',
    about: [
      'Waits for the lock at a prefix of the key/value store, then runs a command, and gives the lock back when the command ends. With -n it is a semaphore: so many may run at the same time.',
      'If the lock is lost (its session ended, or the servers could not be reached for as long as the session lives), the command gets SIGTERM, and SIGKILL 5 seconds later. SIGINT, SIGTERM and SIGQUIT do the same with the signal that came; SIGHUP and SIGUSR1 are only passed on. The command leads a process group of its own, and signals reach all of it.',
      'A lock is a promise of the servers that nobody else gets it while its session lives. It cannot stop a holder that does not run: a machine that was asleep goes on for a moment as if it held the lock. What must not happen twice has to check the fencing token itself, which the command finds in CONSUL_LOCK_FENCING_TOKEN: a number that is larger with each acquisition, so that whoever has seen a larger one can refuse it. CONSUL_LOCK_HELD is "true".',
      'Exits with 0 when the command has ended, whatever its exit code; with -child-exit-code with 2 if the command failed; with 1 if the lock was not acquired or was lost.',
    ],
    examples: [
      { what: 'One backup at a time:', line: '%p lock service/backup ./backup.sh' },
      { what: 'At most three at the same time:', line: '%p lock -n=3 service/workers ./work.sh' },
      {
        what: 'Only if the lock is free within a second:',
        line: '%p lock -timeout=1s cron/report ./report.sh',
      },
    ],
    flags: [
      {
        name: 'child-exit-code',
        kind: 'bool',
        doc: 'Exits with 2 if the command has failed.',
      },
      {
        name: 'lock-delay',
        kind: 'duration',
        placeholder: 'duration',
        doc: 'Nobody gets the lock for so long after its holder was lost without giving it back. By default 15s, at most 60s.',
      },
      {
        name: 'monitor-retry',
        kind: 'int',
        placeholder: 'number',
        doc: 'How many failures in a row, a second apart, the watching of a held lock survives before the lock counts as lost. By default 3.',
      },
      { name: 'n', kind: 'int', placeholder: 'number', doc: 'How many may hold the lock. By default 1.' },
      { name: 'name', kind: 'string', doc: 'Name of the session. By default made from the command.' },
      { name: 'pass-stdin', kind: 'bool', doc: 'Passes standard input on to the command.' },
      shellFlag,
      {
        name: 'timeout',
        kind: 'duration',
        placeholder: 'duration',
        doc: 'Gives up when the lock was not acquired for so long. By default 0: waits for ever.',
      },
      { name: 'try', kind: 'duration', placeholder: 'duration', doc: 'Old name of -timeout.' },
      {
        name: 'ttl',
        kind: 'duration',
        placeholder: 'duration',
        doc: 'How long the session lives without being renewed: so long at most until the loss of the agent ends the command. By default 15s, at least 10s.',
      },
      { name: 'verbose', kind: 'bool', doc: 'Says what it does.' },
    ],
    http: 'query',
    positional: { min: 2, max: Infinity, missing: 'Key prefix and child command must be specified' },
    load: async () => (await import('./commands/lock.ts')).lock,
  },
  {
    kind: 'command',
    name: 'watch',
    summary: 'Runs a command when something changes',
    usage: '[options] [child...]',
    about: [
      'Watches keys, services, nodes, checks or events. Without a command prints what is there now as JSON, once. With a command runs it with what is there now, and again after each change, until it fails or the watch is interrupted; it finds the JSON on its standard input and the index in CONSUL_INDEX. It is not run again when nothing that is watched has changed.',
      'Types: key (-key), keyprefix (-prefix), services, nodes, service (-service, -tag, -passingonly), checks (-service or -state), event (-name).',
    ],
    examples: [
      { what: 'A key, once:', line: '%p watch -type=key -key=redis/config' },
      {
        what: 'A script for each change of a tree:',
        line: '%p watch -type=keyprefix -prefix=redis/ ./reload.sh',
      },
      {
        what: 'The healthy instances of a service:',
        line: '%p watch -type=service -service=web -passingonly=true ./balance.sh',
      },
    ],
    flags: [
      {
        name: 'filter',
        kind: 'string',
        placeholder: 'expression',
        doc: 'Only what this is true of, for types services, nodes, service and checks.',
      },
      { name: 'key', kind: 'string', doc: 'The key, for type key.' },
      { name: 'name', kind: 'string', doc: 'Name of the events, for type event.' },
      {
        name: 'passingonly',
        kind: 'string',
        placeholder: 'true|false',
        doc: 'Only instances whose checks all pass, for type service.',
      },
      { name: 'prefix', kind: 'string', doc: 'The prefix of the keys, for type keyprefix.' },
      { name: 'service', kind: 'string', doc: 'The service, for types service and checks.' },
      shellFlag,
      {
        name: 'state',
        kind: 'string',
        values: ['any', 'passing', 'warning', 'critical'],
        doc: 'The state of the checks, for type checks. By default any.',
      },
      {
        name: 'tag',
        kind: 'list',
        doc: 'Only instances with this tag, for type service. May be given several times.',
      },
      {
        name: 'type',
        kind: 'string',
        values: ['key', 'keyprefix', 'services', 'nodes', 'service', 'checks', 'event'],
        doc: 'What to watch: key, keyprefix, services, nodes, service, checks or event.',
      },
    ],
    http: 'query',
    positional: { min: 0, max: Infinity },
    load: async () => (await import('./commands/watch.ts')).watch,
  },
]
