// Each rule of anti-entropy, as the reference has it, and ours where it is silent.
import { describe, expect, it } from 'vitest'
import { Bench, check, heard, node, put, putCheck, words } from './bench.ts'
import { service } from '../state/fixtures.ts'

/** A machine that has had its first full sync. */
function synced(...args: ConstructorParameters<typeof Bench>): Bench {
  return new Bench(...args).start()
}

describe('the agent is the authority on its node', () => {
  it('registers what is missing: the node, services, checks', () => {
    const bench = synced()
    bench.change(put(service('web')), putCheck(check('c', { serviceId: 'web' })), putCheck(check('up')))
    expect(bench.sent.map(words)).toEqual(['+ node', '+ web c=critical', '+ up=critical'])
    expect(bench.differences()).toEqual([])
  })

  it('rewrites what is different', () => {
    const bench = synced()
    bench.change(put(service('web')))
    bench.catalog.services.set('web', service('web', { port: 81 }))
    bench.advance(120_000)
    expect(bench.catalog.services.get('web')?.port).toBe(80)
  })

  it('removes what it does not know, but for the service and the check that are the leader’s', () => {
    const bench = new Bench()
    for (const id of ['old', 'consul']) bench.catalog.services.set(id, service(id))
    for (const id of ['stray', 'serfHealth']) bench.catalog.checks.set(id, check(id))
    bench.catalog.checks.set('of-old', check('of-old', { serviceId: 'old' }))
    bench.start()
    expect([...bench.catalog.services.keys()]).toEqual(['consul'])
    expect([...bench.catalog.checks.keys()]).toEqual(['serfHealth'])
    expect(bench.sent.map(words)).toEqual(['+ node', '- old', '- stray'])
  })

  it('writes the node alone when its meta data or addresses differ', () => {
    const bench = synced()
    const since = bench.since()
    bench.feed({ kind: 'nodeSet', node: { ...node, meta: { rack: '7' } } })
    expect(since().map(words)).toEqual(['+ node'])
    expect(bench.catalog.node?.meta).toEqual({ rack: '7' })
  })

  it('leaves the node’s record alone while that is right', () => {
    const bench = synced()
    const since = bench.since()
    bench.change(put(service('web')))
    expect(since().map(words)).toEqual(['+ web'])
  })

  it('takes tags from the catalog where they may be overridden there', () => {
    const bench = synced()
    bench.change(put(service('web', { tags: ['a'], enableTagOverride: true })))
    bench.catalog.services.set('web', service('web', { tags: ['b'], enableTagOverride: true }))
    const since = bench.since()
    bench.advance(120_000)
    expect(bench.machine.services.get('web')?.info.tags).toEqual(['b'])
    expect(since()).toEqual([])
  })

  it('touches nothing on a node that another one has taken the name of', () => {
    const bench = new Bench()
    bench.catalog.node = { ...node, id: 'ffffffff-0000-4000-8000-000000000009' }
    bench.catalog.services.set('theirs', service('theirs'))
    bench.refuse = () => 'Node name n1 is reserved'
    bench.start()
    bench.change(put(service('web')))
    bench.advance(300_000)
    expect(new Set(bench.sent.map(words))).toEqual(new Set(['+ node']))
    expect([...bench.catalog.services.keys()]).toEqual(['theirs'])
    bench.refuse = () => null
    bench.advance(30_000)
    expect(bench.differences()).toEqual([])
  })
})

describe('an answer that goes on being old', () => {
  it('about who has our name costs a write a second at most', () => {
    const bench = new Bench()
    const other = { ...node, id: 'ffffffff-0000-4000-8000-000000000009' }
    bench.catalog.node = other
    const { catalog } = bench
    const apply = catalog.apply.bind(catalog)
    catalog.apply = (command) => {
      const refusal = apply(command)
      catalog.node = other
      return refusal
    }
    bench.start()
    bench.advance(30_000)
    expect(bench.sent.length).toBeLessThanOrEqual(31)
  })
})

