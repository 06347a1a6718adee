import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/lib/random.ts'
import type { ServiceSummary } from '../../../src/model/query.ts'
import { createState, restoreState, type State } from '../../../src/state/state.ts'
import { applyAll, node, register, service } from './fixtures.ts'

function names(state: State): readonly ServiceSummary[] {
  return state.query({ kind: 'services', nodeMeta: {} }).value as readonly ServiceSummary[]
}

/** The list of a state that nobody has asked yet: a walk over all. */
function walked(state: State): readonly ServiceSummary[] {
  return names(restoreState(state.snapshot().records()))
}

function withServices(count: number): State {
  const state = createState()
  for (let i = 0; i < count; i++) applyAll(state, register(node('n1'), { service: service(`s${i}`) }))
  names(state)
  return state
}

describe('the list of services', () => {
  it('is what a walk over all finds, whatever changes', () => {
    const random = seededRandom(7)
    const pick = <T>(from: readonly T[]): T => from[random.below(from.length)] as T
    const state = withServices(40)
    for (let step = 0; step < 600; step++) {
      const at = node(pick(['n1', 'n2', 'N3']))
      const name = pick(['web', 'Web', 'WEB', 'db', 'a', 'z\0z', `s${random.below(40)}`])
      const tags = pick([[], ['a'], ['b', 'a'], ['A']])
      const id = pick([name, `${name}-2`])
      const refused = { kind: 'service', verb: 'cas', node: 'n1', service: service('web'), index: 1 } as const
      applyAll(
        state,
        random.below(3) === 0
          ? { kind: 'deregister', node: at.name, serviceId: random.below(20) === 0 ? '' : id, checkId: '' }
          : register(at, { service: service(name, { id, tags }) }),
        // Whatever the first operation does is undone: the second one never succeeds.
        {
          kind: 'txn',
          operations: [
            { ...refused, verb: 'set', service: service(`t${step % 5}`), index: 0 },
            { ...refused, index: 9_999_999 },
          ],
        },
      )
      if (random.below(2) === 0) expect(names(state)).toEqual(walked(state))
    }
  })

  it('keeps what has not changed: a new instance with known tags changes nothing', () => {
    const state = withServices(40)
    const before = names(state)
    applyAll(state, register(node('n2'), { service: service('s1') }))
    expect(names(state)).toBe(before)
    applyAll(state, register(node('n2'), { service: service('s1', { tags: ['new'] }) }))
    const after = names(state)
    expect(after.filter((each, i) => each !== before[i])).toEqual([{ service: 's1', tags: ['new'] }])
  })

  it('is looked at anew where something changed, not everywhere', () => {
    const state = withServices(40)
    let seen = 0
    const tags: string[] = []
    tags[Symbol.iterator] = () => {
      seen++
      return [].values()
    }
    const counting = service('s1', { tags, port: 81 })
    applyAll(state, register(node('n1'), { service: counting }))
    names(state)
    expect(seen).toBeGreaterThan(0)
    seen = 0
    applyAll(state, register(node('n1'), { service: service('s2', { tags: ['x'] }) }))
    names(state)
    expect(seen).toBe(0)
  })

  it('is made anew after many changes, which do not gather while nobody asks', () => {
    const state = withServices(40)
    const before = names(state)
    for (let i = 0; i < 200; i++) {
      applyAll(state, register(node('n1'), { service: service(`job-${i}`) }), {
        kind: 'deregister',
        node: 'n1',
        serviceId: `job-${i}`,
        checkId: '',
      })
    }
    expect(names(state)).toEqual(before)
    expect(names(state)).not.toBe(before)
  })

  it('is that of the archive after a restore', () => {
    const archive = [...withServices(3).snapshot().records()]
    const state = withServices(40)
    applyAll(
      state,
      { kind: 'restoreBegin', id: 'r' },
      { kind: 'restoreRecords', id: 'r', records: archive },
      { kind: 'restoreEnd', id: 'r', records: archive.length },
    )
    expect(names(state).map((each) => each.service)).toEqual(['s0', 's1', 's2'])
  })
})
