// Services and checks in configuration files.
import { expect, test } from 'vitest'
import type { AgentConfig } from '../../../src/config/agent-config.ts'
import { reloadConfig } from '../../../src/config/load.ts'
import { load, loaded as loadedFrom, machine } from './machine.ts'

const client = ['-data-dir=/data', '-bind=10.0.0.5']

function loaded(files: Readonly<Record<string, string>>): Promise<AgentConfig> {
  return loadedFrom([...client, '-config-dir=/c'], machine(files))
}

async function problems(text: string, name: string = 'a.hcl'): Promise<unknown> {
  return await load([...client, '-config-dir=/c'], machine({ [`/c/${name}`]: text }))
}

test('services of several files, blocks and lists come together in the order of the files', async () => {
  const { services } = await loaded({
    '/c/1.json': '{"service": {"name": "a"}, "services": [{"name": "b"}, {"id": "c1", "name": "c"}]}',
    '/c/2.hcl':
      'service { name = "d" }\nservice { name = "e" }\nservices = [{ name = "f" }]\nservices { name = "g" }',
  })
  expect(services.map(({ service }) => service.id)).toEqual(['a', 'b', 'c1', 'd', 'e', 'f', 'g'])
})

test('checks of the node and of a service', async () => {
  const { checkDefinitions } = await loaded({
    '/c/1.json':
      '{"check": {"name": "disk", "ttl": "5m"}, "checks": [{"id": "w", "name": "web up", "service_id": "web", "tcp": "x:1", "interval": "5s"}]}',
  })
  expect(checkDefinitions.map(({ id, name, serviceId, run }) => [id, name, serviceId, run.type])).toEqual([
    ['disk', 'disk', '', 'ttl'],
    ['w', 'web up', 'web', 'tcp'],
  ])
})

test('a sidecar is a service of its own, with a port of the range', async () => {
  const { services } = await loaded({
    '/c/1.hcl':
      'ports { sidecar_min_port = 30000 }\nservice {\n name = "a"\n port = 80\n connect { sidecar_service {} }\n}\nservice {\n name = "b"\n connect { sidecar_service {} }\n}',
    '/c/2.hcl': 'ports { sidecar_max_port = 30001 }',
  })
  expect(services.map(({ service }) => [service.id, service.port])).toEqual([
    ['a', 80],
    ['a-sidecar-proxy', 30_000],
    ['b', 0],
    ['b-sidecar-proxy', 30_001],
  ])
})

test('of two services with one id the last one counts, with a warning', async () => {
  const { services, warnings } = await loaded({
    '/c/1.json': '{"service": {"name": "a", "port": 1}}',
    '/c/2.json': '{"service": {"name": "a", "port": 2}}',
  })
  expect(services.map(({ service }) => service.port)).toEqual([2])
  expect(warnings).toEqual(['/c/2.json:1: Service "a" is defined more than once: the last one counts'])
})

test.each([
  ['service {\n  name = "web"\n  prot = 80\n}', '/c/a.hcl:3 | invalid config key service.prot'],
  [
    'service {\n  name = "web"\n  port = "80"\n}',
    '/c/a.hcl:3 | service.port must be a whole number, not "80"',
  ],
  ['service {\n  port = 80\n}', '/c/a.hcl:1: service | Service name missing'],
  ['services = ["web"]', '/c/a.hcl:1 | services[0] must be an object, in { and }, not "web"'],
  ['service = 5', '/c/a.hcl:1 | service must be a list, in [ and ], not 5'],
  [
    'service {\n  name = "web"\n  check {\n    ttl = "5x"\n  }\n}',
    '/c/a.hcl:4 | service.check.ttl: time: unknown unit "x" in duration "5x"',
  ],
  [
    'service {\n  name = "web"\n  checks = [\n    { http = "http://x" }\n  ]\n}',
    '/c/a.hcl:3: service.checks[0] | Failed to validate checks for service "web": Interval must be > 0 for Script, HTTP, or TCP checks',
  ],
  [
    'service {\n  name = "web"\n  meta {\n    "a b" = "c"\n  }\n}',
    "/c/a.hcl:3: service.meta | invalid meta for service web: Couldn't load metadata pair ('a b', 'c'): Key contains invalid characters",
  ],
  [
    'service {\n  name = "web"\n  weights {\n    passing = 0\n  }\n}',
    '/c/a.hcl:3: service.weights | Invalid weight definition for service web: Passing must be greater than 0',
  ],
  [
    'service {\n  name = "web"\n  kind = "connect-proxy"\n}',
    '/c/a.hcl:1: service | service "web": Proxy.DestinationServiceName must be non-empty for Connect proxy services; Port must be set for a Connect proxy',
  ],
  [
    'service {\n  name = "web"\n  check {\n    args = ["true"]\n    interval = "10s"\n  }\n}',
    "/c/a.hcl:1: service | Scripts are disabled on this agent; to enable, configure 'enable_script_checks' or 'enable_local_script_checks' to true",
  ],
  [
    'service {\n  name = "web"\n  check { ttl = "5s" }\n  check { ttl = "6s" }\n}',
    '/c/a.hcl:4 | service.check is given 2 times; it can be given once',
  ],
  ['check {\n  ttl = "5s"\n}', '/c/a.hcl:1: check | Missing check name'],
  [
    'check {\n  name = "x"\n  interval = "5s"\n}',
    '/c/a.hcl:1: check | Failed to validate check "x": TTL must be > 0 for TTL checks',
  ],
  [
    `service {\n  name = "${'x'.repeat(4097)}"\n}`,
    '/c/a.hcl:1: service | Service ID is too long (4097 bytes, limit: 4096)',
  ],
  [
    `check {\n  name = "${'x'.repeat(4097)}"\n  ttl = "5s"\n}`,
    '/c/a.hcl:1: check | Check ID is too long (4097 bytes, limit: 4096)',
  ],
])('%j is refused with file, line and key', async (text, problem) => {
  expect(await problems(text)).toEqual([problem])
})

test('all problems of all definitions are told at once', async () => {
  const text =
    '{"services": [{"name": 5, "port": "x", "foo": 1}, {}, {"name": "ok"}], "checks": [{"name": "c", "ttl": 5}]}'
  expect(await problems(text, 'a.json')).toHaveLength(5)
})

test('programs may be run by checks of files with enable_local_script_checks', async () => {
  const { services } = await loaded({
    '/c/1.hcl':
      'enable_local_script_checks = true\nservice {\n name = "a"\n check {\n args = ["x"]\n interval = "1s"\n }\n}',
  })
  expect(services[0]?.checks[0]?.run.type).toBe('script')
})

test('a sidecar keeps its port over a reload, whatever comes before it', async () => {
  const sidecar = (name: string): string =>
    `service {\n name = "${name}"\n connect { sidecar_service {} }\n}\n`
  const before = await loaded({ '/c/1.hcl': sidecar('b') + sidecar('c') })
  const after = await reloadConfig(
    before,
    machine({ '/c/1.hcl': sidecar('a') + sidecar('c') + sidecar('b') }),
  )
  if (!after.ok) throw new Error(after.error.map(({ message }) => message).join())
  const ports = after.value.services.flatMap(({ service }) =>
    service.kind === '' ? [] : [[service.id, service.port]],
  )
  expect(ports).toEqual([
    ['a-sidecar-proxy', 21_002],
    ['c-sidecar-proxy', 21_001],
    ['b-sidecar-proxy', 21_000],
  ])
})
