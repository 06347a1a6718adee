// The client has a call for every endpoint that is served, and sends no parameter that its endpoint does not know.
import { expect, test } from 'vitest'
import { type Client, createClient } from '../../../src/http/client.ts'
import { type Endpoint, endpointsOf, routes } from '../../../src/http/routes/table.ts'

/** Calls of the client that need no more than names to be sent. */
const calls: readonly ((client: Client) => unknown)[] = [
  (client) => client.agentSelf(),
  (client) => client.agentVersion(),
  (client) => client.agentMembers(),
  (client) => client.agentMetrics(),
  (client) => client.metricsStream().next(),
  (client) => client.agentHost(),
  (client) => client.profile(1),
  (client) => client.join('a'),
  (client) => client.leave(),
  (client) => client.forceLeave('a'),
  (client) => client.reload(),
  (client) => client.monitor({}),
  (client) => client.openApi(),
  (client) => client.agentServices(),
  (client) => client.agentService('a'),
  (client) => client.agentChecks(),
  (client) => client.agentHealthByName('a'),
  (client) => client.agentHealthById('a'),
  (client) => client.serviceRegister({ Name: 'a' }),
  (client) => client.serviceDeregister('a'),
  (client) => client.serviceMaintenance('a', true),
  (client) => client.nodeMaintenance(true),
  (client) => client.checkRegister({ Name: 'a' }),
  (client) => client.checkDeregister('a'),
  (client) => client.checkPass('a'),
  (client) => client.checkWarn('a'),
  (client) => client.checkFail('a'),
  (client) => client.checkUpdate('a', { Status: 'passing' }),
  (client) => client.agentToken('default', 'a'),
  (client) => client.statusLeader(),
  (client) => client.statusPeers(),
  (client) => client.catalogDatacenters(),
  (client) => client.catalogNodes(),
  (client) => client.catalogServices(),
  (client) => client.catalogService('a'),
  (client) => client.catalogNode('a'),
  (client) => client.catalogNodeServices('a'),
  (client) => client.catalogConnect('a'),
  (client) => client.catalogGatewayServices('a'),
  (client) => client.healthConnect('a'),
  (client) => client.healthIngress('a'),
  (client) => client.uiNodes(),
  (client) => client.uiNode('a'),
  (client) => client.uiServices(),
  (client) => client.uiGatewayServices('a'),
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
  (client) => client.queryList(),
  (client) => client.queryRead('a'),
  (client) => client.queryCreate({}),
  (client) => client.queryUpdate('a', {}),
  (client) => client.queryDelete('a'),
  (client) => client.queryExecute('a'),
  (client) => client.queryExplain('a'),
  (client) => client.eventFire('a'),
  (client) => client.eventList(),
  (client) => client.coordinateDatacenters(),
  (client) => client.coordinateNodes(),
  (client) => client.coordinateNode('a'),
  (client) => client.coordinateUpdate({ Node: 'a', Coord: { Vec: [], Error: 0, Adjustment: 0, Height: 0 } }),
  (client) => client.raftConfiguration(),
  (client) => client.raftRemovePeer({ id: 'a' }),
  (client) => client.raftTransferLeader(),
  (client) => client.autopilotConfiguration(),
  (client) => client.autopilotSetConfiguration({}),
  (client) => client.autopilotHealth(),
  (client) => client.autopilotState(),
  (client) => client.usage(),
  (client) => client.configSet({ Kind: 'k' }),
  (client) => client.configGet('k', 'n'),
  (client) => client.configList('k'),
  (client) => client.configDelete('k', 'n'),
  (client) => client.exportedServices(),
  (client) => client.snapshotSave(),
  (client) => client.snapshotRestore(''),
  (client) => client.stream([{ type: 'nodes' }]).next(),
]

/** Options that every read of the catalog takes, and all that one can have. */
const common = { dc: 'd', stale: true, consistent: true, maxStale: '1s', index: 1, wait: '1s', filter: 'f' }
const everything = { ...common, near: 'n', nodeMeta: { a: 'b' } }

