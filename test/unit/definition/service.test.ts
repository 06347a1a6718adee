// Definitions of services: what is filled in, what is refused in which order, and sidecars.
import { expect, test } from 'vitest'
import { readApiService } from '../../../src/definition/api.ts'
import { readFileDefinitions, readGivenServices } from '../../../src/definition/file.ts'
import { serviceBody } from '../../../src/definition/print.ts'
import type { DefinitionRules } from '../../../src/definition/rules.ts'
import type { BuiltService } from '../../../src/definition/service.ts'
import { firstFreePort } from '../../../src/definition/sidecar.ts'
import type { Json, JsonObject, ServiceInfo } from '../../../src/model/catalog.ts'

const rules: DefinitionRules = {
  outputBytesMax: 4096,
  scripts: 'nowhere',
  sidecarPorts: { min: 21_000, max: 21_002 },
}

function built(value: JsonObject, present: ReadonlyMap<string, ServiceInfo> = new Map()): BuiltService {
  const read = readApiService(value, rules, firstFreePort(rules.sidecarPorts, present))
  if (!read.ok) throw new Error(read.error.message)
  return read.value
}

function filed(...values: readonly Json[]): ReturnType<typeof readFileDefinitions> {
  return readFileDefinitions(
    values.map((value) => ({ kind: 'service', value, path: 'service' })),
    rules,
  )
}

test('a name is enough', () => {
  expect(built({ Name: 'web' }).service).toEqual({
    service: {
      id: 'web',
      service: 'web',
      kind: '',
      tags: [],
      address: '',
      port: 0,
      socketPath: '',
      taggedAddresses: {},
      meta: {},
      weights: { passing: 1, warning: 1 },
      enableTagOverride: false,
      proxy: null,
      connect: null,
    },
    token: '',
    checks: [],
  })
})

test('weights that are left out: 1 in a file, refused in the API', () => {
  const { services } = filed({ name: 'a', weights: { passing: 5 } }, { name: 'b', weights: { warning: 5 } })
  expect(services.map(({ service }) => service.weights)).toEqual([
    { passing: 5, warning: 1 },
    { passing: 1, warning: 5 },
  ])
  expect(() => built({ Name: 'a', Weights: { Warning: 5 } })).toThrow('Invalid Weights: Passing')
})

test.each<readonly [string, readonly string[]]>([
  ['10.0.0.1', ['lan_ipv4', 'wan_ipv4']],
  ['::1', ['lan_ipv6', 'wan_ipv6']],
  ['2001:db8::1.2.3.4', ['lan_ipv6', 'wan_ipv6']],
  ['a.example.com', []],
  ['10.0.0.256', []],
  ['1::2::3', []],
  ['1:2:3', []],
  ['', []],
])('address %j is also that of its family: %j', (Address, tags) => {
  expect(Object.keys(built({ Name: 'a', Address, Port: 5 }).service.service.taggedAddresses)).toEqual(tags)
})

test('checks are numbered when there are several', () => {
  const ids = (value: JsonObject): readonly string[] => built(value).service.checks.map(({ id }) => id)
  expect(ids({ Name: 'a', Check: { TTL: '1s' } })).toEqual(['service:a'])
  expect(
    ids({ Name: 'a', ID: 'i', Check: { TTL: '1s' }, Checks: [{ TTL: '1s' }, { TTL: '1s', CheckID: 'c' }] }),
  ).toEqual(['service:i:1', 'service:i:2', 'c'])
  expect(ids({ Name: 'a', Check: {} })).toEqual([])
})

test('of two checks with one id the last counts', () => {
  const { checks } = built({
    Name: 'a',
    Checks: [
      { TTL: '1s', CheckID: 'c' },
      { TTL: '2s', CheckID: 'c' },
    ],
  }).service
  expect(checks.map(({ run }) => run)).toEqual([{ type: 'ttl', ttlMs: 2000 }])
})

test('a sidecar takes what it is not told from its service', () => {
  const { sidecar } = built({
    Name: 'web',
    ID: 'w1',
    Port: 80,
    Address: '10.0.0.1',
    Tags: ['t'],
    Meta: { a: 'b' },
    Token: 'tok',
    Connect: { SidecarService: {} },
  })
  expect(sidecar).toMatchObject({
    service: {
      id: 'w1-sidecar-proxy',
      service: 'web-sidecar-proxy',
      kind: 'connect-proxy',
      port: 21_000,
      address: '10.0.0.1',
      tags: ['t'],
      meta: { a: 'b' },
      proxy: {
        DestinationServiceName: 'web',
        DestinationServiceID: 'w1',
        LocalServiceAddress: '127.0.0.1',
        LocalServicePort: 80,
      },
    },
    token: 'tok',
    checks: [
      {
        id: 'service:w1-sidecar-proxy:1',
        run: { type: 'tcp', address: '127.0.0.1:21000', intervalMs: 10_000 },
      },
      { id: 'service:w1-sidecar-proxy:2', run: { type: 'alias', service: 'w1' } },
    ],
  })
})

test('a sidecar keeps its port; another gets the next one; at the end there is none', () => {
  const present = new Map<string, ServiceInfo>()
  const next = (Name: string): number => {
    const { sidecar } = built({ Name, Connect: { SidecarService: {} } }, present)
    if (sidecar === null) throw new Error('no sidecar')
    present.set(sidecar.service.id, sidecar.service)
    return sidecar.service.port
  }
  expect(['a', 'b', 'a', 'c'].map(next)).toEqual([21_000, 21_001, 21_000, 21_002])
  expect(() => next('d')).toThrow('No port is left for the sidecar "d-sidecar-proxy"')
})

test('a port and a socket exclude each other', () => {
  expect(() => built({ Name: 'a', Port: 1, SocketPath: '/s' })).toThrow('cannot both be specified')
  expect(built({ Name: 'a', SocketPath: '/s' }).service.service.socketPath).toBe('/s')
})

test('keys of the enterprise edition are named as without effect in files', () => {
  const { services, warnings } = filed({
    name: 'a',
    namespace: 'n',
    partition: 'p',
    locality: { region: 'r' },
  })
  expect(services).toHaveLength(1)
  expect(warnings.map(({ message }) => message)).toEqual([
    'service.namespace has no effect',
    'service.partition has no effect',
    'service.locality has no effect',
  ])
})

test('a file says as much as the API: printed for it, it is read as the same', () => {
  const value = {
    name: 'web',
    id: 'w1',
    tags: ['a'],
    port: 80,
    address: '10.0.0.1',
    meta: { a: 'b' },
    tagged_addresses: { lan: { address: '10.0.0.2', port: 81 } },
    weights: { passing: 2, warning: 1 },
    enable_tag_override: true,
    token: 't',
    check: { ttl: '90s', status: 'passing' },
    checks: [
      { h2ping: 'h:1', h2ping_use_tls: false, interval: '5s', deregister_critical_service_after: '90m' },
    ],
    connect: { sidecar_service: { proxy: { upstreams: [{ destination_name: 'db', local_bind_port: 1 }] } } },
  }
  const { services } = readGivenServices([{ kind: 'service', value, path: 'service' }])
  const [given] = services
  if (given === undefined) throw new Error('not read')
  const { service, sidecar } = built(serviceBody(given))
  expect([service, sidecar]).toEqual(filed(value).services)
})
