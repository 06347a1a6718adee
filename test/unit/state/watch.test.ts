import { describe, expect, it } from 'vitest'
import { createWatches } from '../../../src/state/watch.ts'

describe('watches', () => {
  it('wakes who waits for a changed key, a prefix of it, or another topic, in the order they came', () => {
    const watches = createWatches<string>()
    watches.add(['p:app/'], 'under app/')
    watches.add(['k:app/db'], 'app/db')
    watches.add(['p:'], 'every key')
    watches.add(['p:app/db/x'], 'longer')
    watches.add(['p:apt'], 'sibling')
    watches.add(['s:web', 't:nodes'], 'web')
    expect(watches.wake(['k:app/db'])).toEqual(['under app/', 'app/db', 'every key'])
    expect(watches.wake(['k:app/db'])).toEqual([])
    expect(watches.wake(['t:nodes', 's:web'])).toEqual(['web'])
    expect(watches.size).toBe(2)
  })

  it('does not wake who has stopped waiting', () => {
    const watches = createWatches<string>()
    const stop = watches.add(['p:a', 'k:b'], 'x')
    stop()
    stop()
    expect(watches.wake(['k:a', 'k:b'])).toEqual([])
    expect(watches.size).toBe(0)
  })

  it('wakes all after a restore', () => {
    const watches = createWatches<string>()
    watches.add(['p:a'], 'x')
    watches.add(['s:b'], 'y')
    expect(watches.wakeAll()).toEqual(['x', 'y'])
    expect(watches.wake(['k:a'])).toEqual([])
  })
})
