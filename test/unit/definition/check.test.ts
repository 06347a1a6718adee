// Definitions of checks, in both spellings: one check, whichever way it came.
import { expect, test } from 'vitest'
import { readApiCheck } from '../../../src/definition/api.ts'
import { readFileDefinitions } from '../../../src/definition/file.ts'
import type { DefinitionRules } from '../../../src/definition/rules.ts'
import type { Json, JsonObject } from '../../../src/model/catalog.ts'
import type { CheckDefinition } from '../../../src/model/definition.ts'

const rules: DefinitionRules = {
  outputBytesMax: 4096,
  scripts: 'anywhere',
  sidecarPorts: { min: 21_000, max: 21_255 },
}

function ofApi(value: JsonObject): CheckDefinition {
  const read = readApiCheck(value, rules)
  if (!read.ok) throw new Error(read.error.message)
  return read.value.definition
}

function ofFile(value: Json): { readonly check: CheckDefinition; readonly warnings: readonly string[] } {
  const { checks, problems, warnings } = readFileDefinitions([{ kind: 'check', value, path: 'check' }], rules)
  const [check] = checks
  if (check === undefined) throw new Error(problems.map(({ message }) => message).join('; '))
  return { check, warnings: warnings.map(({ message }) => message) }
}

const timing = { intervalMs: 5000, timeoutMs: 10_000 }
const tls = { skipVerify: false, serverName: '' }

test.each<readonly [JsonObject, JsonObject, CheckDefinition['run']]>([
  [{ TTL: '90s' }, { ttl: '90s' }, { type: 'ttl', ttlMs: 90_000 }],
  [
    { Args: ['a', 'b'], Interval: '5s' },
    { args: ['a', 'b'], interval: '5s' },
    { type: 'script', args: ['a', 'b'], intervalMs: 5000, timeoutMs: 30_000 },
  ],
  [
    { ScriptArgs: ['a'], Interval: '5s', Timeout: '1s' },
    { scriptargs: ['a'], interval: '5s', timeout: '1s' },
    { type: 'script', args: ['a'], intervalMs: 5000, timeoutMs: 1000 },
  ],
  [
    { DockerContainerID: 'c', Shell: '/bin/sh', Args: ['a'], Interval: '5s' },
    { docker_container_id: 'c', shell: '/bin/sh', args: ['a'], interval: '5s' },
    { type: 'docker', container: 'c', shell: '/bin/sh', args: ['a'], intervalMs: 5000, timeoutMs: 5000 },
  ],
  [
    { HTTP: 'http://x', Interval: '5s' },
    { http: 'http://x', interval: '5s' },
    {
      type: 'http',
      url: 'http://x',
      method: 'GET',
      headers: {},
      body: '',
      followsRedirects: true,
      tls,
      ...timing,
    },
  ],
  [
    {
      HTTP: 'http://x',
      Interval: '5s',
      Method: 'PUT',
      Header: { A: ['b'] },
      Body: 'c',
      DisableRedirects: true,
      TLSSkipVerify: true,
      TLSServerName: 's',
    },
    {
      http: 'http://x',
      interval: '5s',
      method: 'PUT',
      header: { A: ['b'] },
      body: 'c',
      disable_redirects: true,
      tls_skip_verify: true,
      tls_server_name: 's',
    },
    {
      type: 'http',
      url: 'http://x',
      method: 'PUT',
      headers: { A: ['b'] },
      body: 'c',
      followsRedirects: false,
      tls: { skipVerify: true, serverName: 's' },
      ...timing,
    },
  ],
  [
    { TCP: 'h:1', Interval: '5s' },
    { tcp: 'h:1', interval: '5s' },
    { type: 'tcp', address: 'h:1', tls: null, ...timing },
  ],
  [
    { TCP: 'h:1', TCPUseTLS: true, Interval: '5s' },
    { tcp: 'h:1', tcp_use_tls: true, interval: '5s' },
    { type: 'tcp', address: 'h:1', tls, ...timing },
  ],
  [
    { UDP: 'h:1', Interval: '5s' },
    { udp: 'h:1', interval: '5s' },
    { type: 'udp', address: 'h:1', ...timing },
  ],
  [
    { GRPC: 'h:1', Interval: '5s' },
    { grpc: 'h:1', interval: '5s' },
    { type: 'grpc', address: 'h:1', service: '', tls: null, ...timing },
  ],
  [
    { GRPC: 'h:1/a.b/c', GRPCUseTLS: true, Interval: '5s' },
    { grpc: 'h:1/a.b/c', grpc_use_tls: true, interval: '5s' },
    { type: 'grpc', address: 'h:1', service: 'a.b/c', tls, ...timing },
  ],
  [
    { H2PING: 'h:1', Interval: '5s' },
    { h2ping: 'h:1', interval: '5s' },
    { type: 'h2ping', address: 'h:1', tls, ...timing },
  ],
  [
    { H2PING: 'h:1', H2PingUseTLS: false, Interval: '5s' },
    { h2ping: 'h:1', h2ping_use_tls: false, interval: '5s' },
    { type: 'h2ping', address: 'h:1', tls: null, ...timing },
  ],
  [
    { OSService: 'ssh', Interval: '5s' },
    { os_service: 'ssh', interval: '5s' },
    { type: 'os_service', name: 'ssh', ...timing },
  ],
  [{ AliasService: 'web' }, { alias_service: 'web' }, { type: 'alias', node: '', service: 'web' }],
  [
    { AliasNode: 'n', AliasService: 'web' },
    { alias_node: 'n', alias_service: 'web' },
    { type: 'alias', node: 'n', service: 'web' },
  ],
])('%j', (api, file, run) => {
  expect(ofApi({ Name: 'c', ...api }).run).toEqual(run)
  expect(ofFile({ name: 'c', ...file }).check.run).toEqual(run)
})

