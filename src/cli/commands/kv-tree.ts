// `kv export` and `kv import`: trees of keys as JSON, in the reference's form.
import type { Client } from '../../http/client.ts'
import { UsageError, type Context } from '../command.ts'
import { bytesOfBase64, readData, textOf } from '../data-argument.ts'
import { attempt, describeFailure } from '../failure.ts'
import { wantsJson } from '../format.ts'
import { renderJson } from '../output.ts'

/** Writes that are under way at the same time. */
const importsAtOnce = 32

/** Runs `kv export`. */
export async function kvExport(context: Context): Promise<number> {
  const given = context.args[0] ?? ''
  const prefix = given.startsWith('/') ? given.slice(1) : given
  wantsJson(context.flags)
  return attempt(context, 'Error querying Consul agent', async () => {
    const client = await context.client()
    const { value } = await client.kvList(prefix, { stale: context.flags.bool('stale') })
    const entries = value.map(({ Key, Flags, Value }) => ({ key: Key, flags: Flags, value: Value ?? '' }))
    context.print(withoutMarkup(renderJson(entries, '\t')))
    return 0
  })
}

/** The reference writes these characters so that JSON can stand in a web page. */
function withoutMarkup(json: string): string {
  return json.replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

interface Entry {
  readonly key: string
  readonly flags: bigint
  readonly value: Uint8Array
}

/** Runs `kv import`. Nothing is written before all of the data is found to be good. */
export async function kvImport(context: Context): Promise<number> {
  const { host, args, flags } = context
  const argument = args[0]
  wantsJson(flags)
  if (argument === undefined) throw new UsageError('Error! Missing DATA argument')
  if (argument === '') throw new UsageError('Error! Empty DATA argument')
  const text = textOf(await readData(host, argument))
  const prefix = flags.string('prefix') ?? ''
  const entries = parseEntries(text).map((entry) => ({ ...entry, key: prefix + entry.key }))
  for (const { key } of entries) checkKey(key)
  const client = await context.client()
  for (const group of groupsOf(entries)) {
    if (!(await writeGroup(context, client, group))) return 1
  }
  if (wantsJson(flags)) context.print(renderJson({ Imported: entries.length }))
  return 0
}

/** Writes entries at the same time and reports them in order; false when one of them could not be written. */
async function writeGroup(context: Context, client: Client, group: readonly Entry[]): Promise<boolean> {
  const outcomes = await Promise.allSettled(group.map((entry) => write(client, entry)))
  for (const [i, outcome] of outcomes.entries()) {
    const key = group[i]?.key ?? ''
    const isWritten = outcome.status === 'fulfilled' && outcome.value
    if (!isWritten) {
      const why = outcome.status === 'rejected' ? describeFailure(outcome.reason) : 'the agent refused it'
      context.complain(`Error! Failed writing data for key ${key}: ${why}`)
      return false
    }
    if (!wantsJson(context.flags)) context.print(`Imported: ${key}`)
  }
  return true
}

function write(client: Client, { key, flags, value }: Entry): Promise<boolean> {
  return client.kvPut(key, value, flags === 0n ? {} : { flags })
}

function checkKey(key: string): void {
  if (key.startsWith('/')) {
    throw new UsageError(
      `Error! Failed writing data for key ${key}: Invalid key. Key must not begin with a '/': ${key}`,
    )
  }
}

/** Entries that may be written at the same time: no key twice, so that the last one wins as it stands in the data. */
function* groupsOf(entries: readonly Entry[]): Generator<readonly Entry[]> {
  let group: Entry[] = []
  let keys = new Set<string>()
  for (const entry of entries) {
    if (group.length === importsAtOnce || keys.has(entry.key)) {
      yield group
      group = []
      keys = new Set()
    }
    group.push(entry)
    keys.add(entry.key)
  }
  if (group.length > 0) yield group
}

function parseEntries(text: string): readonly Entry[] {
  const parsed = parseJson(text)
  if (parsed === null) return []
  if (!Array.isArray(parsed)) throw new UsageError('Cannot unmarshal data: it must be a list of keys')
  return parsed.map((item: unknown, i) => entryOf(item, i))
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, keepDigits)
  } catch (error) {
    throw new UsageError(`Cannot unmarshal data: ${error instanceof Error ? error.message : String(error)}`)
  }
}

/** Numbers from their own digits, for flags may exceed 2^53. */
function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  const source = context?.source ?? ''
  return typeof value === 'number' && /^\d{1,20}$/.test(source) ? BigInt(source) : value
}

function entryOf(item: unknown, i: number): Entry {
  if (typeof item !== 'object' || item === null || Array.isArray(item)) {
    throw new UsageError(`Cannot unmarshal data: entry ${i + 1} must be an object`)
  }
  const fields = new Map(Object.entries(item).map(([name, value]) => [name.toLowerCase(), value as unknown]))
  const key = fieldOf(fields, 'key', i)
  const value = bytesOfBase64(fieldOf(fields, 'value', i))
  if (value === undefined)
    throw new UsageError(`Error base 64 decoding value for key ${key}: it is not base 64`)
  const flags = fields.get('flags') ?? 0n
  if (typeof flags !== 'bigint' || flags > 0xffff_ffff_ffff_ffffn) {
    throw new UsageError(`Cannot unmarshal data: "flags" of entry ${i + 1} must be a number from 0 to 2^64-1`)
  }
  return { key, flags, value }
}

function fieldOf(fields: ReadonlyMap<string, unknown>, name: string, i: number): string {
  const value = fields.get(name) ?? ''
  if (typeof value === 'string') return value
  throw new UsageError(`Cannot unmarshal data: "${name}" of entry ${i + 1} must be a text`)
}
