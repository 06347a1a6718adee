import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../src/lib/random.ts'
import { checkHistory, type KvOperation } from './check.ts'
import type { KvInput, KvOutput, KvStep, ReadEntry } from './kv-operations.ts'
import { isExplained, staleRead } from './planted.ts'
import { correctHistory } from './store-double.ts'

const group = 'g'
const done: KvOutput = { kind: 'done' }
const decided = (applied: boolean, token: number | null = null): KvOutput => ({
  kind: 'decided',
  applied,
  token,
})

function entry(value: string, index: number, session = '', token = 0): KvOutput {
  return { kind: 'entry', entry: { value, index, session, token } }
}

/** An operation by its interval; a null output is an unknown outcome. */
function op(
  input: KvStep | Omit<KvInput & { kind: 'txn' }, 'group'>,
  at: readonly [number, number],
  output: KvOutput | null,
): KvOperation {
  const returnedAt = output === null ? Infinity : at[1]
  return { client: 'c', input: { ...input, group } as KvInput, output, calledAt: at[0], returnedAt }
}

const put = (value: string, key = 'k'): KvStep => ({ kind: 'put', key, value })
const get = (key = 'k'): KvStep => ({ kind: 'get', key })
const acquire = (value: string, session: string): KvStep => ({ kind: 'acquire', key: 'k', value, session })
const end = (session: string, from: number, to: number): KvOperation => ({
  client: 'c',
  input: { group, kind: 'end', session, behavior: 'release' },
  output: to === Infinity ? null : done,
  calledAt: from,
  returnedAt: to,
})

function expectBad(operations: readonly KvOperation[], pattern: RegExp = /no order|older state/): void {
  const result = checkHistory(operations)
  expect(result.undecided).toEqual([])
  expect(result.violations.join('\n')).toMatch(pattern)
}

function expectGood(operations: readonly KvOperation[]): void {
  const { violations, undecided } = checkHistory(operations)
  expect([...violations, ...undecided]).toEqual([])
}

describe('keys', () => {
  it('sees a stale read', () => {
    const history = [op(put('a'), [0, 1], done), op(put('b'), [2, 3], done)]
    expectBad([...history, op(get(), [4, 5], entry('a', 11))])
    expectGood([...history, op(get(), [4, 5], entry('b', 12))])
    expectGood([...history, op(get(), [2, 5], entry('a', 11))])
  })

  it('sees reads that go back', () => {
    const write = op(put('b'), [2, 100], done)
    expectBad([
      op(put('a'), [0, 1], done),
      write,
      op(get(), [10, 11], entry('b', 12)),
      op(get(), [12, 13], entry('a', 11)),
    ])
  })

  it('sees a lost update', () => {
    const cas = (value: string): KvStep => ({ kind: 'cas', key: 'k', value, index: 11 })
    const start = [op(put('a'), [0, 1], done), op(get(), [2, 3], entry('a', 11))]
    expectBad([...start, op(cas('b'), [4, 8], decided(true)), op(cas('c'), [4, 8], decided(true))])
    expectGood([...start, op(cas('b'), [4, 8], decided(true)), op(cas('c'), [4, 8], decided(false))])
    expectBad([...start, op(cas('b'), [4, 8], decided(false))])
  })

  it('sees a write that was refused and happened, and one that was acknowledged and did not', () => {
    // What was refused is no operation of the history.
    expectBad([op(put('a'), [0, 1], done), op(get(), [2, 3], entry('refused', 12))])
    expectBad([op(put('a'), [0, 1], done), op(get(), [2, 3], { kind: 'entry', entry: null })])
  })

  it('lets a write of unknown outcome come late, once, or never', () => {
    const late = [op(put('a'), [0, 1], done), op(put('lost'), [2, 3], null), op(put('b'), [10, 11], done)]
    expectGood([...late, op(get(), [20, 21], entry('b', 12))])
    expectGood([...late, op(get(), [20, 21], entry('lost', 13))])
    expectBad(
      [
        ...late,
        op(get(), [20, 21], entry('lost', 13)),
        op(put('c'), [22, 23], done),
        op(get(), [24, 25], entry('c', 14)),
        op(get(), [26, 27], entry('lost', 15)),
      ],
      /indexes 13 and 15/,
    )
    expectBad([op(get(), [0, 1], entry('lost', 13)), op(put('lost'), [2, 3], null)])
  })

  it('sees indexes that go back and two for one write', () => {
    expectBad([
      op(put('a'), [0, 1], done),
      op(get(), [2, 3], entry('a', 12)),
      op(put('b'), [4, 5], done),
      op(get(), [6, 7], entry('b', 11)),
    ])
    const twice = [
      op(put('a'), [0, 1], done),
      op(get(), [2, 3], entry('a', 11)),
      op(get(), [4, 5], entry('a', 12)),
    ]
    expectBad(twice, /indexes 11 and 12/)
  })
})