describe('when', () => {
  it('a full sync comes a minute after the last, and up to another later', () => {
    const bench = synced()
    bench.advance(59_999)
    expect(bench.fetches).toBe(1)
    bench.advance(60_001)
    expect(bench.fetches).toBe(2)
  })

  it('in large pools the random part grows, not the minute', () => {
    const periods = Array.from({ length: 40 }, (_, seed) => {
      const bench = new Bench({ seed })
      bench.feed({ kind: 'poolSized', members: 1024 })
      return bench.machine.wakeAtMs - bench.nowMs
    })
    expect(Math.min(...periods)).toBeGreaterThanOrEqual(60_000)
    expect(Math.max(...periods)).toBeGreaterThan(180_000)
    expect(Math.max(...periods)).toBeLessThan(60_000 + 4 * 60_000)
  })

  it('a change goes out at once', () => {
    const bench = synced()
    bench.change(put(service('web')))
    expect(bench.catalog.services.has('web')).toBe(true)
  })

  it('a failed full sync is tried again after 15 to 30 seconds, the first ones much sooner', () => {
    const bench = new Bench()
    bench.isUp = false
    bench.start()
    bench.advance(2000)
    expect(bench.fetches).toBeGreaterThanOrEqual(2)
    bench.isUp = true
    bench.advance(2000)
    bench.isUp = false
    bench.feed({ kind: 'serversChanged' })
    bench.advance(3000)
    const { fetches } = bench
    bench.advance(12_000)
    expect(bench.fetches).toBe(fetches)
    bench.advance(18_000)
    expect(bench.fetches).toBe(fetches + 1)
  })

  it('within three seconds when a server has joined or leads anew', () => {
    const bench = synced()
    bench.feed({ kind: 'serversChanged' })
    bench.advance(3000)
    expect(bench.fetches).toBe(2)
  })

  it('a change that could not be written is tried with the next change, or after 15 to 30 seconds', () => {
    const bench = synced()
    bench.isUp = false
    bench.change(put(service('a')))
    const since = bench.since()
    bench.advance(14_000)
    expect(since()).toEqual([])
    bench.isUp = true
    bench.advance(16_000)
    expect(bench.differences()).toEqual([])
    bench.isUp = false
    bench.change(put(service('b')))
    bench.isUp = true
    bench.change(put(service('c')))
    expect(bench.differences()).toEqual([])
  })

  it('nothing is sent while paused, and all of it at once afterwards', () => {
    const bench = synced()
    bench.feed({ kind: 'paused' })
    const since = bench.since()
    bench.change({ kind: 'removeService', id: 'web' }, put(service('web')))
    bench.advance(300_000)
    expect(since()).toEqual([])
    bench.feed({ kind: 'resumed' })
    expect(bench.differences()).toEqual([])
  })

  it('an attempt without an answer counts as failed after a minute, and its answer no more', () => {
    const bench = synced()
    bench.holdAnswers()
    bench.change(put(service('web')))
    bench.advance(60_000)
    expect(bench.effects.filter(({ kind }) => kind === 'send')).toHaveLength(2)
    bench.advance(30_000)
    bench.answer()
    bench.advance(120_000)
    expect(bench.differences()).toEqual([])
  })
})

describe('check output', () => {
  /** A node with one passing check, in sync. */
  function passing(config: ConstructorParameters<typeof Bench>[0] = {}): Bench {
    const bench = synced(config)
    bench.change(putCheck(check('up')))
    bench.feed(heard('up', 'passing', 'one'))
    return bench
  }

  it('costs nothing while the status stays, and is sent after half to one and a half of the interval', () => {
    const bench = passing()
    const since = bench.since()
    for (let i = 0; i < 14; i++) {
      bench.feed(heard('up', 'passing', `output ${i}`))
      bench.advance(10_000)
    }
    expect(since()).toEqual([])
    expect(bench.machine.checks.get('up')?.info.output).toBe('output 13')
    bench.advance(310_000)
    expect(since().map(words)).toEqual(['+ up=passing'])
    expect(bench.catalog.checks.get('up')?.output).toBe('output 13')
  })

  it('goes out at once with a change of the status, and then waits no more', () => {
    const bench = passing()
    bench.feed(heard('up', 'passing', 'two'))
    const since = bench.since()
    bench.feed(heard('up', 'warning', 'three'))
    expect(since().map(words)).toEqual(['+ up=warning'])
    bench.advance(450_000)
    expect(since()).toHaveLength(1)
  })

  it('is not looked at by a full sync while it waits', () => {
    const bench = passing()
    bench.feed(heard('up', 'passing', 'two'))
    const since = bench.since()
    bench.advance(125_000)
    expect(bench.fetches).toBeGreaterThan(1)
    expect(since()).toEqual([])
  })

  it('goes out at once with an interval of 0', () => {
    const bench = passing({ output: { updateIntervalMs: 0, isDiscarded: false } })
    bench.feed(heard('up', 'passing', 'two'))
    expect(bench.catalog.checks.get('up')?.output).toBe('two')
  })

  it('is dropped where it is not wanted', () => {
    const bench = passing({ output: { updateIntervalMs: 300_000, isDiscarded: true } })
    expect(bench.machine.checks.get('up')?.info).toMatchObject({ status: 'passing', output: '' })
    const { version } = bench.machine
    bench.feed(heard('up', 'passing', 'two'))
    expect(bench.machine.version).toBe(version)
  })
})

