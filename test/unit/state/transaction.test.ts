import { describe, expect, it } from 'vitest'
import type { Command } from '../../../src/model/command.ts'
import type { TxnKvVerb, TxnOperation, TxnOutcome } from '../../../src/model/transaction.ts'
import { createState, type State } from '../../../src/state/state.ts'
import {
  acquire,
  applyAll,
  applyAt,
  bytesOf,
  check,
  node,
  register,
  service,
  session,
  set,
} from './fixtures.ts'

const unknown = '00000000-0000-0000-0000-000000000000'

function kv(verb: TxnKvVerb, key: string, over: Partial<TxnOperation & { kind: 'kv' }> = {}): TxnOperation {
  return { kind: 'kv', verb, key, value: bytesOf('v'), flags: 0n, index: 0, session: '', ...over }
}

/** n1 with sessions at 2 and 3, `a` at 4, and `locked` by s1 at 5. */
function prepared(): State {
  const state = createState()
  const of = register(node('n1', { id: 'id-1' }), {
    service: service('web'),
    checks: [check('c', 'passing')],
  })
  applyAll(state, of, session('s1'), session('s2'), set('a', 'old'), acquire('locked', 's1'))
  return state
}

function run(state: State, ...operations: readonly TxnOperation[]): TxnOutcome {
  const { result } = applyAll(state, { kind: 'txn', operations })
  if (result.kind !== 'txn') throw new Error(`a transaction gave ${result.kind}`)
  return result.outcome
}

describe('an operation on a key', () => {
  it.each<readonly [TxnOperation, string]>([
    [kv('cas', 'a', { index: 1 }), 'failed to set key "a", index is stale'],
    [kv('cas', 'a'), 'failed to set key "a", index is stale'],
    [kv('cas', 'none', { index: 7 }), 'failed to set key "none", index is stale'],
    [kv('lock', 'locked', { session: 's2' }), 'failed to lock key "locked", lock is already held'],
    [kv('lock', 'a', { session: unknown }), `invalid session "${unknown}"`],
    [kv('lock', 'a', { session: 'bad' }), 'failed session lookup: index error: UUID must be 36 characters'],
    [kv('lock', 'a'), 'missing session'],
    [
      kv('unlock', 'locked', { session: 's2' }),
      'failed to unlock key "locked", lock isn\'t held, or is held by another session',
    ],
    [
      kv('unlock', 'none', { session: 's2' }),
      'failed to unlock key "none", lock isn\'t held, or is held by another session',
    ],
    [
      kv('check-session', 'locked', { session: 's2' }),
      'failed session check for key "locked", current session "s1" != "s2"',
    ],
    [kv('check-session', 'none'), 'failed to check session, key "none" doesn\'t exist'],
    [kv('check-index', 'a', { index: 1 }), 'failed index check for key "a", current modify index 4 != 1'],
    [kv('check-index', 'none'), 'failed to check index, key "none" doesn\'t exist'],
    [kv('check-not-exists', 'a'), 'key "a" exists'],
    [kv('get', 'none'), 'key "none" doesn\'t exist'],
    [kv('delete-cas', 'a', { index: 1 }), 'failed to delete key "a", index is stale'],
    [kv('set', ''), 'Must provide key'],
    [kv('get-tree', ''), 'Must provide key'],
  ])('is refused: %o', (operation, message) => {
    const state = prepared()
    expect(run(state, operation)).toEqual({ results: [], errors: [{ operation: 0, message }] })
  })

  it.each<readonly [TxnOperation, readonly unknown[]]>([
    [kv('set', 'a'), [{ key: 'a', createIndex: 4, modifyIndex: 6 }]],
    [kv('set', 'a', { value: bytesOf('old') }), [{ key: 'a', modifyIndex: 4 }]],
    [kv('cas', 'none'), [{ key: 'none', createIndex: 6 }]],
    [kv('cas', 'a', { index: 4 }), [{ key: 'a', modifyIndex: 6 }]],
    [kv('lock', 'a', { session: 's1' }), [{ lockIndex: 1, session: 's1', fencingToken: 6 }]],
    [kv('unlock', 'locked', { session: 's1' }), [{ lockIndex: 1, session: '', fencingToken: 0 }]],
    [kv('get-or-empty', 'none'), [{ key: 'none', modifyIndex: 0 }]],
    [kv('check-index', 'a', { index: 4 }), [{ key: 'a' }]],
    [kv('check-session', 'locked', { session: 's1' }), [{ key: 'locked' }]],
    [kv('check-session', 'a'), [{ key: 'a' }]],
    [kv('check-not-exists', 'none'), []],
    [kv('delete', 'none'), []],
    [kv('delete-tree', ''), []],
    [kv('delete-cas', 'none', { index: 9 }), []],
  ])('gives, without its value: %o', (operation, entries) => {
    const { results, errors } = run(prepared(), operation)
    expect(errors).toEqual([])
    expect(results).toHaveLength(entries.length)
    expect(results).toMatchObject(entries.map((entry) => ({ kind: 'kv', hasValue: false, entry })))
    for (const result of results) if (result.kind === 'kv') expect(result.entry.value).toHaveLength(0)
  })

  it.each([kv('get', 'a'), kv('get-or-empty', 'a'), kv('get-tree', 'a')])(
    'reads the value: $verb',
    (operation) => {
      expect(run(prepared(), operation).results).toMatchObject([
        { kind: 'kv', hasValue: true, entry: { key: 'a', value: bytesOf('old') } },
      ])
    },
  )
})

