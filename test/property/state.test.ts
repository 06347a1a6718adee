// The state store against a dumb model that keeps everything in arrays, and the promises every history must keep:
// indexes only grow, a watch misses no change, a restored state is the same state.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeCommand, encodeCommand, stampCommand } from '../../src/codec/command-codec.ts'
import { decodeStateRecord, encodeStateRecord } from '../../src/codec/record-codec.ts'
import type { CatalogCheck, CatalogNode, CatalogService } from '../../src/model/catalog.ts'
import type { Command } from '../../src/model/command.ts'
import type { PreparedQuery } from '../../src/model/prepared-query.ts'
import type { Query } from '../../src/model/query.ts'
import { createState, restoreState } from '../../src/state/state.ts'
import type { StateRecord } from '../../src/model/state-record.ts'
import type { State } from '../../src/state/state.ts'
import { matches } from '../../src/state/topics.ts'
import {
  catalogCommand,
  command,
  history,
  kvCommand,
  lockCommand,
  prelude,
  queryCommand,
  type Timed,
} from './state-arbitraries.ts'

const select = { tags: [], nodeMeta: {}, near: '', connect: false }
const questions: readonly Query[] = [
  { kind: 'nodes', nodeMeta: {}, near: '' },
  { kind: 'services', nodeMeta: {} },
  { kind: 'healthState', state: 'any', nodeMeta: {}, near: '' },
  { kind: 'healthState', state: 'critical', nodeMeta: {}, near: '' },
  { kind: 'nodesByAddress', ip: '10.0.0.1' },
  { kind: 'servicesByAddress', ip: '' },
  ...['n1', 'n2', 'n3'].flatMap((name): Query[] => [
    { kind: 'node', node: name },
    { kind: 'healthNode', node: name },
    { kind: 'nodeServices', node: name },
    { kind: 'nodeDump', node: name },
    { kind: 'coordinatesOfNode', node: name },
  ]),
  ...['web', 'db'].flatMap((name): Query[] => [
    { kind: 'serviceNodes', service: name, ...select },
    { kind: 'serviceNodes', service: name, ...select, connect: true },
    { kind: 'healthService', service: name, ...select, passing: true },
    { kind: 'healthChecks', service: name, nodeMeta: {}, near: '' },
  ]),
  ...['', 'a', 'a/', 'a/b', 'b', 'zz'].flatMap((text): Query[] => [
    { kind: 'kvGet', key: text },
    { kind: 'kvList', prefix: text },
    { kind: 'kvKeys', prefix: text, separator: '/' },
    { kind: 'kvHistory', key: text },
  ]),
  ...['', 'a', 'a/b'].flatMap((key) =>
    [0, 3, 30].map((since): Query => ({ kind: 'kvChanges', key, isPrefix: true, since })),
  ),
  { kind: 'kvChanges', key: 'a/b', isPrefix: false, since: 2 },
  ...['s1', 's2', 's3'].map((id): Query => ({ kind: 'session', id })),
  ...['n1', 'n2'].map((name): Query => ({ kind: 'sessionsOfNode', node: name })),
  { kind: 'sessions' },
  { kind: 'nodeServices', node: 'id-1' },
  { kind: 'nodeDump', node: '' },
  { kind: 'coordinates' },
  { kind: 'preparedQueries' },
  ...['q1', 'q2', 'a', 'ab', 'abc', 'zz', ''].flatMap((text): Query[] => [
    { kind: 'preparedQuery', id: text },
    { kind: 'preparedQueryResolve', nameOrId: text },
  ]),
  { kind: 'configEntries', configKind: '' },
  ...['service-defaults', 'service-router', 'proxy-defaults'].flatMap((kind): Query[] => [
    { kind: 'configEntries', configKind: kind },
    { kind: 'configEntry', configKind: kind, name: 'WEB' },
  ]),
  { kind: 'exportedServices' },
  { kind: 'autopilotConfig' },
  { kind: 'usage' },
]

/** Answers without the indexes that belong to the question. */
function answers(state: State): readonly unknown[] {
  return questions.map((question) => state.query(question))
}

