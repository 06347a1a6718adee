// Definitions come from people and from the network: whatever is written, it ends as definitions or as sentences that say
// where, and never as an exception.
import { expect, test } from 'vitest'
import { readConfigText } from '../../src/config/file.ts'
import { readApiCheck, readApiService } from '../../src/definition/api.ts'
import { readFileDefinitions, readGivenServices } from '../../src/definition/file.ts'
import { serviceBody } from '../../src/definition/print.ts'
import type { DefinitionRules } from '../../src/definition/rules.ts'
import { firstFreePort } from '../../src/definition/sidecar.ts'
import { seededRandom, type Random } from '../../src/lib/random.ts'
import type { Json } from '../../src/model/catalog.ts'

const rules: DefinitionRules = {
  outputBytesMax: 4096,
  scripts: 'anywhere',
  sidecarPorts: { min: 21_000, max: 21_255 },
}

const names = {
  api: 'Name ID CheckID Kind Tags Address TaggedAddresses Meta Port SocketPath Check Checks Weights Token EnableTagOverride Proxy Connect Native SidecarService TTL Interval Timeout HTTP TCP UDP GRPC H2PING H2PingUseTLS Args ScriptArgs DockerContainerID Shell Header Method Body AliasNode AliasService OSService Status Notes OutputMaxSize SuccessBeforePassing FailuresBeforeWarning FailuresBeforeCritical DeregisterCriticalServiceAfter ServiceID Passing Warning Upstreams DestinationName DestinationServiceName LocalBindPort Config Expose MeshGateway'.split(
    ' ',
  ),
  file: 'name id kind tags address tagged_addresses meta port socket_path check checks weights token enable_tag_override proxy connect native sidecar_service ttl interval timeout http tcp udp grpc h2ping h2ping_use_tls args scriptargs docker_container_id shell header method body alias_node alias_service os_service status notes output_max_size success_before_passing failures_before_warning failures_before_critical deregister_critical_service_after service_id passing warning upstreams destination_name destination_service_name local_bind_port config expose mesh_gateway namespace'.split(
    ' ',
  ),
  odd: ['', '__proto__', 'constructor', 'toString', 'a b', 'NAME', 'İ'],
} as const

const scalars: readonly Json[] = [
  null,
  true,
  false,
  0,
  1,
  -1,
  1.5,
  80,
  65_536,
  1e308,
  Number.MAX_SAFE_INTEGER + 2,
  '',
  'x',
  'web',
  '10s',
  '1ms',
  '-5s',
  '10',
  '1x',
  '9999999999h',
  'passing',
  'bad',
  'connect-proxy',
  'mesh-gateway',
  '0.0.0.0',
  '::1',
  'http://x',
  'h:1/a',
  '\u0000',
]

const signs: readonly string[] = ['', '{', '}', '[', ']', '"', ':', ',', '=', '\n', '0', 'x', '.', '\u0000']

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)] as T
}

function value(random: Random, keys: readonly string[], depth: number): Json {
  const kind = random.below(depth > 3 ? 6 : 10)
  if (kind < 6) return pick(random, scalars)
  if (kind < 8) return Array.from({ length: random.below(4) }, () => value(random, keys, depth + 1))
  return object(random, keys, depth + 1)
}

function object(random: Random, keys: readonly string[], depth: number): Json {
  const pairs = Array.from({ length: random.below(7) }, () => {
    const name = random.below(12) === 0 ? pick(random, names.odd) : pick(random, keys)
    return [name, value(random, keys, depth)] as const
  })
  return Object.fromEntries(pairs)
}

/** Something that could pass, with one thing that does not fit. */
function nearlyRight(random: Random, spelling: 'api' | 'file'): Json {
  const isApi = spelling === 'api'
  const base = isApi
    ? { Name: 'web', Port: 80, Check: { HTTP: 'http://x', Interval: '10s' }, Connect: { SidecarService: {} } }
    : {
        name: 'web',
        port: 80,
        check: { http: 'http://x', interval: '10s' },
        connect: { sidecar_service: {} },
      }
  return { ...base, [pick(random, names[spelling])]: value(random, names[spelling], 1) }
}

test('the API: a definition, or a sentence', () => {
  const random = seededRandom(1)
  let taken = 0
  for (let i = 0; i < 20_000; i++) {
    const given = i % 2 === 0 ? nearlyRight(random, 'api') : value(random, names.api, 0)
    const before = JSON.stringify(given)
    const service = readApiService(given, rules, firstFreePort(rules.sidecarPorts, new Map()))
    const check = readApiCheck(given, rules)
    for (const read of [service, check]) {
      if (read.ok) taken++
      else expect(read.error.message, before).not.toBe('')
    }
    if (service.ok) {
      const { port, id, weights } = service.value.service.service
      expect(id !== '' && Number.isSafeInteger(port) && weights.passing >= 1, before).toBe(true)
    }
    expect(JSON.stringify(given)).toBe(before)
  }
  expect(taken).toBeGreaterThan(400)
})

test('files: definitions with ids of their own, and problems that name their place', () => {
  const random = seededRandom(2)
  let taken = 0
  for (let i = 0; i < 20_000; i++) {
    const kind = i % 3 === 0 ? 'check' : 'service'
    const given = i % 2 === 0 ? nearlyRight(random, 'file') : value(random, names.file, 0)
    const { services, checks, problems } = readFileDefinitions([{ kind, value: given, path: kind }], rules)
    taken += services.length + checks.length
    expect(new Set(services.map(({ service }) => service.id)).size).toBe(services.length)
    for (const { path, message } of problems) {
      expect(message, JSON.stringify(given)).not.toBe('')
      expect(path.startsWith(kind), `${path}: ${JSON.stringify(given)}`).toBe(true)
    }
  }
  expect(taken).toBeGreaterThan(400)
})

test('what a file says is printed for the API as what the API takes', () => {
  const random = seededRandom(3)
  for (let i = 0; i < 5000; i++) {
    const given = nearlyRight(random, 'file')
    for (const service of readGivenServices([{ kind: 'service', value: given, path: 's' }]).services) {
      const body = JSON.parse(JSON.stringify(serviceBody(service))) as Json
      const read = readApiService(body, rules, firstFreePort(rules.sidecarPorts, new Map()))
      const { services, problems } = readFileDefinitions(
        [{ kind: 'service', value: given, path: 's' }],
        rules,
      )
      if (read.ok && problems.length === 0) {
        const all = [read.value.service, read.value.sidecar].filter((each) => each !== null)
        expect(all, JSON.stringify(given)).toEqual(services)
      } else expect(read.ok, JSON.stringify(given)).toBe(services.length > 0)
    }
  }
})

test('files that were hit: what is wrong has a file and a line of it', () => {
  const random = seededRandom(4)
  for (let i = 0; i < 10_000; i++) {
    const kind = pick(random, ['service', 'services', 'check', 'checks'])
    const whole = JSON.stringify({ [kind]: nearlyRight(random, 'file') }, null, 1)
    const at = random.below(whole.length)
    const text =
      random.below(3) === 0 ? whole : whole.slice(0, at) + pick(random, signs) + whole.slice(at + 1)
    const file = readConfigText('/a', text, random.below(2) === 0 ? 'json' : 'hcl')
    const { problems } = readFileDefinitions(file.definitions, rules)
    const lines = text.split('\n').length
    for (const { index, path, message } of problems) {
      const [, line] = /^\/a:(\d+)$/.exec(file.definitions[index]?.place(path) ?? '') ?? []
      expect(Number(line) >= 1 && Number(line) <= lines && message !== '', `${path}: ${text}`).toBe(true)
    }
  }
})
