// The part of the command table that runs an agent or needs none.
import { agentFlags } from '../config/settings.ts'
import type { CommandSpec } from './command.ts'
import { formatFlag } from './common-flags.ts'

/** `agent`, `keygen`, `validate` and `version`. */
export const agentCommands: readonly CommandSpec[] = [
  {
    kind: 'command',
    name: 'agent',
    summary: 'Runs an agent',
    usage: '[options]',
    about: [
      'Starts an agent and runs until it is interrupted. The agent is one node of a cluster: a server with -server, else a client.',
      'Every flag but those that name files is also a key of configuration files; docs/configuration.md lists them.',
    ],
    examples: [
      {
        what: 'The first server of a datacenter:',
        line: '%p agent -server -bootstrap-expect 1 -data-dir /tmp/consul -node=agent-one -bind=172.20.20.10',
      },
      {
        what: 'A client that joins it:',
        line: '%p agent -data-dir /tmp/consul -node=agent-two -bind=172.20.20.11 -join 172.20.20.10',
      },
      { what: 'A server of its own for development, in memory:', line: '%p agent -dev' },
    ],
    flags: agentFlags,
    http: 'none',
    positional: { min: 0, max: Infinity },
    load: async () => (await import('./commands/agent.ts')).agent,
  },
  {
    kind: 'command',
    name: 'keygen',
    summary: 'Makes a new encryption key',
    usage: '',
    about: [
      'Makes a key of 32 random bytes for encrypting gossip, in the form that the configuration expects.',
    ],
    flags: [formatFlag],
    http: 'none',
    positional: { min: 0, max: Infinity },
    json: 'Key.',
    load: async () => (await import('./commands/local.ts')).keygen,
  },
  {
    kind: 'command',
    name: 'validate',
    summary: 'Checks configuration files',
    usage: '[options] FILE_OR_DIRECTORY...',
    about: [
      'Reads configuration files and directories as an agent would and reports everything that is wrong with them. Give all the files that an agent is to read: a part of them may not be valid by itself.',
      'Settings that are refused and those that have no effect are named, with file and line. Exits with 0 when the configuration is valid, else with 1.',
    ],
    examples: [{ what: 'A directory:', line: '%p validate /etc/proconsul.d' }],
    flags: [
      formatFlag,
      {
        name: 'config-format',
        kind: 'string',
        placeholder: 'json|hcl',
        doc: 'Reads all files as this format, json or hcl, whatever their names end in.',
      },
      { name: 'quiet', kind: 'bool', doc: 'Prints nothing when the configuration is valid.' },
      {
        name: 'verbose',
        kind: 'bool',
        doc: 'Also prints every key of the files, and whether it is honoured, without effect or switched off.',
      },
    ],
    http: 'none',
    positional: { min: 1, max: Infinity, missing: 'Must specify at least one config file or directory' },
    json: 'Valid; Warnings, a list of texts, and with -verbose Keys (Key, Effect, Place); or Problems (Message, Source). With -quiet nothing when the configuration is valid.',
    load: async () => (await import('./commands/validate.ts')).validate,
  },
  {
    kind: 'command',
    name: 'version',
    summary: 'Shows the version',
    usage: '[options]',
    about: [],
    flags: [formatFlag],
    http: 'none',
    positional: { min: 0, max: Infinity },
    json: 'Version, Revision, Prerelease, BuildDate and RPC (Default, Min, Max).',
    load: async () => (await import('./commands/local.ts')).showVersion,
  },
]
