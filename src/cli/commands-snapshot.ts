// The snapshot part of the command table.
import type { CommandSpec, GroupSpec } from './command.ts'
import { formatFlag } from './common-flags.ts'

const oneFile = { min: 1, max: 1, missing: 'Missing FILE argument' }

/** `snapshot` and its subcommands. */
export const snapshotCommands: readonly (CommandSpec | GroupSpec)[] = [
  {
    kind: 'group',
    name: 'snapshot',
    summary: 'Saves, restores and inspects snapshots of the replicated state',
    about: [
      'Saves, restores and inspects snapshots of all that the servers keep: keys and values, the catalog, sessions. A snapshot is the state of one moment.',
    ],
    examples: [
      { what: 'Save a snapshot:', line: '%p snapshot save backup.snap' },
      { what: 'See what is in it:', line: '%p snapshot inspect backup.snap' },
      { what: 'Put the state back:', line: '%p snapshot restore backup.snap' },
      { what: 'Save one every hour:', line: '%p snapshot agent -interval=1h -local-path=/backups' },
    ],
  },
  {
    kind: 'command',
    name: 'snapshot agent',
    summary: 'Saves snapshots at an interval and keeps the last ones',
    usage: '[options]',
    about: [
      'Saves a snapshot at every interval until it is interrupted. Each is verified by restoring it into a scratch state; the oldest is removed when a new one is good. Of several that run against one cluster one works at a time: the one that holds the lock.',
      'Servers can do the same by themselves: see snapshot_agent in the configuration.',
    ],
    examples: [
      { what: 'Every hour, the last 30 are kept:', line: '%p snapshot agent -local-path=/backups' },
      { what: 'One now, for cron:', line: '%p snapshot agent -interval=0 -local-path=/backups' },
    ],
    flags: [
      {
        name: 'config-file',
        kind: 'list',
        placeholder: 'path',
        doc: 'Takes settings from the object snapshot_agent of this file (JSON, or HCL if it ends in .hcl): http_addr, token, datacenter, snapshot.interval, retain, stale, lock_key and max_failures, local_storage.path. Flags count more.',
      },
      {
        name: 'interval',
        kind: 'duration',
        doc: 'Time between two snapshots. 0 saves one and exits. By default 1h.',
      },
      {
        name: 'local-path',
        kind: 'string',
        placeholder: 'directory',
        doc: 'Where the snapshots are kept. By default the working directory.',
      },
      {
        name: 'lock-key',
        kind: 'string',
        placeholder: 'key',
        doc: 'Key of the lock that the one that works holds. By default consul-snapshot/lock.',
      },
      {
        name: 'max-failures',
        kind: 'int',
        doc: 'Failures in a row after which it lets another one work. By default 3.',
      },
      {
        name: 'retain',
        kind: 'int',
        doc: 'Snapshots that are kept. 0 keeps all. By default 30.',
      },
    ],
    http: 'query',
    load: async () => (await import('./commands/snapshot-agent.ts')).snapshotAgent,
  },
  {
    kind: 'command',
    name: 'snapshot decode',
    summary: 'Prints what is in a snapshot as JSON',
    usage: '[options] FILE',
    about: ['Prints the records of a snapshot, each as one line of JSON with its type.'],
    examples: [
      { what: 'The keys that a snapshot holds:', line: '%p snapshot decode backup.snap | grep \'"KVS"\'' },
    ],
    flags: [],
    http: 'none',
    positional: oneFile,
    load: async () => (await import('./commands/snapshot-inspect.ts')).snapshotDecode,
  },
  {
    kind: 'command',
    name: 'snapshot inspect',
    summary: 'Shows what is in a snapshot',
    usage: '[options] FILE',
    about: [
      'Verifies a snapshot and shows what is in it, by type. A snapshot of a data directory (raft/snapshots) will do as well.',
    ],
    examples: [
      { what: 'What is in it:', line: '%p snapshot inspect backup.snap' },
      { what: 'And which keys take up the room:', line: '%p snapshot inspect -kvdetails backup.snap' },
    ],
    flags: [
      formatFlag,
      { name: 'kvdepth', kind: 'int', doc: 'With -kvdetails: parts of a key that count. By default 2.' },
      { name: 'kvdetails', kind: 'bool', doc: 'Also shows the keys, by the beginning of their names.' },
      {
        name: 'kvfilter',
        kind: 'string',
        placeholder: 'prefix',
        doc: 'With -kvdetails: only keys that begin with this.',
      },
    ],
    http: 'none',
    positional: oneFile,
    json: 'Meta (ID, Size, Index, Term, Version), Stats (Name, Sum, Count), TotalSize; with -kvdetails StatsKV and TotalSizeKV.',
    load: async () => (await import('./commands/snapshot-inspect.ts')).snapshotInspect,
  },
  {
    kind: 'command',
    name: 'snapshot restore',
    summary: 'Replaces the replicated state by that of a snapshot',
    usage: '[options] FILE',
    about: [
      'Replaces all that the servers keep by what is in the snapshot. The leader first restores it into a scratch state; one that is damaged changes nothing. Requests are answered from the old state or the new one, never from a mix.',
    ],
    examples: [{ what: 'Put a state back:', line: '%p snapshot restore backup.snap' }],
    flags: [formatFlag],
    http: 'query',
    positional: oneFile,
    json: 'File and Restored.',
    load: async () => (await import('./commands/snapshot.ts')).snapshotRestore,
  },
  {
    kind: 'command',
    name: 'snapshot save',
    summary: 'Saves a snapshot of the replicated state',
    usage: '[options] FILE',
    about: [
      'Saves all that the servers keep, as it is at one moment. The file gets its name only when it is on disk and has been restored into a scratch state without fault.',
    ],
    examples: [
      { what: 'From the leader:', line: '%p snapshot save backup.snap' },
      {
        what: 'From any server, which may lack the last moments; works without a leader too:',
        line: '%p snapshot save -stale backup.snap',
      },
    ],
    flags: [
      formatFlag,
      {
        name: 'append-filename',
        kind: 'string',
        placeholder: 'parts',
        doc: "Appends to the file's name what the agent says of itself: any of version, dc, node, status, with commas between.",
      },
    ],
    http: 'query',
    positional: oneFile,
    json: 'File, ID, Size, Index, Term and Version.',
    load: async () => (await import('./commands/snapshot.ts')).snapshotSave,
  },
]
