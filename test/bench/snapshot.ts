// How long the loop stands still while a large state is saved: `node|bun test/bench/snapshot.ts [keys]`.
// Turns are measured in processor time of the main thread, so that other programs do not count. The collector's share of
// each is told apart: on Node by its performance entries, on Bun by what the engine logs between two marks of ours, which
// a parent process reads. `full gc` is what one collection of that heap takes by itself.
import { spawn } from 'node:child_process'
import { writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PerformanceObserver } from 'node:perf_hooks'
import { threadCpuUsage } from 'node:process'
import { createTurns } from '../../src/agent/turns.ts'
import { verifyArchive } from '../../src/agent/snapshot-verify.ts'
import { decodeStateRecords } from '../../src/agent/raft-storage.ts'
import { encodeStateRecord } from '../../src/codec/record-codec.ts'
import type { SnapshotMeta } from '../../src/raft/message.ts'
import { nodeHost } from '../../src/runtime/node.ts'
import { buildState } from '../../src/state/state.ts'
import { writeArchive } from '../../src/storage/archive.ts'
import { openSnapshots, type Snapshots } from '../../src/storage/snapshots.ts'

const keys = Number(process.argv[2] ?? 1_000_000)
const { files, clock } = nodeHost()
const value = new Uint8Array(100).fill(0x78)

/** What turns are told to: processor time of each, and between which times of the clock it was. */
interface Turn {
  readonly cpuMs: number
  readonly fromMs: number
  readonly untilMs: number
}

const isBun = process.versions['bun'] !== undefined
const isLogged = process.env['BUN_JSC_logGC'] === '1'
if (isBun && !isLogged) process.exit(await readChild())

let [lastMs, lastAtMs, isOn] = [0, 0, true]
let turns: Turn[] = []
const collections: { readonly fromMs: number; readonly ms: number }[] = []
if (!isBun) {
  new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      collections.push({ fromMs: startTime, ms: duration })
  }).observe({ entryTypes: ['gc'] })
}

function cpuMs(): number {
  const { user, system } = threadCpuUsage()
  return (user + system) / 1000
}

function tick(): void {
  const [nowMs, atMs] = [cpuMs(), performance.now()]
  turns.push({ cpuMs: nowMs - lastMs, fromMs: lastAtMs, untilMs: atMs })
  if (isLogged) mark(`turn ${(nowMs - lastMs).toFixed(2)}`)
  lastMs = nowMs
  lastAtMs = atMs
  if (isOn) clock.wakeAt(clock.nowMs() + 1, tick)
}

/** A line among those of the engine. */
function mark(text: string): void {
  writeSync(2, `\n@ ${text}\n`)
}

/** The longest turn, with the collector's share and without. */
function longest(): string {
  const own = turns.map(({ cpuMs: ms, fromMs, untilMs }) => {
    const inIt = collections.filter((each) => each.fromMs >= fromMs && each.fromMs < untilMs)
    return Math.max(0, ms - inIt.reduce((sum, each) => sum + each.ms, 0))
  })
  return told(
    turns.map(({ cpuMs: ms }) => ms),
    own,
  )
}

function told(all: readonly number[], own: readonly number[]): string {
  const most = (values: readonly number[]): string => values.reduce((a, b) => Math.max(a, b), 0).toFixed(1)
  return `longest turn ${most(all)} ms of processor time, ${most(own)} without the collector, ${all.length} turns`
}