/** Calls with all that can be said with them. */
const fullCalls: readonly ((client: Client) => unknown)[] = [
  (client) => client.agentMembers({ wan: true, segment: 's', filter: 'f' }),
  (client) => client.join('a', { wan: true }),
  (client) => client.leave({ force: true }),
  (client) => client.forceLeave('a', { prune: true, wan: true }),
  (client) => client.monitor({ level: 'info', json: true }),
  (client) => client.agentServices({ filter: 'f' }),
  (client) => client.agentService('a', { hash: 'h', wait: '1s' }),
  (client) => client.agentChecks({ filter: 'f' }),
  (client) => client.serviceRegister({ Name: 'a' }, { replaceChecks: true }),
  (client) => client.serviceMaintenance('a', true, { reason: 'r' }),
  (client) => client.nodeMaintenance(true, { reason: 'r' }),
  (client) => client.checkFail('a', { note: 'n' }),
  (client) => client.statusLeader({ dc: 'd' }),
  (client) => client.statusPeers({ dc: 'd' }),
  (client) => client.catalogNodes(everything),
  (client) => client.catalogServices({ ...common, nodeMeta: { a: 'b' }, cached: true }),
  (client) => client.catalogService('a', { ...everything, tags: ['t'], cached: true }),
  (client) => client.catalogConnect('a', { ...everything, tags: ['t'], cached: { maxAgeSeconds: 1 } }),
  (client) => client.catalogNode('a', common),
  (client) => client.catalogNodeServices('a', common),
  (client) => client.uiNodes(common),
  (client) => client.uiServices(common),
  (client) => client.healthConnect('a', { ...everything, tags: ['t'], passing: true, cached: true }),
  (client) => client.healthIngress('a', { ...everything, tags: ['t'], passing: true, cached: true }),
  (client) => client.healthNode('a', common),
  (client) => client.healthChecks('a', everything),
  (client) => client.healthService('a', { ...everything, tags: ['t'], passing: true, cached: true }),
  (client) => client.healthState('any', everything),
  (client) => client.kvKeys('a', { dc: 'd', separator: '/' }),
  (client) => client.kvList('a', { dc: 'd' }),
  (client) => client.kvHistory('a', { dc: 'd' }),
  (client) => client.kvPut('a', '', { dc: 'd', flags: 1n, cas: 1, ttl: '1s' }),
  (client) => client.kvPut('a', '', { acquire: 's' }),
  (client) => client.kvPut('a', '', { release: 's' }),
  (client) => client.kvDelete('a', { dc: 'd', cas: 1 }),
  (client) => client.kvDelete('a', { recurse: true }),
  (client) => client.txn([], { dc: 'd', stale: true }),
  (client) => client.sessionCreate({}, { dc: 'd' }),
  (client) => client.sessionDestroy('a', { dc: 'd' }),
  (client) => client.sessionRenew('a', { dc: 'd' }),
  (client) => client.sessionList({ dc: 'd', stale: true, index: 1, wait: '1s' }),
  (client) => client.eventFire('a', { dc: 'd', node: 'n', service: 's', tag: 't', payload: 'p' }),
  (client) => client.eventList({ name: 'n', index: '18446744073709551615', wait: '1s' }),
  (client) => client.coordinateNodes({ dc: 'd', stale: true, index: 1, wait: '1s' }),
  (client) => client.coordinateNode('a', { dc: 'd', consistent: true }),
  (client) => client.queryList({ dc: 'd', stale: true, index: 1, wait: '1s' }),
  (client) => client.queryRead('a', { dc: 'd', consistent: true, index: 1, wait: '1s' }),
  (client) => client.queryCreate({}, { dc: 'd' }),
  (client) => client.queryUpdate('a', {}, { dc: 'd' }),
  (client) => client.queryDelete('a', { dc: 'd' }),
  (client) =>
    client.queryExecute('a', { dc: 'd', stale: true, maxStale: '1s', near: 'n', limit: 1, connect: true }),
  (client) => client.queryExplain('a', { dc: 'd', consistent: true, limit: 1 }),
  (client) => client.raftConfiguration({ dc: 'd', stale: true }),
  (client) => client.raftRemovePeer({ dc: 'd', id: 'a', force: true }),
  (client) => client.raftRemovePeer({ address: 'a' }),
  (client) => client.raftTransferLeader({ dc: 'd', id: 'a' }),
  (client) => client.autopilotConfiguration({ dc: 'd', stale: true }),
  (client) => client.autopilotSetConfiguration({}, { dc: 'd', cas: 1 }),
  (client) => client.autopilotHealth({ dc: 'd' }),
  (client) => client.autopilotState({ dc: 'd' }),
  (client) => client.usage({ dc: 'd', stale: true, global: true }),
  (client) => client.configSet({ Kind: 'k' }, { dc: 'd', cas: 1 }),
  (client) => client.configGet('k', 'n', { dc: 'd', index: 1 }),
  (client) => client.configList('k', { dc: 'd', stale: true }),
  (client) => client.configDelete('k', 'n', { dc: 'd', cas: 1 }),
  (client) => client.exportedServices(common),
  (client) => client.snapshotSave({ dc: 'd', stale: true }),
  (client) => client.snapshotRestore('', { dc: 'd' }),
  (client) => client.stream([], { dc: 'd' }).next(),
]

function takes({ prefix, suffix, takesName }: Endpoint, path: string): boolean {
  return takesName ? path.startsWith(prefix) && path.endsWith(suffix) : path === prefix
}

function pathOf({ prefix, suffix }: Endpoint): string {
  return suffix === '' ? prefix : `${prefix}:${suffix}`
}

test('every parameter is one of its route', () => {
  const strange: string[] = []
  const endpoints = endpointsOf(routes)
  const client = createClient({
    address: 'h:1',
    fetch(url, { method = 'GET' }) {
      const { pathname, searchParams } = new URL(url)
      const route = endpoints.find((each) => takes(each, pathname))?.byMethod[method as 'GET']
      const known: readonly string[] = route?.parameters ?? []
      for (const name of searchParams.keys())
        if (!known.includes(name)) strange.push(`${method} ${pathname} ${name}`)
      return new Promise(() => {})
    },
  })
  for (const call of fullCalls) void call(client)
  expect(strange).toEqual([])
})

test('every route is reached by a call', () => {
  const sent = new Set<string>()
  const endpoints = endpointsOf(routes)
  const client = createClient({
    address: 'h:1',
    fetch(url, { method = 'GET' }) {
      const { pathname } = new URL(url)
      const found = endpoints.find((each) => takes(each, pathname))
      sent.add(`${method} ${found === undefined ? `no route for ${pathname}` : pathOf(found)}`)
      return new Promise(() => {})
    },
  })
  for (const call of calls) void call(client)
  const served = endpoints.flatMap((endpoint) =>
    Object.keys(endpoint.byMethod).map((method) => `${method} ${pathOf(endpoint)}`),
  )
  expect(served.filter((route) => !sent.has(route))).toEqual([])
  expect([...sent].filter((request) => !served.includes(request))).toEqual([])
})