function applyNext(state: State, { command: each, wallMs }: Timed): readonly string[] {
  return state.apply(state.lastLogIndex + 1, each, { wallMs }).changed
}

/** Replaces the state by an archive, in four entries. */
function restore(state: State, archive: readonly StateRecord[]): void {
  const at = { wallMs: 0 }
  const commands: readonly Command[] = [
    { kind: 'restoreBegin', id: 'r' },
    { kind: 'restoreRecords', id: 'r', records: archive.slice(0, 5) },
    { kind: 'restoreRecords', id: 'r', records: archive.slice(5) },
    { kind: 'restoreEnd', id: 'r', records: archive.length },
  ]
  for (const each of commands) applyNext(state, { command: each, ...at })
}

describe('every history', () => {
  it('only raises indexes, and lists every change of an answer among its topics', () => {
    fc.assert(
      fc.property(history(command, 40), (commands) => {
        const state = createState()
        let before = questions.map((question) => state.query(question))
        for (const each of commands) {
          const changed = applyNext(state, each)
          const after = questions.map((question) => state.query(question))
          for (const [i, question] of questions.entries()) {
            expect(after[i]?.index).toBeGreaterThanOrEqual(before[i]?.index ?? 0)
            expect(after[i]?.index).toBeLessThanOrEqual(state.lastIndex)
            // Versions also go because of their age.
            if (question.kind === 'kvHistory' || isSame(after[i]?.value, before[i]?.value)) continue
            expect(after[i]?.index, `${question.kind} has changed`).toBe(state.lastIndex)
            const topics = state.topicsOf(question)
            expect(topics.some((topic) => changed.some((one) => matches(topic, one)))).toBe(true)
          }
          before = after
        }
      }),
      { numRuns: 150 },
    )
  })

  it('comes back from its records, and goes on the same', () => {
    fc.assert(
      fc.property(history(command, 30), history(command, 10), (first, second) => {
        const state = createState()
        for (const each of first) applyNext(state, each)
        const snapshot = state.snapshot()
        const saved = Array.from(snapshot.records(), (each) => new Uint8Array(encodeStateRecord(each)))
        for (const each of second) applyNext(state, each)
        const restored = restoreState(saved.map(decoded))
        expect([...restored.snapshot().records()]).toEqual([...snapshot.records()])
        const again = Array.from(restored.snapshot().records(), (each) => encodeStateRecord(each).join())
        expect(again).toEqual(saved.map((bytes) => bytes.join()))
        for (const each of second) applyNext(restored, each)
        expect(answers(restored)).toEqual(answers(state))
      }),
      { numRuns: 100 },
    )
  })

  it('may be replaced by an archive of another: then it is that one, and indexes still only grow', () => {
    fc.assert(
      fc.property(
        history(command, 20, 1),
        history(command, 20),
        history(command, 5),
        (first, second, third) => {
          const archived = createState()
          for (const each of first) applyNext(archived, each)
          const records = Array.from(archived.snapshot().archive(), throughCodec)
          const state = createState()
          for (const each of second) applyNext(state, each)
          const before = questions.map((question) => state.query(question).index)
          restore(state, records)
          expect(contents(state)).toEqual(contents(archived))
          questions.forEach((question, i) => {
            const { index } = state.query(question)
            expect(index).toBeGreaterThanOrEqual(before[i] ?? 0)
            expect(index).toBeLessThanOrEqual(state.lastIndex)
          })
          const restoredIndex = state.lastIndex
          for (const each of third) applyNext(state, each)
          const { value } = state.query({ kind: 'kvList', prefix: '' })
          const newer = value.filter((entry) => entry.modifyIndex > archived.lastIndex)
          for (const entry of newer) expect(entry.modifyIndex).toBeGreaterThan(restoredIndex)
        },
      ),
      { numRuns: 100 },
    )
  })

  it('is the same when its commands went through the codec', () => {
    fc.assert(
      fc.property(history(command, 20), (commands) => {
        const [plain, coded] = [createState(), createState()]
        for (const each of commands) {
          const data = encodeCommand(each.command)
          stampCommand(data, each.wallMs)
          const read = decodeCommand(data)
          expect(read).toEqual({ ok: true, value: each })
          if (read.ok) expect(applyNext(coded, read.value)).toEqual(applyNext(plain, each))
        }
        expect(answers(coded)).toEqual(answers(plain))
      }),
      { numRuns: 100 },
    )
  })
})