/** Runs this script with the engine's log of collections, and puts each pause to the turn that it was in. */
async function readChild(): Promise<number> {
  const env = { ...process.env, BUN_JSC_logGC: '1' }
  const child = spawn(process.execPath, process.argv.slice(1), { env, stdio: ['ignore', 'inherit', 'pipe'] })
  let [text, pausesMs] = ['', 0]
  let [all, own]: [number[], number[]] = [[], []]
  const line = (words: string): void => {
    for (const [, ms] of words.matchAll(/\bp=([\d.]+)ms/g)) pausesMs += Number(ms)
    const [, verb, rest = ''] = /^@ (\w+) (.*)$/.exec(words) ?? []
    if (verb === 'turn') {
      all.push(Number(rest))
      own.push(Math.max(0, Number(rest) - pausesMs))
      pausesMs = 0
    } else if (verb === 'begin') [all, own] = [[], []]
    else if (verb === 'end') console.log(`${rest}, ${told(all, own)}`)
  }
  child.stderr.on('data', (chunk: Uint8Array) => {
    const lines = (text + new TextDecoder().decode(chunk)).split('\n')
    text = lines.pop() ?? ''
    for (const each of lines) line(each)
  })
  return await new Promise((resolve) => child.on('close', (code) => resolve(code ?? 1)))
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => void clock.wakeAt(clock.nowMs() + ms, resolve))
}

async function measured(what: string, work: () => Promise<unknown>): Promise<void> {
  await pause(50)
  turns = []
  if (isLogged) mark('begin -')
  const startMs = performance.now()
  await work()
  const wallMs = Math.round(performance.now() - startMs)
  await pause(5)
  if (isLogged) mark(`end ${what}: ${wallMs} ms`)
  else console.log(`${what}: ${wallMs} ms, ${longest()}`)
}

function filled(): ReturnType<typeof buildState> {
  const builder = buildState()
  for (let at = 0; at < keys; at++) {
    const entry = {
      key: `app/${at % 1000}/key-${at}`,
      value: value.slice(),
      flags: 0n,
      lockIndex: 0,
      session: '',
      fencingToken: 0,
      expiresAtWallMs: 0,
      createIndex: at + 1,
      modifyIndex: at + 1,
    }
    builder.put([{ kind: 'kv', entry }])
  }
  return builder
}

async function* bytesOf(snapshots: Snapshots, meta: SnapshotMeta): AsyncGenerator<Uint8Array> {
  const breathe = createTurns(clock)
  for (let at = 0; at < meta.size; at += 65_536) {
    const part = await snapshots.readPart(meta, at, Math.min(65_536, meta.size - at))
    if (!part.ok) throw new Error(part.error.message)
    yield part.value
    await breathe()
  }
}

const directory = await mkdtemp(join(tmpdir(), 'bench-snapshot-'))
const state = filled().finish()
const records = {
  *[Symbol.iterator]() {
    for (const record of state.snapshot().records()) yield encodeStateRecord(record)
  },
}
const opened = await openSnapshots(files, directory, createTurns(clock))
if (!opened.ok) throw new Error(opened.error.message)
const { snapshots } = opened.value
let meta: SnapshotMeta | null = null
const archive: Uint8Array[] = []
lastMs = cpuMs()
lastAtMs = performance.now()
tick()
await measured('idle', () => pause(1000))
const { gc } = globalThis as { gc?: () => void }
const bun = (globalThis as { Bun?: { gc(isSync: boolean): void } }).Bun
await measured('full gc', async () => (bun === undefined ? gc?.() : bun.gc(true)))
await measured('write a Raft snapshot', async () => {
  const base = { index: keys, term: 1, configuration: { servers: [] }, configurationIndex: 1 }
  const saved = await snapshots.save(base, records)
  meta = saved.ok ? saved.value : null
})
await measured('make an archive of it', async () => {
  if (meta === null) throw new Error('nothing was saved')
  const source = { snapshot: meta, index: keys, wallMs: 0, state: bytesOf(snapshots, meta) }
  for await (const part of writeArchive(source)) archive.push(part)
})
await measured('verify the archive in a scratch state', async () => {
  const verified = await verifyArchive(
    (async function* () {
      yield* archive
    })(),
    clock,
  )
  if (!verified.ok) throw new Error(verified.error)
})
isOn = false
const startMs = performance.now()
const builder = buildState()
const again = await openSnapshots(files, directory)
if (again.ok && meta !== null) {
  await again.value.snapshots.load(meta, (encoded) => {
    const decoded = decodeStateRecords(encoded)
    if (decoded.ok) builder.put(decoded.value)
  })
}
builder.finish()
console.log(`read it at a start: ${Math.round(performance.now() - startMs)} ms`)
await rm(directory, { recursive: true })
