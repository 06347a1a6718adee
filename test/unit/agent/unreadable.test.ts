// A write that the log could hold but nobody could read back is refused by the leader, and ends nothing.
import { expect, it } from 'vitest'
import { ask } from '../../sim/client.ts'
import { finish, formed, leaderOf, put } from '../../sim/scenarios/cluster.ts'

it('a write that no server could read from the log is refused, and the servers go on', async () => {
  const cluster = await formed({ seed: 970, servers: 3 })
  const leader = leaderOf(cluster)
  const many = `[${'0,'.repeat(1_030_000)}0]`
  const body = `{"Node":"n","Address":"a","Service":{"Service":"s","Proxy":{"Config":{"x":${many}}}}}`
  const request = { method: 'PUT', path: '/v1/catalog/register', body, timeoutMs: 20_000 }
  const answer = await cluster.world.wait(ask(cluster.world, leader, request), 21_000)
  expect([answer.status, answer.body]).toEqual([400, expect.stringContaining('cannot be kept in the log')])
  expect(await put(cluster, leader, 'k', '1')).toBe(true)
  await finish(cluster)
})
