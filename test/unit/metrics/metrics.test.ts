import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/lib/random.ts'
import { parseFilter } from '../../../src/metrics/filter.ts'
import { intervalMs, Registry } from '../../../src/metrics/registry.ts'
import { type Labels, Series, type SeriesKind } from '../../../src/metrics/series.ts'
import { StatsdLines } from '../../../src/metrics/statsd.ts'
import { dumpInterval, viewInterval } from '../../../src/metrics/view.ts'

function registryOf(rules: readonly string[] = []): Registry {
  const { filter } = parseFilter(rules, true)
  return new Registry({ nowMs: 0, wallMs: 0, filter, keepsValues: true, random: seededRandom(1) })
}

function put(registry: Registry, kind: 'counter' | 'gauge' | 'sample', name: string, value: number): void {
  const series = registry.of(kind, name, {})
  if (series !== null) registry.put(series, value, 1)
}

describe('the filter of names', () => {
  it.each([
    ['consul.raft.apply', ['-consul.raft'], false],
    ['consul.raft.apply', ['-consul.raft', '+consul.raft.apply'], true],
    ['consul.raft.apply', ['+consul.raft.apply', '-consul.raft.apply'], false],
    ['consul.kvs.apply', ['-consul.raft'], true],
  ])('%s by %j: %s', (name, rules, isKept) => {
    expect(parseFilter(rules, true).filter(name)).toBe(isKept)
  })
  it('drops what no rule names if it is told so', () => {
    const { filter } = parseFilter(['+consul.kvs'], false)
    expect([filter('consul.kvs.apply'), filter('consul.raft.apply')]).toEqual([true, false])
  })
  it('names the rules that it cannot read', () => {
    expect(parseFilter(['consul.raft', '+a'], true).bad).toEqual(['consul.raft'])
  })
})

describe('intervals', () => {
  it('end after ten seconds, and begin without counts but with the gauges', () => {
    const registry = registryOf()
    put(registry, 'counter', 'a', 2)
    put(registry, 'gauge', 'g', 7)
    expect(registry.turnOver(intervalMs - 1, 9999)).toBe(false)
    expect(registry.turnOver(intervalMs, 10_000)).toBe(true)
    expect(registry.last().measured.map(({ series }) => series.name)).toEqual(['a', 'g'])
    expect(registry.all().at(-1)).toMatchObject({ startWallMs: 10_000, measured: [{ value: 7 }] })
  })
  it('are kept for a minute', () => {
    const registry = registryOf()
    for (let i = 1; i <= 20; i++) registry.turnOver(i * intervalMs, i * intervalMs)
    expect(registry.all()).toHaveLength(7)
  })
  it('forget what a new filter drops', () => {
    const registry = registryOf()
    put(registry, 'counter', 'a', 1)
    registry.setFilter(() => false)
    put(registry, 'counter', 'a', 1)
    expect(registry.last().measured).toEqual([])
  })
  it('show mean and deviation of a sample', () => {
    const registry = registryOf()
    for (const value of [2, 4, 4, 4, 5, 5, 7, 9]) put(registry, 'sample', 's', value)
    expect(viewInterval(registry.last(), 't')).toMatchObject({
      Timestamp: 't',
      Samples: [
        { Name: 's', Count: 8, Sum: 40, Min: 2, Max: 9, Mean: 5, Stddev: Math.sqrt(32 / 7), Rate: 4 },
      ],
    })
  })
  it('are dumped as lines', () => {
    const registry = registryOf()
    put(registry, 'gauge', 'g', 1)
    put(registry, 'counter', 'c', 3)
    expect(dumpInterval(registry.last(), 't').split('\n')).toEqual([
      "[t][C] 'c': Count: 1 Min: 3.000 Mean: 3.000 Max: 3.000 Stddev: 0.000 Sum: 3.000",
      "[t][G] 'g': 1.000",
      '',
    ])
  })
})

describe('a series', () => {
  it('keeps a bounded number of values, of all that came alike', () => {
    const random = seededRandom(7)
    const series = new Series('sample', 's', {})
    for (let value = 0; value < 10_000; value++) series.keep(value, random.uint32())
    expect(series.recent).toHaveLength(128)
    const mean = series.recent.reduce((sum, value) => sum + value, 0) / 128
    expect(mean).toBeGreaterThan(4000)
    expect(mean).toBeLessThan(6000)
  })
})

/** The same series for the same words, as a registry gives it. */
function seriesMaker(): (kind: SeriesKind, name: string, labels: Labels) => Series {
  const known = new Map<string, Series>()
  return (kind, name, labels) => {
    const made = new Series(kind, name, labels)
    const series = known.get(made.key) ?? made
    known.set(made.key, series)
    return series
  }
}

describe('lines of StatsD', () => {
  const seriesOf = seriesMaker()

  it('sum counters, keep the last of a gauge, and every value of a sample', () => {
    const lines = new StatsdLines({ withTags: false, tags: [] })
    lines.add(seriesOf('counter', 'c.a', { op: 'x y' }), 2)
    lines.add(seriesOf('counter', 'c.a', { op: 'x y' }), 3)
    lines.add(seriesOf('gauge', 'g', {}), 1)
    lines.add(seriesOf('gauge', 'g', {}), 4)
    lines.add(seriesOf('sample', 's', {}), 1.23456789)
    lines.add(seriesOf('sample', 's', {}), 2)
    expect(lines.take(1400)).toEqual(['c.a.x_y:5|c\ng:4|g\ns:1.234568|ms\ns:2|ms\n'])
    expect(lines.isEmpty).toBe(true)
  })
  it('have tags for DogStatsD', () => {
    const lines = new StatsdLines({ withTags: true, tags: ['env:prod'] })
    lines.add(seriesOf('sample', 's', { op: 'set' }), 1)
    lines.add(seriesOf('counter', 'c', {}), 1)
    expect(lines.take(1400).join('')).toBe('c:1|c|#env:prod\ns:1|ms|#env:prod,op:set\n')
  })
  it('go out in pieces of whole lines', () => {
    const lines = new StatsdLines({ withTags: false, tags: [] })
    for (let i = 0; i < 100; i++) lines.add(seriesOf('sample', 'name', {}), i)
    const pieces = lines.take(60)
    expect(pieces.every((piece) => piece.length <= 60 && piece.endsWith('\n'))).toBe(true)
    expect(pieces.join('').split('\n')).toHaveLength(101)
  })
  it('are dropped, and counted, when too many wait', () => {
    const lines = new StatsdLines({ withTags: false, tags: [] })
    for (let i = 0; i < 100_000; i++) lines.add(seriesOf('sample', 'name', {}), i)
    expect(lines.dropped).toBeGreaterThan(50_000)
  })
})
