import { describe, expect, it } from 'vitest'
import { createCoordinateBatch, type CoordinateBatch } from '../../../src/agent/coordinate-batch.ts'
import type { Command } from '../../../src/model/command.ts'
import type { NodeCoordinate } from '../../../src/model/coordinate.ts'
import { settled, TestClock } from './samples.ts'

function update(node: string, x = 0): NodeCoordinate {
  return { node, coordinate: { vec: [x, 0, 0, 0, 0, 0, 0, 0], error: 1, adjustment: 0, height: 0.001 } }
}

interface Fixture {
  readonly clock: TestClock
  readonly batch: CoordinateBatch
  /** The nodes of each command. */
  readonly written: string[][]
  isWriting: boolean
}

function fixture(nodesMax = 1000): Fixture {
  const clock = new TestClock()
  const written: string[][] = []
  const state: Fixture = {
    clock,
    written,
    isWriting: true,
    batch: createCoordinateBatch({
      clock,
      nodesMax,
      write: (command: Command) => {
        if (command.kind === 'coordinates') written.push(command.updates.map(({ node }) => node))
        return Promise.resolve(state.isWriting)
      },
    }),
  }
  return state
}

describe('a batch of coordinates', () => {
  it('writes what came in 5 seconds with one command, the last word of each node', async () => {
    const { clock, batch, written } = fixture()
    batch.add([update('a'), update('b')])
    clock.pass(3000)
    batch.add([update('a', 1), update('c')])
    clock.pass(2000)
    await settled()
    clock.pass(60_000)
    expect(written).toEqual([['a', 'b', 'c']])
  })

  it('rests while nothing comes', async () => {
    const { clock, batch, written } = fixture()
    expect(clock.armed).toBe(0)
    batch.add([])
    clock.pass(60_000)
    await settled()
    expect([written, clock.armed]).toEqual([[], 0])
  })

  it('takes nobody with a name that no member can have', async () => {
    const { clock, batch, written } = fixture()
    batch.add([update('a'.repeat(100_000)), update('b')])
    clock.pass(5000)
    await settled()
    expect(written).toEqual([['b']])
  })

  it('writes 640 at most at once, the others 5 seconds later', async () => {
    const { clock, batch, written } = fixture()
    batch.add(Array.from({ length: 700 }, (_, i) => update(`n${i}`)))
    clock.pass(5000)
    await settled()
    clock.pass(5000)
    await settled()
    expect(written.map((nodes) => nodes.length)).toEqual([640, 60])
  })

  it('tries again what was not written, and gives up in the end', async () => {
    const state = fixture()
    state.isWriting = false
    state.batch.add([update('a')])
    for (let i = 0; i < 20; i++) {
      state.clock.pass(5000)
      await settled()
    }
    expect(state.written.length).toBe(6)
  })

  it('keeps so many nodes at most', async () => {
    const { clock, batch, written } = fixture(2)
    batch.add(['a', 'b', 'c'].map((node) => update(node)))
    clock.pass(5000)
    await settled()
    expect(written).toEqual([['a', 'b']])
  })

  it('refuses a place that is none', () => {
    const bad = { node: 'a', coordinate: { vec: [1], error: 1, adjustment: 0, height: 0 } }
    const { batch, clock } = fixture()
    expect(batch.add([bad])).toMatchObject({ ok: false, error: { message: 'incompatible coordinate' } })
    expect(clock.armed).toBe(0)
  })
})
