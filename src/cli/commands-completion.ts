// The row of the command table for completion.
import type { CommandSpec } from './command.ts'

/** `completion`. */
export const completionCommands: readonly CommandSpec[] = [
  {
    kind: 'command',
    name: 'completion',
    summary: 'Prints a script that makes a shell complete command lines',
    usage: 'bash|zsh|fish',
    about: [
      'Prints a script that makes a shell complete commands, flags, the values of flags that are one of a few words, and names of files. The script asks the program ("%p completion next"), so it need not be made again after an update.',
      '"%p -autocomplete-install" writes a line that loads it into the configuration of your shells (~/.bashrc or on macOS ~/.bash_profile, ~/.zshrc, ~/.config/fish), "%p -autocomplete-uninstall" takes it out again. The script is loaded with the first completion: starting a shell takes no longer.',
    ],
    examples: [
      { what: 'In your shells, for good:', line: '%p -autocomplete-install' },
      { what: 'In this bash only:', line: 'eval "$(%p completion bash)"' },
      { what: 'For all users of zsh:', line: '%p completion zsh > /usr/local/share/zsh/site-functions/_%p' },
      { what: 'In this fish only:', line: '%p completion fish | source' },
    ],
    flags: [],
    http: 'none',
    positional: {
      min: 1,
      max: Infinity,
      missing: 'The shell must be specified: bash, zsh or fish',
      values: ['bash', 'zsh', 'fish'],
    },
    load: async () => (await import('./commands/completion.ts')).completion,
  },
]