describe('what stands in front of a service', () => {
  it('is what a look at all instances finds', () => {
    fc.assert(
      fc.property(history(catalogCommand, 40), (commands) => {
        const state = createState()
        for (const each of commands) applyNext(state, each)
        const all = services(state)
        for (const name of ['web', 'db']) {
          const wanted = all.filter((each) => isInFrontOf(each, name))
          const found = state.query({ kind: 'serviceNodes', service: name, ...select, connect: true }).value
          expect(found.map((each) => each.service)).toEqual(wanted)
        }
      }),
      { numRuns: 150 },
    )
  })
})

function services(state: State): readonly CatalogService[] {
  return [...state.snapshot().records()].flatMap((each) => (each.kind === 'service' ? [each.service] : []))
}

function isInFrontOf({ kind, service, proxy, connect }: CatalogService, name: string): boolean {
  const front =
    kind === 'connect-proxy'
      ? proxy?.['DestinationServiceName']
      : connect?.['Native'] === true
        ? service
        : null
  return typeof front === 'string' && front.toLowerCase() === name
}

describe('prepared queries', () => {
  it('are found by ID, by name, and else by the longest template', () => {
    fc.assert(
      fc.property(history(fc.oneof(queryCommand, lockCommand), 30), (commands) => {
        const state = createState()
        for (const each of prelude) applyNext(state, { command: each, wallMs: 0 })
        for (const each of commands) applyNext(state, each)
        const all = state.query({ kind: 'preparedQueries' }).value
        const living = new Set(state.query({ kind: 'sessions' }).value.map(({ id }) => id))
        for (const { session } of all) expect(session === '' || living.has(session)).toBe(true)
        const names = all.flatMap(({ name }) => (name === '' ? [] : [name.toLowerCase()]))
        expect(new Set(names).size).toBe(names.length)
        for (const asked of ['q1', 'q2', 'a', 'ab', 'abc', 'zz']) {
          expect(state.query({ kind: 'preparedQueryResolve', nameOrId: asked }).value).toBe(
            resolved(all, asked),
          )
        }
      }),
      { numRuns: 200 },
    )
  })
})

function resolved(all: readonly PreparedQuery[], asked: string): PreparedQuery | null {
  const fold = (text: string): string => text.toLowerCase()
  const templates = all
    .filter(({ template, name }) => template !== null && asked.startsWith(fold(name)))
    .sort((a, b) => b.name.length - a.name.length)
  return (
    all.find(({ id }) => fold(id) === asked) ??
    all.find(({ name }) => fold(name) === asked) ??
    templates[0] ??
    null
  )
}

describe('against arrays', () => {
  it('holds the keys that a list of writes would', () => {
    fc.assert(
      fc.property(fc.array(kvCommand.map(withoutTtl), { maxLength: 40 }), (commands) => {
        const state = createState()
        let model: readonly Kv[] = []
        for (const [i, each] of commands.entries()) {
          state.apply(i + 1, each, { wallMs: 0 })
          model = modelKv(model, each, i + 1)
        }
        const expected = model.map(({ key: name, text, flag, from, at }) => [name, text, flag, from, at])
        const { value: found } = state.query({ kind: 'kvList', prefix: '' })
        const sorted = expected.sort((a, b) => ((a[0] ?? '') < (b[0] ?? '') ? -1 : 1))
        expect(
          found.map((entry) => [
            entry.key,
            entry.value.join(),
            entry.flags,
            entry.createIndex,
            entry.modifyIndex,
          ]),
        ).toEqual(sorted)
      }),
      { numRuns: 150 },
    )
  })

  it('every stored object is found by each of its keys, and by nothing else', () => {
    fc.assert(
      fc.property(history(catalogCommand, 40), (commands) => {
        const state = createState()
        for (const each of commands) applyNext(state, each)
        checkCatalog(state, [...state.snapshot().records()])
      }),
      { numRuns: 150 },
    )
  })
})

