import { describe, expect, it } from 'vitest'
import { MemberTable } from '../../../src/gossip/members.ts'
import { ShuffledRound } from '../../../src/gossip/shuffled-round.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import { alive } from './lone.ts'

function tableOf(count: number): MemberTable {
  const table = new MemberTable('me', seededRandom(1))
  table.add(alive('me'), 'alive', 0)
  for (let i = 1; i <= count; i++) table.add(alive(`p${i}`), 'alive', 0)
  return table
}

describe('member table', () => {
  it('counts by what is believed', () => {
    const table = tableOf(3)
    const [, first, second] = [...table.values()]
    if (first !== undefined) table.setLiveness(first, 'dead', 5)
    if (second !== undefined) table.setLiveness(second, 'suspect', 5)
    expect([table.liveCount, table.count('dead'), table.count('suspect')]).toEqual([3, 1, 1])
  })

  it.each([10, 200])('picks different members, never this one, of %i', (count) => {
    const table = tableOf(count)
    for (let i = 0; i < 50; i++) {
      const names = table.pick(4, () => true).map(({ name }) => name)
      expect([new Set(names).size, names.includes('me')]).toEqual([4, false])
    }
  })

  it('finds the one that is admitted among many', () => {
    const table = tableOf(500)
    expect(table.pick(3, ({ name }) => name === 'p321').map(({ name }) => name)).toEqual(['p321'])
  })

  it('finds by node id, also after the id has changed', () => {
    const table = tableOf(1)
    const record = table.get('p1')
    if (record !== undefined) table.setUpdate(record, alive('p1', { id: 'other' }))
    expect([table.withId('id-of-p1'), table.withId('other')?.name]).toEqual([undefined, 'p1'])
  })

  it('gives the same view until something changes', () => {
    const table = tableOf(1)
    const record = table.get('p1')
    if (record === undefined) throw new Error('p1 is missing')
    const before = table.view(record)
    const same = table.view(record) === before
    table.setLiveness(record, 'dead', 1)
    expect([same, table.view(record).status]).toEqual([true, 'failed'])
  })

  it('forgets a removed member everywhere', () => {
    const table = tableOf(3)
    const record = table.get('p2')
    if (record !== undefined) table.remove(record)
    expect([table.size, table.withId('id-of-p2'), table.pick(9, () => true).length]).toEqual([
      3,
      undefined,
      2,
    ])
  })
})

describe('shuffled round', () => {
  it('does not grow when the same member comes and goes', () => {
    const table = tableOf(3)
    const round = new ShuffledRound(table, 'me', seededRandom(2))
    const record = table.get('p1')
    if (record === undefined) throw new Error('p1 is missing')
    for (let i = 0; i < 1000; i++) round.insert(record)
    const order = Array.from({ length: 6 }, () => round.next()?.name)
    expect(order.filter((name) => name === 'p1').length).toBeLessThanOrEqual(3)
  })

  it('passes over those that died', () => {
    const table = tableOf(2)
    const round = new ShuffledRound(table, 'me', seededRandom(2))
    round.next()
    for (const record of table.values()) if (record.name === 'p1') table.setLiveness(record, 'dead', 1)
    expect(new Set(Array.from({ length: 5 }, () => round.next()?.name))).toEqual(new Set(['p2']))
  })

  it('gives nothing when nobody else is live', () => {
    expect(new ShuffledRound(tableOf(0), 'me', seededRandom(2)).next()).toBeUndefined()
  })
})
