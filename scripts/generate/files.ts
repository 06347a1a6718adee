// The documents that are made from tables, as text.
import { commands } from '../../src/cli/commands.ts'
import type { CommandSpec } from '../../src/cli/command.ts'
import { httpFlagsOf } from '../../src/cli/help.ts'
import { agentHttpFlags, queryHttpFlags } from '../../src/cli/http-flags.ts'
import type { FlagSpec } from '../../src/config/flags.ts'
import { loaderFlags, settings } from '../../src/config/settings.ts'
import type { Setting } from '../../src/config/setting.ts'

/** A document and where it goes, from the repository's root. */
export interface GeneratedFile {
  readonly path: string
  readonly text: string
}

/** All of them. */
export function generatedFiles(): readonly GeneratedFile[] {
  return [
    { path: 'docs/cli.md', text: cliPage() },
    { path: 'docs/configuration.md', text: configurationPage() },
  ]
}

const mark = '<!-- Made by scripts/generate.ts; to make it again: node scripts/generate.ts -->'

function table(header: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(header), `|${header.map(() => '---').join('|')}|`, ...rows.map(line)]
}

function flagRows(flags: readonly FlagSpec[]): readonly (readonly string[])[] {
  return flags.map((flag) => [
    flag.kind === 'bool' ? `\`-${flag.name}\`` : `\`-${flag.name}=<${flag.placeholder ?? 'value'}>\``,
    flag.doc,
  ])
}

function cliPage(): string {
  const sections = commands.flatMap((spec) => {
    if (spec.kind === 'command') return ['', ...commandSection(spec)]
    return ['', `## proconsul ${spec.name}`, '', ...spec.about.map(named)]
  })
  return [
    mark,
    '# Command line',
    '',
    'The program runs under the name `proconsul`, and under the name `consul` as the same program. Flags may be written',
    '`-flag value`, `-flag=value` or with two dashes; they stand before positional arguments. `-h` after any command',
    'shows its help. Exit codes: 0 on success, 1 on any failure, 2 when `members` finds nobody, 127 for a command that',
    'does not exist. Failures are told on standard error.',
    '',
    'With `-format=json` a command prints one JSON document on standard output, or several, one in each line, where its section',
    'says so. The names of fields stay what they are in later versions; there may be more of them. Failures are told in the same',
    'words as without it, on standard error, and by the exit code: 0 on success, never otherwise. A command that was refused (a',
    'compare-and-set that came too late) or got half-way prints its document all the same.',
    '',
    '## Completion',
    '',
    '`proconsul -autocomplete-install` makes bash, zsh and fish complete commands, flags, the values of flags that are one of a',
    'few words, and names of files; `-autocomplete-uninstall` takes that back. Each writes or removes one line, which ends in',
    '`# proconsul -autocomplete-install`, in `~/.bashrc` (`~/.bash_profile` on macOS), `~/.zshrc` (or in `ZDOTDIR`) and',
    '`~/.config/fish/completions/proconsul.fish` (or in `XDG_CONFIG_HOME`), where such a configuration exists or `SHELL` names the',
    'shell; says what it did; and does nothing twice. A line of another origin that completes the program is not touched. The',
    'program must be found by its name (`PATH`). See `proconsul completion` for scripts without any of this; what `complete -C`',
    'of the reference has written into a configuration works as well.',
    '',
    '## Finding the agent',
    '',
    'Every command that talks to an agent takes these flags. Those about certificates are refused over HTTPS until they',
    'are supported.',
    '',
    ...table(['Flag', 'Meaning'], flagRows(agentHttpFlags)),
    '',
    'Environment variables: `CONSUL_HTTP_ADDR`, `CONSUL_HTTP_TOKEN`, `CONSUL_HTTP_TOKEN_FILE`, `CONSUL_HTTP_AUTH`',
    '(`user:password`), `CONSUL_HTTP_SSL` (`true` makes `host:port` mean HTTPS). `NO_COLOR` turns colours off.',
    '',
    'Commands that ask the servers also take:',
    '',
    ...table(['Flag', 'Meaning'], flagRows(queryHttpFlags)),
    ...sections,
    '',
  ].join('\n')
}

const httpWords = {
  none: '',
  agent: 'Takes the flags for finding the agent.',
  query: 'Takes the flags for finding the agent and for asking the servers.',
} as const

function named(text: string): string {
  return text.replaceAll('%p', 'proconsul')
}