interface Kv {
  readonly key: string
  readonly text: string
  readonly flag: bigint
  readonly from: number
  readonly at: number
}

/** The KV rules, as plainly as they can be said. */
function modelKv(model: readonly Kv[], each: Command, index: number): readonly Kv[] {
  if (each.kind === 'kvDeleteTree') return model.filter((kv) => !kv.key.startsWith(each.prefix))
  if (!('key' in each)) return model
  const known = model.find((kv) => kv.key === each.key)
  const rest = model.filter((kv) => kv !== known)
  switch (each.kind) {
    case 'kvSet':
      return modelSet(model, each, index)
    case 'kvCas':
      return each.expectedIndex === (known?.at ?? 0) ? modelSet(model, each, index) : model
    case 'kvDelete':
      return rest
    case 'kvDeleteCas':
      return each.expectedIndex === known?.at ? rest : model
    default:
      return model
  }
}

function modelSet(
  model: readonly Kv[],
  each: { readonly key: string; readonly value: Uint8Array; readonly flags: bigint },
  index: number,
): readonly Kv[] {
  const known = model.find((kv) => kv.key === each.key)
  const entry = {
    key: each.key,
    text: each.value.join(),
    flag: each.flags,
    from: known?.from ?? index,
    at: index,
  }
  if (known !== undefined && isSame({ ...entry, at: known.at }, known)) return model
  return [...model.filter((kv) => kv !== known), entry]
}

/** What the records say must agree with what the questions find. */
function checkCatalog(state: State, records: readonly StateRecord[]): void {
  const nodes: CatalogNode[] = []
  const services: CatalogService[] = []
  const checks: CatalogCheck[] = []
  for (const each of records) {
    if (each.kind === 'node') nodes.push(each.node)
    if (each.kind === 'service') services.push(each.service)
    if (each.kind === 'check') checks.push(each.check)
  }
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()
  const ids = nodes.filter((each) => each.id !== '').map((each) => each.id)
  expect(new Set(ids).size).toBe(ids.length)
  expect(new Set(nodes.map((each) => each.name.toLowerCase())).size).toBe(nodes.length)
  for (const each of services) expect(nodes.some((owner) => same(owner.name, each.node))).toBe(true)
  for (const each of checks) {
    expect(nodes.some((owner) => same(owner.name, each.node))).toBe(true)
    const owner = services.find((one) => same(one.node, each.node) && same(one.id, each.serviceId))
    expect(each.serviceName).toBe(each.serviceId === '' ? '' : owner?.service)
  }
  for (const name of ['web', 'db']) {
    const found = state.query({ kind: 'serviceNodes', service: name, ...select }).value
    expect(found.map((each) => each.service)).toEqual(services.filter((each) => same(each.service, name)))
    for (const each of found) {
      const bearing = checks.filter(
        (one) =>
          same(one.node, each.node.name) && (one.serviceId === '' || same(one.serviceId, each.service.id)),
      )
      expect([...each.checks].sort(byId)).toEqual([...bearing].sort(byId))
    }
  }
}

function byId(a: CatalogCheck, b: CatalogCheck): number {
  return a.checkId < b.checkId ? -1 : 1
}

function decoded(bytes: Uint8Array): StateRecord {
  const read = decodeStateRecord(bytes)
  if (!read.ok) throw new Error(read.error.detail)
  return read.value
}

function isSame(a: unknown, b: unknown): boolean {
  const text = (held: unknown): string =>
    JSON.stringify(held, (_, each: unknown) => (typeof each === 'bigint' ? each.toString() : each))
  return text(a) === text(b)
}

/** Expiry has a model of its own (state-locks.test.ts). */
function withoutTtl(each: Command): Command {
  return 'ttlMs' in each ? { ...each, ttlMs: 0 } : each
}

/** All but the marks, and the versions of keys, which a restore keeps or drops as the cluster says. */
function contents(state: State): readonly StateRecord[] {
  return [...state.snapshot().records()].filter(({ kind }) => kind !== 'marks' && kind !== 'kvVersion')
}

function throughCodec(record: StateRecord): StateRecord {
  return decoded(encodeStateRecord(record))
}
