// Reads all sources of the agent's configuration (flags, files, directories), merges and checks them together.
// Merge rules as the reference's. The outside comes in as a small interface that every Host fulfils.
import { err, ok, type Result } from '../lib/result.ts'
import type { ServiceDefinition } from '../model/definition.ts'
import type { AgentConfig } from './agent-config.ts'
import { buildConfig } from './build.ts'
import { parseDurationMs } from '../lib/durations.ts'
import { readConfigText, type ConfigFormat } from './file.ts'
import { flagMap, FlagValues, parseFlags, type FlagUse } from './flags.ts'
import type { InterfaceAddress } from './ip.ts'
import type { JsonValue } from './json.ts'
import { absolutePath } from './path.ts'
import { agentFlags, settingFlags, settings, type SettingFlag } from './settings.ts'
import { Values, type ConfigProblem, type SourcedValue } from './values.ts'

/** What the loader needs of the outside world; a Host has it. */
export interface ConfigHost {
  readonly files: {
    read(path: string): Promise<Uint8Array>
    list(path: string): Promise<readonly string[]>
    stat(path: string): Promise<{ readonly kind: 'file' | 'directory' | 'other' }>
  }
  readonly system: {
    hostname(): string
    interfaces(): readonly InterfaceAddress[]
    readonly cwd: string
  }
}

/** What is to be loaded. */
export interface ConfigRequest {
  /** Parsed flags of the `agent` command. */
  readonly uses: readonly FlagUse[]
  /** The same flags as they were typed. */
  readonly args: readonly string[]
  /** What the files defined before a reload. */
  readonly servicesBefore?: readonly ServiceDefinition[]
}

/**
 * Loads the configuration of an agent.
 *
 * Reads files, writes nothing. Errors: all problems that were found, each with its source.
 */
export async function loadConfig(
  request: ConfigRequest,
  host: ConfigHost,
): Promise<Result<AgentConfig, readonly ConfigProblem[]>> {
  const flags = new FlagValues(request.uses)
  const values = new Values(flags.bool('dev'))
  const flagValues = request.uses.flatMap(flagValue)
  const isList = ({ key }: SourcedValue): boolean => settings.get(key)?.type === 'list'
  for (const value of flagValues.filter(isList)) values.add(value)
  checkFormat(flags, values)
  const files = await readAll(request.uses, host, values)
  for (const value of flagValues.filter((other) => !isList(other))) values.add(value)
  for (const fragment of fragments(flags.list('hcl'))) addText(fragment.path, fragment.text, 'hcl', values)
  const config = buildConfig(values, {
    hostname: host.system.hostname(),
    interfaces: host.system.interfaces(),
    defaultInterface: await defaultInterface(host),
    cwd: host.system.cwd,
    args: request.args,
    files,
    servicesBefore: request.servicesBefore ?? [],
  })
  await checkDataDir(config, host, values)
  return values.problems.length === 0 ? ok(config) : err(values.problems)
}

/**
 * Loads again what a running agent was started with: the same flags, the files as they are now.
 *
 * Errors: as loadConfig; the agent keeps what it has.
 */
export function reloadConfig(
  running: AgentConfig,
  host: ConfigHost,
): Promise<Result<AgentConfig, readonly ConfigProblem[]>> {
  const parsed = parseFlags(flagMap(agentFlags), running.args)
  const uses = parsed.ok ? parsed.value.uses : []
  return loadConfig({ uses, args: running.args, servicesBefore: running.services }, host)
}

/** The value of one flag in its setting's type; the parser has already checked its form. */
function flagValue(use: FlagUse): readonly SourcedValue[] {
  const flag = settingFlags.get(use.spec.name)
  if (flag === undefined) return []
  return [{ key: flag.key, value: typedValue(flag, use.value), source: `flag -${flag.name}` }]
}

function typedValue(flag: SettingFlag, text: string): JsonValue {
  switch (flag.kind) {
    case 'bool':
      return text === 'true'
    case 'int':
    case 'uint':
      return Number(text)
    case 'duration':
      return parseDurationMs(text) ?? 0
    case 'list':
      return [text]
    case 'pairs': {
      const at = text.indexOf(flag.separator ?? '=')
      return { [text.slice(0, at)]: text.slice(at + 1) }
    }
    case 'string':
      return text
  }
}

function isFormat(word: string | undefined): word is ConfigFormat {
  return word === 'json' || word === 'hcl'
}

function checkFormat(flags: FlagValues, values: Values): void {
  const format = flags.string('config-format')
  if (format === undefined || isFormat(format)) return
  const message = `-config-format must be "json" or "hcl", not "${format}"`
  values.problem({ source: 'flag -config-format', message })
}