describe('an operation on the catalog', () => {
  const web = service('web', { port: 81 })
  const onNode = (
    verb: 'get' | 'set' | 'cas' | 'delete' | 'delete-cas',
    name: string,
    index = 0,
  ): TxnOperation => ({
    kind: 'node',
    verb,
    node: node(name),
    index,
  })
  const onService = (
    verb: 'get' | 'set' | 'cas' | 'delete' | 'delete-cas',
    id: string,
    index = 0,
  ): TxnOperation => ({
    kind: 'service',
    verb,
    node: 'n1',
    service: { ...web, id },
    index,
  })
  const onCheck = (
    verb: 'get' | 'set' | 'cas' | 'delete' | 'delete-cas',
    id: string,
    index = 0,
  ): TxnOperation => ({
    kind: 'check',
    verb,
    check: check(id, 'warning', { node: 'n1' }),
    index,
  })

  it.each<readonly [TxnOperation, string]>([
    [onNode('get', 'none'), 'node "none" doesn\'t exist'],
    [onNode('cas', 'n1', 9), 'failed to set node "n1", index is stale'],
    [onNode('cas', 'n1', 0), 'failed to set node "n1", index is stale'],
    [onNode('cas', 'none', 9), 'failed to set node "none", index is stale'],
    [onNode('delete-cas', 'n1', 9), 'failed to delete node "n1", index is stale'],
    [onNode('delete-cas', 'none', 9), 'failed to delete node "none", index is stale'],
    [onService('get', 'none'), 'service "none" on node "n1" doesn\'t exist'],
    [onService('cas', 'web', 9), 'failed to set service "web" on node "n1", index is stale'],
    [onService('delete-cas', 'none', 9), 'failed to delete service "none" on node "n1", index is stale'],
    [{ ...onService('set', 'x'), node: 'none' } as TxnOperation, 'Missing node registration'],
    [onCheck('get', 'none'), 'check "none" on node "n1" doesn\'t exist'],
    [onCheck('cas', 'c', 9), 'failed to set check "c" on node "n1", index is stale'],
    [onCheck('delete-cas', 'none', 9), 'failed to delete check "none" on node "n1", index is stale'],
    [
      { kind: 'check', verb: 'set', check: check('c', 'passing', { node: 'none' }), index: 0 },
      'Missing node registration',
    ],
    [
      { kind: 'check', verb: 'set', check: check('c', 'passing', { node: 'n1', serviceId: 'x' }), index: 0 },
      'Missing service registration',
    ],
  ])('is refused: %o', (operation, message) => {
    expect(run(prepared(), operation)).toEqual({ results: [], errors: [{ operation: 0, message }] })
  })

  it.each<readonly [TxnOperation, readonly object[]]>([
    [onNode('get', 'N1'), [{ kind: 'node', node: { name: 'n1', createIndex: 1 } }]],
    [onNode('set', 'n2'), [{ kind: 'node', node: { name: 'n2', createIndex: 6 } }]],
    [onNode('cas', 'n2'), [{ kind: 'node', node: { name: 'n2' } }]],
    [
      { kind: 'node', verb: 'get', node: node('other', { id: 'id-1' }), index: 0 },
      [{ kind: 'node', node: { name: 'n1' } }],
    ],
    [onNode('delete', 'none'), []],
    [onNode('delete-cas', 'n1', 1), []],
    [onService('set', 'web'), [{ kind: 'service', service: { port: 81, createIndex: 1, modifyIndex: 6 } }]],
    [onService('cas', 'web', 1), [{ kind: 'service', service: { modifyIndex: 6 } }]],
    [onService('cas', 'w2'), [{ kind: 'service', service: { id: 'w2', createIndex: 6 } }]],
    [onService('delete', 'none'), []],
    [onCheck('get', 'c'), [{ kind: 'check', check: { status: 'passing' } }]],
    [onCheck('set', 'c'), [{ kind: 'check', check: { status: 'warning', modifyIndex: 6 } }]],
    [onCheck('delete', 'c'), []],
  ])('gives %o', (operation, results) => {
    const outcome = run(prepared(), operation)
    expect(outcome.errors).toEqual([])
    expect(outcome.results).toHaveLength(results.length)
    expect(outcome.results).toMatchObject(results)
  })

  it('refuses a name that another node has, in the words of a registration', () => {
    const state = prepared()
    applyAll(state, register(node('n1', { id: 'id-1' }), { checks: [check('serfHealth', 'passing')] }))
    const set: TxnOperation = { kind: 'node', verb: 'set', node: node('n1', { id: 'id-2' }), index: 0 }
    expect(run(state, set).errors).toEqual([
      {
        operation: 0,
        message:
          'Error while renaming Node ID: "id-2": Node name n1 is reserved by node id-1 with name n1 (10.0.0.1)',
      },
    ])
  })
})

