import { describe, expect, it } from 'vitest'

import { type AliasView, type AliasedCheck, worstOf } from '../../../../src/agent/checks/alias.ts'
import { err, ok, type Result } from '../../../../src/lib/result.ts'
import type { CheckStatus } from '../../../../src/model/catalog.ts'
import { requestError, type RequestError } from '../../../../src/model/errors.ts'
import type { NodeDump, Query, ReadOptions, ReadReply } from '../../../../src/model/query.ts'
import { definition } from '../../checks/samples.ts'
import { noAliases, withDuty } from './bench.ts'

function check(status: CheckStatus, changes: Partial<AliasedCheck> = {}): AliasedCheck {
  return {
    checkId: 'x',
    name: 'x',
    status,
    output: `${status} out`,
    serviceId: 'web',
    type: 'ttl',
    ...changes,
  }
}

const nobody = { status: 'critical', output: 'Service web could not be found on node ' }

describe('the worst of some checks', () => {
  it('is told in the words of the first that is so bad', () => {
    const checks = [
      check('passing'),
      check('warning', { name: 'a' }),
      check('critical', { name: 'b' }),
      check('critical', { name: 'c' }),
    ]
    expect(worstOf(checks, '')).toEqual({
      status: 'critical',
      output: 'Aliased check "b" failing: critical out',
    })
  })

  it('comes to rest where two aliases look at each other', () => {
    let output = 'refused'
    const outputs = new Set<string>()
    for (let i = 0; i < 10; i++) {
      output = worstOf([check('critical', { name: `a "${i % 2}`, type: 'alias', output })], 'me').output
      outputs.add(output)
    }
    expect([...outputs]).toEqual([
      'Aliased check "a \\"0" failing: refused',
      'Aliased check "a \\"1" failing: refused',
    ])
  })

  it('is passing when there are none, or none but the alias itself', () => {
    const well = { status: 'passing', output: 'All checks passing.' }
    expect(worstOf([], 'me')).toEqual(well)
    expect(worstOf([check('critical', { checkId: 'me' })], 'me')).toEqual(well)
    // Two of them would hold each other critical for ever.
    expect(worstOf([check('critical', { serviceId: '', type: 'alias' })], 'me')).toEqual(well)
  })
})

/** A node's local state with one service. */
class Local {
  services = new Set<string>()
  list: AliasedCheck[] = []
  readonly watchers = new Set<() => void>()

  readonly view: AliasView = {
    ...noAliases,
    hasService: (id) => this.services.has(id),
    checks: () => this.list,
    watch: (_, onChange) => {
      this.watchers.add(onChange)
      return () => void this.watchers.delete(onChange)
    },
  }

  change(): void {
    for (const watcher of this.watchers) watcher()
  }
}

const aliasHere = definition({ run: { type: 'alias', node: '', service: 'web' } })

describe('an alias of this node', () => {
  it('follows what it stands for', async () => {
    const local = new Local()
    await withDuty(
      async ({ duty, next }) => {
        const first = next('c')
        duty.add(aliasHere, null)
        expect(await first).toEqual(nobody)
        const second = next('c')
        local.services.add('web')
        local.list = [check('warning')]
        local.change()
        expect(await second).toEqual({ status: 'warning', output: 'Aliased check "x" failing: warning out' })
        const third = next('c')
        local.list = []
        local.change()
        expect(await third).toMatchObject({ status: 'passing' })
      },
      { aliases: local.view },
    )
    expect(local.watchers.size).toBe(0)
  })

  it('also follows when it names this node', async () => {
    const local = new Local()
    await withDuty(
      async ({ duty, next }) => {
        const first = next('c')
        duty.add({ ...aliasHere, run: { type: 'alias', node: 'HERE', service: '' } }, null)
        expect(await first).toMatchObject({ status: 'passing' })
      },
      { aliases: local.view },
    )
  })
})

