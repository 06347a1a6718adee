// The client has a call for every endpoint that is served.
import { expect, test } from 'vitest'
import { type Client, createClient } from '../../../src/http/client.ts'
import { endpointsOf, routes } from '../../../src/http/routes/table.ts'

/** Calls of the client that need no more than names to be sent. */
const calls: readonly ((client: Client) => unknown)[] = [
  (client) => client.agentSelf(),
  (client) => client.agentVersion(),
  (client) => client.agentMembers(),
  (client) => client.agentMetrics(),
  (client) => client.join('a'),
  (client) => client.leave(),
  (client) => client.forceLeave('a'),
  (client) => client.reload(),
  (client) => client.monitor({}),
  (client) => client.openApi(),
  (client) => client.statusLeader(),
  (client) => client.statusPeers(),
  (client) => client.catalogDatacenters(),
  (client) => client.catalogNodes(),
  (client) => client.catalogServices(),
  (client) => client.catalogService('a'),
  (client) => client.catalogNode('a'),
  (client) => client.catalogNodeServices('a'),
  (client) => client.catalogRegister({ Node: 'a' }),
  (client) => client.catalogDeregister({ Node: 'a' }),
  (client) => client.healthNode('a'),
  (client) => client.healthChecks('a'),
  (client) => client.healthService('a'),
  (client) => client.healthState('any'),
  (client) => client.kvGet('a'),
  (client) => client.kvPut('a', ''),
  (client) => client.kvDelete('a'),
  (client) => client.txn([]),
  (client) => client.sessionCreate(),
  (client) => client.sessionDestroy('a'),
  (client) => client.sessionRenew('a'),
  (client) => client.sessionInfo('a'),
  (client) => client.sessionNode('a'),
  (client) => client.sessionList(),
  (client) => client.raftConfiguration(),
  (client) => client.raftRemovePeer({ id: 'a' }),
  (client) => client.raftTransferLeader(),
  (client) => client.autopilotConfiguration(),
  (client) => client.autopilotSetConfiguration({}),
  (client) => client.autopilotHealth(),
  (client) => client.autopilotState(),
  (client) => client.usage(),
  (client) => client.snapshotSave(),
  (client) => client.snapshotRestore(''),
  (client) => client.stream([{ type: 'nodes' }]).next(),
]

test('every route is reached by a call', () => {
  const sent = new Set<string>()
  const endpoints = endpointsOf(routes)
  const client = createClient({
    address: 'h:1',
    fetch(url, { method = 'GET' }) {
      const { pathname } = new URL(url)
      const found = endpoints.find(({ prefix, takesName }) =>
        takesName ? pathname.startsWith(prefix) : pathname === prefix,
      )
      sent.add(`${method} ${found?.prefix ?? `no route for ${pathname}`}`)
      return new Promise(() => {})
    },
  })
  for (const call of calls) void call(client)
  const served = endpoints.flatMap(({ prefix, byMethod }) =>
    Object.keys(byMethod).map((method) => `${method} ${prefix}`),
  )
  expect(served.filter((route) => !sent.has(route))).toEqual([])
  expect([...sent].filter((request) => !served.includes(request))).toEqual([])
})