describe('locks', () => {
  it('sees two holders', () => {
    expectBad([
      op(acquire('a', 's1'), [0, 1], decided(true, 11)),
      op(acquire('b', 's2'), [2, 3], decided(true, 12)),
    ])
  })

  it('lets a lock go to another after a release or the end of the session, not before', () => {
    const first = op(acquire('a', 's1'), [0, 1], decided(true, 11))
    const second = op(acquire('b', 's2'), [20, 21], decided(true, 12))
    expectGood([first, end('s1', 10, Infinity), second])
    expectBad([first, end('s1', 30, Infinity), second])
    expectGood([first, op({ kind: 'release', key: 'k', value: 'r', session: 's1' }, [2, 3], null), second])
  })

  it('lets a session that has ended acquire nothing', () => {
    expectBad([end('s1', 0, 5), op(acquire('a', 's1'), [6, 7], decided(true, 11))])
  })

  it('sees fencing tokens that do not grow', () => {
    const release: KvStep = { kind: 'release', key: 'k', value: 'r', session: 's1' }
    const start = [op(acquire('a', 's1'), [0, 1], decided(true, 11)), op(release, [2, 3], decided(true))]
    expectGood([...start, op(acquire('b', 's2'), [4, 5], decided(true, 13))])
    expectBad([...start, op(acquire('b', 's2'), [4, 5], decided(true, 11))])
  })

  it('lets a free key be refused only after its holder has ended', () => {
    const refused = op(acquire('b', 's2'), [20, 21], decided(false))
    expectBad([refused])
    expectGood([op(acquire('a', 's1'), [0, 1], decided(true, 11)), end('s1', 2, 3), refused])
  })
})

describe('transactions', () => {
  const txn = { kind: 'txn', steps: [put('a', 'k'), put('b', 'm')] } as const
  const list = (entries: Readonly<Record<string, ReadEntry>>): KvOperation => ({
    client: 'c',
    input: { group, kind: 'list' },
    output: { kind: 'entries', entries },
    calledAt: 10,
    returnedAt: 11,
  })
  const read = (value: string, index: number): ReadEntry => ({ value, index, session: '', token: 0 })

  it('sees half of one', () => {
    const committed = op(txn, [0, 100], { kind: 'txn', results: [null, null] })
    expectGood([committed, list({ k: read('a', 11), m: read('b', 11) })])
    expectBad([committed, list({ k: read('a', 11) })])
    expectBad([committed, list({ k: read('a', 11), m: read('b', 12) })])
    expectGood([committed, list({})])
  })

  it('sees one that was rolled back and happened, or had no reason', () => {
    expectBad([op(txn, [0, 1], { kind: 'txn', results: null })])
    const guarded = {
      kind: 'txn',
      steps: [put('a', 'k'), { kind: 'cas', key: 'm', value: 'b', index: 5 }],
    } as const
    const rolledBack = op(guarded, [0, 1], { kind: 'txn', results: null })
    expectGood([rolledBack])
    expectBad([rolledBack, op(get(), [2, 3], entry('a', 11))])
  })
})

