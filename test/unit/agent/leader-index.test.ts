import { expect, it } from 'vitest'
import { LeaderIndex } from '../../../src/agent/leader-index.ts'

const leader = { ip: '10.0.0.1', port: 8300 }

/** Questions to a leader, answered by hand. */
function questions() {
  const open: ((index: number | null) => void)[] = []
  const indexes = new LeaderIndex(() => new Promise((resolve) => open.push(resolve)), queueMicrotask)
  return { open, indexes }
}

/** Lets what is resolved go on. */
const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve()
}

it('is asked for once for all who come while a question is under way, after that question', async () => {
  const { open, indexes } = questions()
  const first = indexes.next(leader, 'default')
  await turns()
  const later = [indexes.next(leader, 'default'), indexes.next(leader, 'default')]
  expect(open.length).toBe(1)
  open[0]?.(5)
  expect(await first).toBe(5)
  await turns()
  expect(open.length).toBe(2)
  open[1]?.(7)
  expect(await Promise.all(later)).toEqual([7, 7])
})

it('is asked for by each consistency on its own', async () => {
  const { open, indexes } = questions()
  void indexes.next(leader, 'default')
  void indexes.next(leader, 'consistent')
  await turns()
  expect(open.length).toBe(2)
})

it('is given up at once when the leader changes, and the new one is asked without waiting for the old one', async () => {
  const { open, indexes } = questions()
  const asked = indexes.next(leader, 'default')
  await turns()
  const waiting = indexes.next(leader, 'default')
  indexes.abandon()
  expect(await Promise.all([asked, waiting])).toEqual([null, null])
  const next = indexes.next({ ip: '10.0.0.2', port: 8300 }, 'default')
  await turns()
  open[1]?.(9)
  expect(await next).toBe(9)
})
