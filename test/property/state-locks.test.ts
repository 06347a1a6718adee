// Keys, sessions, locks and transactions against a dumb model that keeps everything in arrays and copies all of it
// for a transaction; and what a lock promises, whatever happens.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { CommandResult } from '../../src/model/command.ts'
import { createState, type State } from '../../src/state/state.ts'
import {
  catalogCommand,
  history,
  kvCommand,
  kvOperation,
  lockCommand,
  prelude,
  type Timed,
} from './state-arbitraries.ts'
import { Model } from './state-model.ts'

const txn = fc.record({
  kind: fc.constant('txn' as const),
  operations: fc.array(kvOperation, { maxLength: 5 }),
})

const step = fc.oneof(
  { weight: 3, arbitrary: kvCommand },
  { weight: 6, arbitrary: lockCommand },
  { weight: 1, arbitrary: catalogCommand },
  { weight: 3, arbitrary: txn },
)

function apply(state: State, { command, wallMs }: Timed): CommandResult {
  return state.apply(state.lastLogIndex + 1, command, { wallMs }).result
}

/** Sessions are there from the beginning. */
function begun(steps: readonly Timed[]): readonly Timed[] {
  return [...prelude.map((command) => ({ command, wallMs: 0 })), ...steps]
}

it('does what the model does', () => {
  let locks = 0
  fc.assert(
    fc.property(history(step, 60), (steps) => {
      const state = createState()
      const model = new Model()
      for (const each of begun(steps)) {
        const result = apply(state, each)
        model.catalog(state)
        const expected = model.apply(each, state.lastIndex)
        if (expected !== null) expect(result).toEqual(expected)
        if (result.kind === 'decided' && result.fencingToken > 0) locks++
        const { value: listed } = state.query({ kind: 'kvList', prefix: '' })
        expect(listed).toEqual(model.sortedKeys())
        for (const key of ['a', 'a/b', 'a/b/c', 'a/bb', 'b', 'B']) {
          const { value: found } = state.query({ kind: 'kvGet', key })
          expect(found).toBe(listed.find((entry) => entry.key === key) ?? null)
        }
        expect(state.query({ kind: 'sessions' }).value.map(({ id }) => id)).toEqual(model.sessionIds())
      }
    }),
    { numRuns: 250 },
  )
  expect(locks, 'histories in which locks are taken').toBeGreaterThan(100)
})

it('a lock is held by a session that lives, and each acquisition has a greater token', () => {
  fc.assert(
    fc.property(history(step, 60), (steps) => {
      const state = createState()
      const newest = new Map<string, { readonly token: number; readonly holder: string }>()
      for (const each of begun(steps)) {
        apply(state, each)
        const living = new Set(state.query({ kind: 'sessions' }).value.map(({ id }) => id))
        const held = new Set<string>()
        for (const { key, session, fencingToken } of state.query({ kind: 'kvList', prefix: '' }).value) {
          expect(fencingToken > 0).toBe(session !== '')
          if (session === '') continue
          held.add(key)
          expect(living.has(session), `the session of ${key} lives`).toBe(true)
          const last = newest.get(key)
          if (last?.holder === session) expect(fencingToken).toBeGreaterThanOrEqual(last.token)
          else expect(fencingToken).toBeGreaterThan(last?.token ?? 0)
          newest.set(key, { token: fencingToken, holder: session })
        }
        for (const [key, { token }] of newest) if (!held.has(key)) newest.set(key, { token, holder: '' })
      }
    }),
    { numRuns: 250 },
  )
})