describe('restores', () => {
  const restore = (at: readonly [number, number], output: KvOutput | null): KvOperation => ({
    client: 'c',
    input: { group, kind: 'restore' },
    output,
    calledAt: at[0],
    returnedAt: output === null ? Infinity : at[1],
  })
  const start = [op(put('a'), [0, 1], done), op(put('b'), [2, 3], done)]

  it('bring back what was there, at one moment', () => {
    const back = op(get(), [10, 11], entry('a', 11))
    expectGood([...start, restore([4, 5], done), back])
    expectGood([...start, restore([4, 5], null), op(get(), [6, 7], entry('b', 12)), back])
    expectBad([...start, restore([20, 21], done), op(get(), [6, 7], entry('b', 12)), back])
    expectBad([...start, restore([4, 5], done), back, op(get(), [12, 13], entry('b', 12))])
  })

  it('are gone from by later writes', () => {
    const after = [...start, restore([4, 5], done), op(put('c'), [6, 7], done)]
    expectGood([...after, op(get(), [8, 9], entry('c', 20))])
    expectBad([...after, op(get(), [8, 9], entry('a', 11))])
  })
})

describe('the search', () => {
  it.each(Array.from({ length: 60 }, (_, i) => i))('accepts what a correct store answers (%i)', (seed) => {
    const random = seededRandom(seed)
    const options = {
      operations: 400,
      clients: 1 + random.below(12),
      groups: 3,
      unknownPerMille: random.below(150),
    }
    expectGood(correctHistory({ random, ...options }))
  })

  it.each(Array.from({ length: 40 }, (_, i) => i))('agrees with trying all orders (%i)', (seed) => {
    const random = seededRandom(seed)
    for (let i = 0; i < 20; i++) {
      const options = { operations: 6, clients: 3, groups: 1, unknownPerMille: 150 }
      const history = staleRead(correctHistory({ random, ...options }), random.below(6))
      expect(checkHistory(history).violations.length === 0, JSON.stringify(history)).toBe(
        isExplained(history),
      )
    }
  })

  it('is quick on long histories, and finds one wrong answer in them', () => {
    const random = seededRandom(7)
    const options = { operations: 20_000, clients: 12, groups: 4, unknownPerMille: 20 }
    const history = correctHistory({ random, ...options })
    const { violations, undecided, visited } = checkHistory(history)
    expect([...violations, ...undecided]).toEqual([])
    expect(visited).toBeLessThan(4 * history.length)
    expectBad(staleRead(history, 10_000))
  })

  it('says so when it gives up', () => {
    const random = seededRandom(8)
    const history = correctHistory({ random, operations: 500, clients: 8, groups: 1, unknownPerMille: 20 })
    const { violations, undecided } = checkHistory(history, { limits: { timeMsMax: 1000, visitedMax: 50 } })
    expect(violations).toEqual([])
    expect(undecided.join()).toContain('no more memory')
  })

  it('shows the part that cannot be explained', () => {
    const reads = Array.from({ length: 20 }, (_, i) => op(get(), [10 + i, 10.5 + i], entry('b', 12)))
    const history = [op(put('a'), [0, 1], done), op(put('b'), [2, 3], done), ...reads]
    const result = checkHistory([...history, op(get(), [50, 51], { kind: 'entry', entry: null })])
    expect(result.violations[0]).toBe(
      [
        'g: no order of the operations explains their answers (20 other operations are left out)',
        '  called ms  answered  client  operation  answer',
        '  0.000      1.000     c       put k = a  true',
        '  2.000      3.000     c       put k = b  true',
        '  50.000     51.000    c       get k      absent',
      ].join('\n'),
    )
  })
})