describe('what belongs together', () => {
  it('a service takes its checks along, those of another token follow', () => {
    const bench = synced()
    bench.change(
      put(service('web'), 'A'),
      putCheck(check('a', { serviceId: 'web' }), 'A'),
      putCheck(check('b', { serviceId: 'web' }), 'B'),
    )
    expect(bench.differences()).toEqual([])
    expect(bench.tokens.slice(1)).toEqual(['A', 'B'])
    expect(bench.sent.map(words)).toContain('+ web a=critical')
  })

  it('a check of a service that goes with another token waits for it', () => {
    const bench = synced()
    bench.isUp = false
    bench.change(putCheck(check('none')), put(service('web'), 'A'))
    bench.isUp = true
    bench.change(putCheck(check('b', { serviceId: 'web' }), 'B'))
    expect(bench.differences()).toEqual([])
  })

  it('ten thousand changes are few entries', () => {
    const bench = synced()
    bench.change(...Array.from({ length: 10_000 }, (_, i) => put(service(`s${i}`))))
    expect(bench.differences()).toEqual([])
    expect(bench.tokens.length).toBeLessThan(60)
    expect(Math.max(...sizes(bench))).toBeLessThanOrEqual(256)
  })

  it('a service with its checks gone and back loses in the catalog what did not come back', () => {
    const bench = synced()
    bench.change(put(service('web')), putCheck(check('c', { serviceId: 'web' })))
    bench.feed({ kind: 'paused' })
    bench.change({ kind: 'removeService', id: 'web' }, put(service('web')))
    bench.feed({ kind: 'resumed' })
    expect(bench.differences()).toEqual([])
  })

  it('a check that moves to the node before its service is gone stays', () => {
    const bench = synced()
    bench.change(put(service('web')), putCheck(check('c', { serviceId: 'web' })))
    bench.feed({ kind: 'paused' })
    bench.feed(heard('c', 'passing', ''))
    bench.change({ kind: 'removeService', id: 'web' }, putCheck(check('c')))
    bench.feed({ kind: 'resumed' })
    expect(bench.differences()).toEqual([])
  })

  it('a check shows the name and the tags that its service has now', () => {
    const bench = synced()
    bench.change(put(service('web', { tags: ['a'] })), putCheck(check('c', { serviceId: 'web' })))
    bench.change(put(service('web', { tags: ['b'] })))
    expect(bench.machine.checks.get('c')?.info).toMatchObject({ serviceName: 'web', serviceTags: ['b'] })
  })
})

