// `snapshot inspect` and `snapshot decode`: what a snapshot holds, by type, by key, or record by record.
import { readSnapshotFile, type SnapshotFacts } from '../../agent/archive-file.ts'
import type { ArchivedRecord } from '../../agent/snapshot-verify.ts'
import type { StateRecord } from '../../model/state-record.ts'
import { UsageError, type Context } from '../command.ts'
import { absolutePath, whyOf } from '../data-argument.ts'
import { wantsJson } from '../format.ts'
import { renderJson } from '../output.ts'
import { createProgress, formatBytes } from '../progress.ts'

/** Runs `snapshot inspect`. */
export async function snapshotInspect(context: Context): Promise<number> {
  const { flags } = context
  const isJson = wantsJson(flags)
  const depth = Number(flags.string('kvdepth') ?? '2')
  if (depth < 1) throw new UsageError(`-kvdepth cannot be ${depth}: it must be 1 at least`)
  const types = new Tally()
  const keys = new Tally()
  const prefix = flags.string('kvfilter') ?? ''
  const hasKeys = flags.bool('kvdetails')
  const facts = await read(context, (records) => {
    for (const { record, bytes } of records) {
      types.add(typeOf(record), bytes)
      if (!hasKeys || record.kind !== 'kv' || !record.entry.key.startsWith(prefix)) continue
      keys.add(record.entry.key.split('/').slice(0, depth).join('/'), bytes)
    }
  })
  if (facts === undefined) return 1
  if (isJson) context.print(renderJson(shapeOf(facts, types, hasKeys ? keys : undefined)))
  else printTables(context, { facts, types, keys: hasKeys ? keys : undefined })
  return 0
}

/** Reads the file of the argument; what is wrong is said in the reference's words. */
async function read(
  context: Context,
  onRecords: (records: readonly ArchivedRecord[]) => void,
): Promise<SnapshotFacts | undefined> {
  const { host, args } = context
  const name = args[0] ?? ''
  const progress = createProgress(host)
  let count = 0
  try {
    const done = await readSnapshotFile(host, absolutePath(host, name), (records) => {
      count += records.length
      progress.show(() => `Reading: ${count} records`)
      onRecords(records)
    })
    progress.clear()
    if (done.ok) return done.value
    context.complain(`Error verifying snapshot: ${done.error}`)
  } catch (error) {
    progress.clear()
    context.complain(`Error opening snapshot file: open ${name}: ${whyOf(error)}`)
  }
  return undefined
}

/** Counts and sizes by name. */
class Tally {
  readonly #byName = new Map<string, { count: number; bytes: number }>()
  bytes = 0
  count = 0

  add(name: string, bytes: number): void {
    const known = this.#byName.get(name) ?? { count: 0, bytes: 0 }
    known.count++
    known.bytes += bytes
    this.#byName.set(name, known)
    this.bytes += bytes
    this.count++
  }

  /** The largest first. */
  rows(): readonly { readonly Name: string; readonly Sum: number; readonly Count: number }[] {
    return Array.from(this.#byName, ([Name, { count, bytes }]) => ({
      Name,
      Sum: bytes,
      Count: count,
    })).toSorted((a, b) => b.Sum - a.Sum || (a.Name < b.Name ? -1 : 1))
  }
}

/** What the reference calls the records of each kind, where it knows them. */
const typeNames: Readonly<Record<StateRecord['kind'], string>> = {
  marks: 'Index',
  node: 'Register',
  service: 'Register',
  check: 'Register',
  serviceIndex: 'Index',
  kv: 'KVS',
  tombstone: 'Tombstone',
  session: 'Session',
  lockDelay: 'LockDelay',
  kvVersion: 'KVHistory',
  autopilot: 'Autopilot',
  preparedQuery: 'PreparedQuery',
  coordinate: 'CoordinateBatchUpdate',
  configEntry: 'ConfigEntry',
  restore: 'Restore',
  restoring: 'Restore',
}

function typeOf(record: StateRecord): string {
  return typeNames[record.kind]
}

function shapeOf(facts: SnapshotFacts, types: Tally, keys: Tally | undefined): unknown {
  const { id, size, index, term, version } = facts
  return {
    Meta: { ID: id, Size: size, Index: index, Term: term, Version: version },
    Stats: types.rows(),
    StatsKV: keys?.rows() ?? null,
    TotalSize: types.bytes,
    TotalSizeKV: keys?.bytes ?? 0,
  }
}

function printTables(
  context: Context,
  {
    facts,
    types,
    keys,
  }: { readonly facts: SnapshotFacts; readonly types: Tally; readonly keys: Tally | undefined },
): void {
  const { id, size, index, term, version } = facts
  context.print(
    aligned([
      ['ID', id],
      ['Size', String(size)],
      ['Index', String(index)],
      ['Term', String(term)],
      ['Version', String(version)],
    ]),
  )
  context.print(`\n${tallyTable('Type', types, '')}`)
  if (keys !== undefined) context.print(`\n${tallyTable('Key Name', keys, String(keys.count))}`)
}

function tallyTable(title: string, tally: Tally, total: string): string {
  const rule = ['----', '----', '----']
  const rows = tally.rows().map(({ Name, Count, Sum }) => [Name, String(Count), formatBytes(Sum)])
  return aligned([[title, 'Count', 'Size'], rule, ...rows, rule, ['Total', total, formatBytes(tally.bytes)]])
}

/** Columns with six blanks between them, as the reference has them here. */
function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, x) => Math.max(...rows.map((row) => (row[x] ?? '').length)) + 6)
  return rows
    .map((row) => row.map((cell, x) => (x < row.length - 1 ? cell.padEnd(widths[x] ?? 0) : cell)).join(''))
    .join('\n')
}

/** Runs `snapshot decode`. */
export async function snapshotDecode(context: Context): Promise<number> {
  const facts = await read(context, (records) => {
    const lines = records.map(({ record }) => lineOf(record))
    context.host.console.out(lines.join(''))
  })
  return facts === undefined ? 1 : 0
}

function lineOf(record: StateRecord): string {
  const { kind: _, ...content } = record
  const values = Object.values(content)
  const data = values.length === 1 && typeof values[0] === 'object' ? values[0] : content
  return `${JSON.stringify({ Type: typeOf(record), Data: jsonOf(data) }, bigintAsText)}\n`
}

/** Fields whose values were given by users, names included. */
const keptAsGiven: ReadonlySet<string> = new Set(['meta', 'definition', 'proxy', 'connect'])

/** Our names with a capital, bytes in base64. */
function jsonOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return base64(value)
  if (Array.isArray(value)) return value.map(jsonOf)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [
      capitalised(name),
      keptAsGiven.has(name) ? each : name === 'taggedAddresses' ? byTag(each) : jsonOf(each),
    ]),
  )
}

/** Tags are users' names, what stands under them is ours. */
function byTag(addresses: object): unknown {
  return Object.fromEntries(Object.entries(addresses).map(([tag, each]) => [tag, jsonOf(each)]))
}

function capitalised(name: string): string {
  return name.slice(0, 1).toUpperCase() + name.slice(1)
}

/** Numbers beyond 2^53 as text: readers of JSON would round them. */
function bigintAsText(_: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value.toString()
}

function base64(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 8192) {
    text += String.fromCharCode(...bytes.subarray(at, at + 8192))
  }
  return btoa(text)
}
