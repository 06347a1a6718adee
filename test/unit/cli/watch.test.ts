// `watch` without a command, and with one that fails.
import { expect, test } from 'vitest'
import { run } from './console.ts'

const withIndex = { headers: { 'X-Consul-Index': '7' } }

test('a key is shown in the form of the reference', async () => {
  const pair = { Key: 'a', Flags: 1, Value: 'MQ==', LockIndex: 0, CreateIndex: 5, ModifyIndex: 7 }
  const { code, out } = await run(['watch', '-type=key', '-key=a'], {
    answer: (_method, url) =>
      url.pathname === '/v1/agent/self' ? Response.json({}) : Response.json([pair], withIndex),
  })
  const fields = ['Key', 'CreateIndex', 'ModifyIndex', 'LockIndex', 'Flags', 'Value', 'Session']
  expect([code, Object.keys(JSON.parse(out) as object)]).toEqual([0, fields])
})

test('without a command a failure is the answer, not a reason to wait', async () => {
  const outcome = await run(['watch', '-type=nodes'], {
    answer: (_method, url) =>
      url.pathname === '/v1/agent/self'
        ? Response.json({})
        : new Response('No cluster leader', { status: 500 }),
  })
  expect(outcome).toEqual({
    code: 1,
    out: '',
    err: 'Error querying Consul agent: Unexpected response code: 500 (No cluster leader)\n',
  })
})

test('a command finds the change on its input and the index in its environment', async () => {
  // It fails on purpose, for a watch ends by that alone.
  const check = `read line; test "$line" = '{"web":[]}' && test "$CONSUL_INDEX" = 7 && exit 42`
  const { code, err } = await run(['watch', '-type=services', check], {
    answer: (_method, url) =>
      url.pathname === '/v1/agent/self' ? Response.json({}) : Response.json({ web: [] }, withIndex),
  })
  expect([code, err]).toEqual([1, 'Error executing handler: exit status 42\n'])
})

test('a state that no check can have is refused, not waited for', async () => {
  const { code, out, err } = await run(['watch', '-type=checks', '-state=bogus'], {
    answer: () => Response.json([], withIndex),
  })
  expect([code, out, err]).toEqual([
    1,
    '',
    'Unsupported state: bogus; there are any, passing, warning, critical\n',
  ])
})