/** The texts of `-hcl`, each with the name that problems call it by. */
function fragments(texts: readonly string[]): readonly { readonly path: string; readonly text: string }[] {
  const isOne = texts.length === 1
  return texts.map((text, i) => ({ path: isOne ? 'flag -hcl' : `flag -hcl (${i + 1})`, text }))
}

/** Reads files and directories in the order of their flags. Returns the absolute paths that were read. */
async function readAll(
  uses: readonly FlagUse[],
  host: ConfigHost,
  values: Values,
): Promise<readonly string[]> {
  const word = new FlagValues(uses).string('config-format')
  const forced = isFormat(word) ? word : undefined
  const read: string[] = []
  for (const { spec, value } of uses) {
    if (spec.name !== 'config-file' && spec.name !== 'config-dir') continue
    const source = `flag -${spec.name}`
    const path = absolutePath(host.system.cwd, value)
    const origin = { source, isDirectory: spec.name === 'config-dir', forced }
    for (const file of await filesAt(path, origin, host, values)) {
      read.push(file.path)
      await readFile(file, source, host, values)
    }
  }
  return read
}

interface Origin {
  readonly source: string
  readonly isDirectory: boolean
  /** The format of all files, whatever they are called. */
  readonly forced: ConfigFormat | undefined
}

interface ConfigFile {
  readonly path: string
  readonly format: ConfigFormat
}

/** The files that a flag names: itself, or those in a directory whose names end in `.json` or `.hcl`. */
async function filesAt(
  path: string,
  origin: Origin,
  host: ConfigHost,
  values: Values,
): Promise<readonly ConfigFile[]> {
  try {
    const { kind } = await host.files.stat(path)
    if (kind !== 'directory') return readable(path, origin, values)
    const names = await host.files.list(path)
    const found: ConfigFile[] = []
    for (const name of names) {
      const file = `${path}/${name}`
      if ((await host.files.stat(file)).kind === 'directory') continue
      found.push(...readable(file, { ...origin, isDirectory: true }, values))
    }
    return found
  } catch (error) {
    values.problem({ source: origin.source, message: `Cannot open ${path}: ${reason(error)}` })
    return []
  }
}

/** The file with its format; nothing when its name says none, which is a problem if it was named by itself. */
function readable(
  path: string,
  { source, isDirectory, forced }: Origin,
  values: Values,
): readonly ConfigFile[] {
  const ending = /\.(json|hcl)$/.exec(path)?.[1]
  const format = forced ?? (isFormat(ending) ? ending : undefined)
  if (format !== undefined) return [{ path, format }]
  if (isDirectory) {
    values.warn(`Skipped ${path}: its name does not end in .json or .hcl`)
  } else {
    const message = `Cannot tell the format of ${path}: its name must end in .json or .hcl, or give -config-format`
    values.problem({ source, message })
  }
  return []
}

async function readFile(
  { path, format }: ConfigFile,
  source: string,
  host: ConfigHost,
  values: Values,
): Promise<void> {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(await host.files.read(path))
  } catch (error) {
    const why = error instanceof TypeError ? 'it is not UTF-8 text' : reason(error)
    values.problem({ source, message: `Cannot read ${path}: ${why}` })
    return
  }
  addText(path, text, format, values)
}

function addText(path: string, text: string, format: ConfigFormat, values: Values): void {
  const file = readConfigText(path, text, format)
  for (const problem of file.problems) values.problem(problem)
  for (const value of file.values) values.add(value)
  for (const definition of file.definitions) values.define(definition)
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  ENOTDIR: 'a part of the path is not a directory',
  ELOOP: 'too many symbolic links',
  EISDIR: 'it is a directory',
}

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  return reasons[code] ?? (error instanceof Error ? error.message : String(error))
}

async function checkDataDir(config: AgentConfig, host: ConfigHost, values: Values): Promise<void> {
  if (config.dataDir === null) return
  try {
    const { kind } = await host.files.stat(config.dataDir)
    if (kind !== 'directory') values.refuse('data_dir', `data_dir ${config.dataDir} is not a directory`)
  } catch (error) {
    // A directory that does not exist yet is made by the agent.
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return
    values.refuse('data_dir', `Cannot use data_dir ${config.dataDir}: ${reason(error)}`)
  }
}

/** The interface of the IPv4 default route, as Linux tells it; '' elsewhere. */
async function defaultInterface(host: ConfigHost): Promise<string> {
  try {
    const table = new TextDecoder().decode(await host.files.read('/proc/net/route'))
    const row = table.split('\n').find((line) => line.split('\t')[1] === '00000000')
    return row?.split('\t')[0] ?? ''
  } catch {
    return ''
  }
}