describe('a transaction', () => {
  it('lets each operation see what those before it did', () => {
    const outcome = run(
      prepared(),
      kv('set', 'u/1'),
      kv('get', 'u/1'),
      kv('set', 'u/2'),
      kv('get-tree', 'u/'),
    )
    expect(
      outcome.results.map((result) => result.kind === 'kv' && [result.entry.key, result.hasValue]),
    ).toEqual([
      ['u/1', false],
      ['u/1', true],
      ['u/2', false],
      ['u/1', true],
      ['u/2', true],
    ])
  })

  it('tells of every operation that failed, and changes nothing', () => {
    const state = prepared()
    const before = [...state.snapshot().records()]
    const outcome = run(
      state,
      kv('set', 'u/1'),
      { kind: 'node', verb: 'delete', node: node('n1'), index: 0 },
      kv('cas', 'u/1', { index: 5 }),
      kv('delete', 'u/1'),
      kv('get', 'u/1'),
    )
    expect(outcome).toEqual({
      results: [],
      errors: [
        { operation: 2, message: 'failed to set key "u/1", index is stale' },
        { operation: 4, message: 'key "u/1" doesn\'t exist' },
      ],
    })
    expect([...state.snapshot().records()].slice(1)).toEqual(before.slice(1))
  })

  it('that fails at once does not write what follows', () => {
    const state = prepared()
    expect(run(state, kv('get', 'none'), kv('set', 'a'), kv('delete', 'locked')).errors).toHaveLength(1)
    expect(state.query({ kind: 'kvGet', key: 'a' }).value?.modifyIndex).toBe(4)
    expect(state.query({ kind: 'kvGet', key: 'locked' }).value?.modifyIndex).toBe(5)
  })

  it('that failed wakes nobody and ends no session', () => {
    const state = prepared()
    const applied = applyAll(state, {
      kind: 'txn',
      operations: [{ kind: 'session', verb: 'delete', session: 's1' }, kv('set', 'a'), kv('get', 'none')],
    })
    expect([applied.changed, applied.sessions]).toEqual([[], []])
  })

  it('wakes those who wait for what it changed, and tells of the sessions it ended', () => {
    const applied = applyAll(prepared(), {
      kind: 'txn',
      operations: [{ kind: 'session', verb: 'delete', session: 's1' }, kv('set', 'a'), kv('set', 'a')],
    })
    expect([...applied.changed].sort()).toEqual(['k:a', 'k:locked', 't:sessions', 'x:s1', 'xn:n1'])
    expect(applied.sessions).toEqual([{ id: 's1', ttlMs: null }])
  })

  it('knows lock delays before anything else is tried', () => {
    const state = prepared()
    const destroyed: Command = { kind: 'sessionDestroy', id: 's3' }
    applyAt(state, 1000, session('s3', { lockDelayNanos: 5e9 }), acquire('d', 's3'), destroyed)
    const operations = [kv('lock', 'd', { session: 's1' }), kv('get', 'none')]
    expect(run(state, ...operations).errors).toEqual([
      { operation: 0, message: 'failed to lock key "d" due to lock delay' },
    ])
  })

  it('goes on from what it left when it failed', () => {
    const state = prepared()
    run(state, kv('set', 'b'), kv('get', 'none'))
    expect(run(state, kv('check-not-exists', 'b'), kv('set', 'b')).errors).toEqual([])
    expect(state.query({ kind: 'kvGet', key: 'b' })).toMatchObject({ index: 7, value: { createIndex: 7 } })
  })
})

it('a large tree that a failed transaction deleted is there again', () => {
  const state = prepared()
  for (let i = 0; i < 1100; i++) applyAll(state, set(`tree/${i}`, 'v'))
  expect(run(state, kv('delete-tree', 'tree/'), kv('set', 'tree/x'), kv('get', 'none')).errors).toHaveLength(
    1,
  )
  expect(state.query({ kind: 'kvGet', key: 'tree/7' }).value).not.toBeNull()
  expect(state.query({ kind: 'kvGet', key: 'tree/x' }).value).toBeNull()
  expect(state.query({ kind: 'kvList', prefix: 'tree/' }).value).toHaveLength(1100)
  expect(run(state, kv('delete-tree', 'tree/'), kv('check-not-exists', 'tree/7')).errors).toEqual([])
})

describe('a transaction that only reads', () => {
  it('is answered as a question', () => {
    const operations = [kv('get', 'a'), kv('check-index', 'a', { index: 4 })]
    const { value } = prepared().query({ kind: 'txn', operations })
    expect(value.results).toHaveLength(2)
    expect(value.errors).toEqual([])
  })

  it('cannot write', () => {
    const state = prepared()
    const { value } = state.query({ kind: 'txn', operations: [kv('set', 'a')] })
    expect(value.errors).toHaveLength(1)
    expect(state.query({ kind: 'kvGet', key: 'a' }).value?.modifyIndex).toBe(4)
  })
})
