// The configuration file of `snapshot agent`: keys as the reference's enterprise edition names them, read as flags that
// count less than those of the command line.
import { parseHcl } from '../config/hcl/hcl.ts'
import { parseJson, type JsonValue } from '../config/json.ts'
import { FlagValues, type FlagUse } from '../config/flags.ts'
import { UsageError, type Context } from './command.ts'
import { absolutePath, whyOf } from './data-argument.ts'

/** The flag that each key stands for. */
const flagByKey: Readonly<Record<string, string>> = {
  http_addr: 'http-addr',
  token: 'token',
  datacenter: 'datacenter',
  'snapshot.interval': 'interval',
  'snapshot.retain': 'retain',
  'snapshot.stale': 'stale',
  'snapshot.lock_key': 'lock-key',
  'snapshot.max_failures': 'max-failures',
  'local_storage.path': 'local-path',
}

/** Keys that change nothing here: no service is registered, nothing is written aside, the log is standard output. */
const idle: ReadonlySet<string> = new Set([
  'snapshot.service',
  'snapshot.deregister_after',
  'snapshot.local_scratch_path',
  'snapshot.prefix',
  'log.level',
  'log.enable_syslog',
  'log.syslog_facility',
])

/** Flags with those of the files that -config-file names. Errors: UsageError for a file that cannot be used. */
export async function withFile({ flags, uses, host }: Context): Promise<FlagValues> {
  const fromFiles: FlagUse[] = []
  for (const path of flags.list('config-file')) {
    let text: string
    try {
      text = new TextDecoder().decode(await host.files.read(absolutePath(host, path)))
    } catch (error) {
      throw new UsageError(`Cannot read ${path}: ${whyOf(error)}`)
    }
    fromFiles.push(...usesOf(path, text))
  }
  return new FlagValues([...fromFiles, ...uses])
}

function usesOf(path: string, text: string): readonly FlagUse[] {
  const parsed = path.endsWith('.hcl') ? parseHcl(text) : parseJson(text)
  if (!parsed.ok) {
    const { line, column, message } = parsed.error
    throw new UsageError(`Cannot read ${path}:${line}:${column}: ${message}`)
  }
  const root = objectOf(parsed.value.value)
  const agent = objectOf(root?.['snapshot_agent'] ?? null)
  if (agent === undefined) throw new UsageError(`Cannot use ${path}: it holds no object "snapshot_agent"`)
  return flat(agent, '').flatMap(([key, value]) => useOf(path, key, value))
}

function useOf(path: string, key: string, value: JsonValue): readonly FlagUse[] {
  if (idle.has(key)) return []
  const name = flagByKey[key]
  if (name === undefined) {
    const storage = /^(aws|azure|azure_blob|google)_storage/.exec(key)
    const why =
      storage === null
        ? 'there is no such key'
        : 'snapshots are kept in directories only (local_storage); copy them with the provider’s own tool'
    throw new UsageError(`Cannot use snapshot_agent.${key} of ${path}: ${why}`)
  }
  if (typeof value === 'object')
    throw new UsageError(`Cannot use snapshot_agent.${key} of ${path}: it is no text`)
  return [{ spec: { name, kind: 'string', doc: '' }, value: String(value) }]
}

function flat(
  object: { readonly [key: string]: JsonValue },
  prefix: string,
): readonly (readonly [string, JsonValue])[] {
  return Object.entries(object).flatMap(([name, value]) => {
    const inner = objectOf(value)
    const key = `${prefix}${name.toLowerCase()}`
    return inner === undefined ? [[key, value] as const] : flat(inner, `${key}.`)
  })
}

/** An object, or the only one of a list, as HCL writes blocks. */
function objectOf(value: JsonValue): { readonly [key: string]: JsonValue } | undefined {
  const [only = null] = Array.isArray(value) && value.length === 1 ? (value as readonly JsonValue[]) : [value]
  return typeof only === 'object' && only !== null && !Array.isArray(only)
    ? (only as { readonly [key: string]: JsonValue })
    : undefined
}