describe('what may be out of date', () => {
  it('an old answer does not stop what is still to be sent', () => {
    const bench = synced()
    bench.change(putCheck(check('up', { status: 'passing' })))
    const before = bench.catalog.copy()
    bench.change(putCheck(check('up', { status: 'critical' })))
    bench.holdAnswers()
    bench.feed({ kind: 'serversChanged' })
    bench.advance(3000)
    bench.feed(heard('up', 'passing', ''))
    const truth = bench.catalog.copy()
    bench.catalog.restore(before)
    bench.isUp = true
    // The fetch is answered from the past, the rest from the present.
    const { catalog } = bench
    const apply = catalog.apply.bind(catalog)
    catalog.apply = (command) => {
      if (catalog.checks.get('up')?.status === 'passing') catalog.restore(truth)
      return apply(command)
    }
    bench.answer()
    expect(bench.catalog.checks.get('up')?.status).toBe('passing')
    expect(bench.sent.at(-1)).toMatchObject({ checks: [{ status: 'passing' }] })
  })

  it('after a start, what the catalog has already is not written again', () => {
    const bench = new Bench()
    bench.catalog.node = node
    bench.catalog.services.set('web', service('web'))
    bench.catalog.checks.set('c', check('c', { serviceId: 'web' }))
    const changes = [put(service('web')), putCheck(check('c', { serviceId: 'web' }))]
    bench.feed({ kind: 'restored', changes })
    expect(bench.fetches).toBe(1)
    expect(bench.sent).toEqual([])
  })

  it('a catalog from an old archive is put right by the next full sync', () => {
    const bench = synced()
    bench.change(put(service('old')))
    const archive = bench.catalog.copy()
    bench.change({ kind: 'removeService', id: 'old' }, put(service('new')))
    bench.catalog.restore(archive)
    bench.advance(120_000)
    expect(bench.differences()).toEqual([])
    expect([...bench.catalog.services.keys()]).toEqual(['new'])
  })

  it('a check whose service the catalog has lost is sent with it, and brings a full sync before its time', () => {
    const bench = synced()
    bench.change(put(service('web')), putCheck(check('c', { serviceId: 'web' })))
    bench.catalog.services.clear()
    bench.catalog.checks.clear()
    bench.feed(heard('c', 'passing', ''))
    expect(bench.effects.some(({ kind }) => kind === 'refused')).toBe(true)
    expect(bench.differences()).toEqual([])
    const { fetches } = bench
    bench.advance(30_000)
    expect(bench.fetches).toBe(fetches + 1)
  })
})

describe('refusals', () => {
  it('are not tried again before the next full sync, and then once', () => {
    const bench = synced()
    bench.refuse = (command) => (words(command).includes('web') ? 'Permission denied' : null)
    bench.change(put(service('web'), 'T'))
    const since = bench.since()
    bench.change(put(service('other')))
    expect(since().map(words)).toEqual(['+ other'])
    bench.advance(30_000)
    expect(since().map(words)).toEqual(['+ other', '+ web'])
    bench.advance(59_000)
    expect(since()).toHaveLength(2)
    bench.refuse = () => null
    bench.advance(120_000)
    expect(bench.differences()).toEqual([])
  })

  it('of a check are not repeated for ever together with its service', () => {
    const bench = synced()
    bench.change(put(service('web'), 'A'), putCheck(check('c', { serviceId: 'web' }), 'B'))
    bench.refuse = (command) => (words(command).includes('c=') ? 'Permission denied' : null)
    const since = bench.since()
    bench.feed(heard('c', 'passing', ''))
    bench.feed(heard('c', 'warning', ''))
    expect(since().map(words)).toEqual(['+ c=passing', '+ web', '+ c=passing', '+ c=warning'])
  })

  it('of a removal end when somebody else has removed it', () => {
    const bench = synced()
    bench.change(put(service('web')))
    bench.refuse = () => 'Permission denied'
    bench.change({ kind: 'removeService', id: 'web' })
    bench.catalog.services.clear()
    bench.advance(120_000)
    const since = bench.since()
    bench.advance(300_000)
    expect(since()).toEqual([])
  })
})

describe('who waits for the first attempt', () => {
  it('is told when it was made, also when it failed', () => {
    const bench = synced()
    bench.holdAnswers()
    bench.change(put(service('a')))
    bench.change(put(service('b')))
    const { version } = bench.machine
    expect(bench.effects.filter(({ kind }) => kind === 'tried')).toEqual([])
    bench.isUp = false
    bench.answer()
    expect(bench.effects.findLast(({ kind }) => kind === 'tried')).toEqual({ kind: 'tried', version })
  })

  it('is told at once of what changes nothing', () => {
    const bench = synced()
    bench.change(put(service('a')))
    const { version } = bench.machine
    bench.change(put(service('a')))
    expect(bench.machine.version).toBe(version)
  })
})

/** Commands per send. */
function sizes(bench: Bench): readonly number[] {
  return bench.effects.flatMap((effect) => (effect.kind === 'send' ? [effect.commands.length] : []))
}