test('what is not said has its default', () => {
  expect(ofApi({ Name: 'c', TTL: '1s' })).toEqual({
    id: 'c',
    name: 'c',
    notes: '',
    serviceId: '',
    token: '',
    initialStatus: 'critical',
    run: { type: 'ttl', ttlMs: 1000 },
    successBeforePassing: 1,
    failuresBeforeWarning: 1,
    failuresBeforeCritical: 1,
    deregisterCriticalAfterMs: 0,
    outputBytesMax: 4096,
  })
})

test('what is said is kept', () => {
  const given = {
    id: 'i',
    name: 'c',
    notes: 'n',
    service_id: 's',
    token: 't',
    status: 'warning',
    ttl: '1s',
    success_before_passing: 2,
    failures_before_warning: 3,
    failures_before_critical: 4,
    deregister_critical_service_after: '2m',
    output_max_size: 10,
  }
  expect(ofFile(given).check).toMatchObject({
    id: 'i',
    notes: 'n',
    serviceId: 's',
    token: 't',
    initialStatus: 'warning',
    successBeforePassing: 2,
    failuresBeforeWarning: 3,
    failuresBeforeCritical: 4,
    deregisterCriticalAfterMs: 120_000,
    outputBytesMax: 10,
  })
})

test('a warning comes no later than what is critical, unless it is said', () => {
  expect(ofApi({ Name: 'c', TTL: '1s', FailuresBeforeCritical: 3 }).failuresBeforeWarning).toBe(3)
  const wrong = readApiCheck(
    { Name: 'c', TTL: '1s', FailuresBeforeWarning: 3, FailuresBeforeCritical: 2 },
    rules,
  )
  expect(wrong).toMatchObject({ error: { status: 400 } })
})

test('no more output is kept than the agent allows', () => {
  expect(ofApi({ Name: 'c', TTL: '1s', OutputMaxSize: 100_000 }).outputBytesMax).toBe(4096)
})

test('what is too short is raised, with a warning', () => {
  const { check, warnings } = ofFile({
    name: 'c',
    tcp: 'h:1',
    interval: '10ms',
    deregister_critical_service_after: '1s',
  })
  expect(check).toMatchObject({ run: { intervalMs: 1000 }, deregisterCriticalAfterMs: 60_000 })
  expect(warnings).toHaveLength(2)
})

test('of two kinds one counts, with a warning', () => {
  const { check, warnings } = ofFile({ name: 'c', tcp: 'h:1', http: 'http://x', interval: '5s' })
  expect(check.run.type).toBe('http')
  expect(warnings).toEqual(['Check "c" is of type http; what makes it tcp has no effect'])
})

test('in the API a duration may be nanoseconds; in a file it is text', () => {
  expect(ofApi({ Name: 'c', TTL: 2_500_000_000 }).run).toEqual({ type: 'ttl', ttlMs: 2500 })
  expect(() => ofFile({ name: 'c', ttl: 5 })).toThrow('check.ttl must be a duration in quotes')
})

test('what is above nothing is not rounded to nothing', () => {
  expect(ofApi({ Name: 'c', TTL: 10 }).run).toEqual({ type: 'ttl', ttlMs: 1 })
})
