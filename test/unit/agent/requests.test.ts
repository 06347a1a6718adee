import { expect, it } from 'vitest'
import { createRateLimit } from '../../../src/agent/rate-limit.ts'
import { createRequests } from '../../../src/agent/requests.ts'
import { seededRandom } from '../../../src/lib/random.ts'
import type { Router } from '../../../src/agent/router.ts'
import { TestClock, testMetrics } from './samples.ts'

it('a read that this agent cannot answer itself takes one of its places (limits.rpc_rate)', async () => {
  const clock = new TestClock()
  const meta = { index: 1, knownLeader: true, lastContactMs: 0, epoch: '' }
  const router: Router = {
    request: () => Promise.resolve({ kind: 'read', meta, value: [] }),
    proposeHere: () => null,
    readNow: () => null,
  }
  const requests = createRequests({
    router,
    agent: { agentNode: 'n', agentDatacenter: 'dc1' },
    holdMs: 1000,
    rateLimit: createRateLimit(clock, { perSecond: 1, burst: 2 }, testMetrics(clock)),
    clock,
    random: seededRandom(1),
    waitMsMax: 1000,
    ending: new AbortController().signal,
    watchesMax: 10,
  })
  const query = { kind: 'sessions' } as const
  const options = {
    datacenter: '',
    consistency: 'default',
    maxStaleMs: null,
    minIndex: 0,
    waitMs: 0,
  } as const
  const read = async (): Promise<boolean> =>
    requests.readNow(query, options) !== null ||
    (await requests.read(query, options, new AbortController().signal)).ok
  expect([await read(), await read(), await read()]).toEqual([true, true, false])
})