function commandSection(command: CommandSpec): readonly string[] {
  const examples = (command.examples ?? []).map(({ line }) => named(line))
  const isAgent = command.name === 'agent'
  const rows = flagRows(isAgent ? loaderFlags : command.flags)
  return [
    `## proconsul ${command.name}`,
    '',
    `    proconsul ${command.name} ${command.usage}`.trimEnd(),
    '',
    ...(command.about.length > 0 ? [...command.about.map(named), ''] : []),
    ...(examples.length > 0 ? ['```', ...examples, '```', ''] : []),
    ...(command.json === undefined ? [] : [`With \`-format=json\`: ${command.json}`, '']),
    ...(httpFlagsOf(command).length > 0 ? [httpWords[command.http], ''] : []),
    ...(isAgent ? ['Flags that set one setting each are in `docs/configuration.md`. Besides:', ''] : []),
    ...(rows.length > 0 ? [...table(['Flag', 'Meaning'], rows), ''] : []),
  ].slice(0, -1)
}

const typeWords: Readonly<Record<Setting['type'], string>> = {
  string: 'text',
  bool: 'true or false',
  int: 'whole number',
  port: 'port',
  float: 'number',
  duration: 'duration',
  list: 'list of texts',
  map: 'object of texts',
  durations: 'object of durations',
  any: 'object or list',
}

function configurationPage(): string {
  const rows = (wanted: Setting['support']): readonly (readonly string[])[] =>
    [...settings]
      .filter(([, { support }]) => support === wanted)
      .map(([key, setting]) => settingRow(key, setting))
  const header = ['Key', 'Flag', 'Value', 'Default', 'Meaning']
  return [
    mark,
    '# Configuration',
    '',
    'An agent is configured with flags and with files in JSON or HCL (`-config-file`, `-config-dir`). Files are read in the',
    'order of their flags, those of a directory in the order of their names. Of two values for one setting the later one',
    'counts, a flag counts more than any file, and `-hcl` more than other flags; lists are put one after the other (flags',
    'first), objects are merged by key. A key with dots stands for nested objects: `ports.http` is `{"ports": {"http": 8500}}`.',
    'An unknown key is an error. All problems of a configuration are reported together, each with its place;',
    '`proconsul validate` looks for them without starting anything.',
    '',
    'A file that ends in `.json` is JSON, one that ends in `.hcl` is HCL; `-config-format` decides for all files. HCL says the',
    'same with fewer signs, and may hold comments (`#`, `//`, `/* */`):',
    '',
    '```hcl',
    'server    = true',
    'node_name = "agent-one"',
    '',
    'ports {',
    '  http = 8500',
    '  dns  = -1      # off',
    '}',
    '',
    'retry_join = ["10.0.0.1", "10.0.0.2"]',
    '```',
    '',
    'A block `ports { }` is the object `ports = { }`; several blocks with one name are a list of objects; a block with a label,',
    '`a "b" { }`, is `a = { b = { } }`. Numbers may be hexadecimal (`0x1f`), octal (`017`) or have an exponent; texts know the',
    'escapes `\\n`, `\\t`, `\\"`, `\\\\` and `\\u00e9`, and longer ones stand on lines of their own between `<<EOF` and `EOF`',
    '(after `<<-EOF` they may be indented). A text in HCL that begins with `{` is read as JSON. Nothing is computed: `${…}` is',
    'text like any other.',
    '',
    'Durations are texts such as `"10s"` or `"1h30m"`. Addresses may hold templates: `{{ GetPrivateIP }}`,',
    '`{{ GetPublicIP }}`, `{{ GetInterfaceIP "eth0" }}`, and pipelines such as',
    '`{{ GetAllInterfaces | include "name" "^eth" | include "type" "IPv4" | attr "address" }}`.',
    'A port of -1 is off. Settings marked (R) change with a reload.',
    '',
    ...table(header, rows(undefined)),
    '',
    '## Without effect',
    '',
    'Accepted so that existing files and command lines keep working.',
    '',
    ...table(header, rows('idle')),
    '',
    '## Not supported yet',
    '',
    'Refused with a sentence unless they are switched off (`false`, empty, -1, or a block with `"enabled": false`).',
    '',
    ...table(header, rows('off')),
    '',
  ].join('\n')
}

function settingRow(key: string, setting: Setting): readonly string[] {
  const dev = setting.dev === undefined ? '' : ` (dev: \`${String(setting.dev)}\`)`
  const value =
    setting.default === undefined || setting.default === '' ? '' : `\`${String(setting.default)}\``
  return [
    `\`${key}\``,
    setting.flag === undefined ? '' : `\`-${setting.flag}\``,
    typeWords[setting.type],
    value + dev,
    setting.doc + (setting.reload === true ? ' (R)' : ''),
  ]
}
