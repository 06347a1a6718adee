// The agent's own endpoints: what reaches the agent, and how its refusals are answered.
import { describe, expect, test } from 'vitest'
import { requestError } from '../../../src/model/errors.ts'
import { asking } from './asking.ts'
import { type StateBackend, createStateBackend } from './state-backend.ts'

async function callsOf(line: string): Promise<StateBackend['calls']> {
  const backend = createStateBackend()
  expect((await asking(backend)(line)).status).toBe(200)
  return backend.calls
}

test.each([
  ['PUT /v1/agent/join/10.0.0.2', ['join', '10.0.0.2', 'lan']],
  ['PUT /v1/agent/join/10.0.0.2?wan=1', ['join', '10.0.0.2', 'wan']],
  ['PUT /v1/agent/join/%5Bfd00::1%5D:8301?wan', ['join', '[fd00::1]:8301', 'lan']],
  ['PUT /v1/agent/leave', ['leave']],
  ['PUT /v1/agent/reload', ['reload']],
  ['PUT /v1/agent/force-leave/a.b', ['forceLeave', 'a.b', { prune: false, wan: false }]],
  ['PUT /v1/agent/force-leave/a?prune=1&wan=1', ['forceLeave', 'a', { prune: true, wan: true }]],
  ['GET /v1/agent/members', ['members', 'lan']],
  ['GET /v1/agent/members?wan=1&segment=_all', ['members', 'wan']],
  ['GET /v1/agent/monitor', ['monitor', 'info', false]],
  ['GET /v1/agent/monitor?loglevel=ERR&logjson=true', ['monitor', 'error', true]],
])('%s', async (line, call) => {
  expect(await callsOf(line)).toEqual([call])
})

describe('answers', () => {
  test('a refusal of the agent is the answer', async () => {
    const agent = {
      ...createStateBackend().agent,
      join: () => Promise.resolve({ ok: false, error: requestError('refused', 'Cannot join') } as const),
    }
    const response = await asking(createStateBackend({ agent }))('PUT /v1/agent/join/x')
    expect([response.status, await response.text()]).toEqual([500, 'Cannot join'])
  })

  test('log lines are streamed', async () => {
    expect(await (await asking(createStateBackend())('GET /v1/agent/monitor')).text()).toBe('a line\n')
  })

  test('metrics as text, if the agent keeps them', async () => {
    const agent = { ...createStateBackend().agent, prometheus: () => Promise.resolve('up 1\n') }
    const ask = asking(createStateBackend({ agent }))
    const response = await ask('GET /v1/agent/metrics?format=prometheus')
    expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(await response.text()).toBe('up 1\n')
    expect((await asking(createStateBackend())('GET /v1/agent/metrics?format=prometheus')).status).toBe(415)
  })

  test('an unhealthy cluster is answered with 429', async () => {
    const autopilotHealth = {
      healthy: false,
      failureTolerance: 0,
      optimisticFailureTolerance: 0,
      servers: [
        {
          id: 'i',
          name: 'n',
          address: '10.0.0.1:8300',
          serfStatus: 'failed',
          version: '1',
          isLeader: false,
          lastContactMs: 1500,
          lastTerm: 2,
          lastIndex: 3,
          healthy: false,
          isVoter: true,
          stableSinceWallMs: 1_767_225_600_123,
          isReadReplica: false,
          zone: '',
          meta: {},
        },
      ],
    } as const
    const response = await asking(createStateBackend({ answers: { autopilotHealth } }))(
      'GET /v1/operator/autopilot/health',
    )
    expect(response.status).toBe(429)
    expect(await response.text()).toBe(
      '{"Healthy":false,"FailureTolerance":0,"Servers":[{"ID":"i","Name":"n","Address":"10.0.0.1:8300",' +
        '"SerfStatus":"failed","Version":"1","Leader":false,"LastContact":"1.5s","LastTerm":2,"LastIndex":3,' +
        '"Healthy":false,"Voter":true,"StableSince":"2026-01-01T00:00:00Z"}]}',
    )
  })
})