/** Another node, whose dump is answered when the test says so. */
class Remote {
  readonly asked: { query: Query; options: ReadOptions; signal: AbortSignal }[] = []
  #answer: ((reply: Result<ReadReply<never>, RequestError>) => void) | undefined
  #onAsked: (() => void) | undefined

  readonly view: AliasView = {
    ...noAliases,
    read: ((query: Query, options: ReadOptions, signal: AbortSignal) => {
      this.asked.push({ query, options, signal })
      const { promise, resolve } = Promise.withResolvers<Result<ReadReply<never>, RequestError>>()
      this.#answer = resolve
      this.#onAsked?.()
      return promise
    }) as AliasView['read'],
  }

  /** Resolves when so many questions were asked. */
  async wasAsked(times: number): Promise<void> {
    while (this.asked.length < times) await new Promise<void>((resolve) => void (this.#onAsked = resolve))
  }

  answer(value: readonly NodeDump[], index: number): void {
    const meta = { knownLeader: true, lastContactMs: 0, epoch: '-' }
    this.#answer?.(ok({ value: value as never, index, ...meta }))
  }

  refuse(): void {
    this.#answer?.(err(requestError('noLeader', 'No cluster leader')))
  }
}

function dump(services: readonly string[], checks: readonly AliasedCheck[]): readonly NodeDump[] {
  return [{ node: {}, services: services.map((id) => ({ id })), checks }] as unknown as readonly NodeDump[]
}

const aliasThere = definition({ run: { type: 'alias', node: 'far', service: 'web' } })

describe('an alias of another node', () => {
  it('waits for changes there', async () => {
    const remote = new Remote()
    await withDuty(
      async ({ duty, next }) => {
        const first = next('c')
        duty.add(aliasThere, null)
        await remote.wasAsked(1)
        expect(remote.asked[0]).toMatchObject({
          query: { kind: 'nodeDump', node: 'far' },
          options: { minIndex: 0 },
        })
        remote.answer(dump(['web'], [check('warning'), check('critical', { serviceId: 'other' })]), 7)
        expect(await first).toMatchObject({ status: 'warning' })
        await remote.wasAsked(2)
        expect(remote.asked[1]?.options.minIndex).toBe(7)
        const second = next('c')
        remote.answer(dump(['db'], [check('critical', { serviceId: '' })]), 8)
        expect(await second).toEqual({
          status: 'critical',
          output: 'Service web could not be found on node far',
        })
        await remote.wasAsked(3)
        duty.remove('c')
        expect(remote.asked[2]?.signal.aborted).toBe(true)
      },
      { aliases: remote.view },
    )
  })

  it('does not ask on and on where nobody lets it wait', async () => {
    let asked = 0
    const read: AliasView['read'] = () => {
      asked++
      const meta = { index: 7, knownLeader: true, lastContactMs: 0, epoch: '' }
      return Promise.resolve(ok({ ...meta, value: dump(['web'], []) as never }))
    }
    await withDuty(
      async ({ duty, next }) => {
        const first = next('c')
        duty.add(aliasThere, null)
        expect(await first).toMatchObject({ status: 'passing' })
        for (let i = 0; i < 100; i++) await new Promise((resolve) => setImmediate(resolve))
        expect(asked).toBe(2)
      },
      { aliases: { ...noAliases, read } },
    )
  })

  it('is critical when nobody can be asked, and asks again', async () => {
    const remote = new Remote()
    await withDuty(
      async ({ duty, next }) => {
        const first = next('c')
        duty.add(aliasThere, null)
        await remote.wasAsked(1)
        remote.refuse()
        expect((await first).output).toBe('Failure checking aliased node or service: No cluster leader')
        await remote.wasAsked(2)
        const second = next('c')
        remote.answer(dump(['web'], []), 3)
        expect(await second).toMatchObject({ status: 'passing' })
      },
      { aliases: remote.view },
    )
  })
})
