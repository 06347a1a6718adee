// The client against the app itself: what one writes the other reads.
import { describe, expect, test } from 'vitest'
import { createApp } from '../../../src/http/app.ts'
import { type Client, createClient } from '../../../src/http/client.ts'
import { ApiError, type FetchOptions } from '../../../src/http/client/connection.ts'
import { requestError } from '../../../src/model/errors.ts'
import { type BackendSettings, createStateBackend } from './state-backend.ts'

interface Sent {
  readonly url: string
  readonly options: FetchOptions
}

function clientOf(
  settings: BackendSettings = {},
  options: { readonly token?: string; readonly datacenter?: string; readonly address?: string } = {},
): { readonly client: Client; readonly sent: Sent[]; readonly calls: (readonly unknown[])[] } {
  const backend = createStateBackend(settings)
  const app = createApp(backend)
  const sent: Sent[] = []
  const client = createClient({
    address: '127.0.0.1:8500',
    ...options,
    fetch: async (url, { unixPath: _unixPath, ...init }) => {
      sent.push({ url, options: init })
      return await app(new Request(url, init as RequestInit), { ip: '127.0.0.1', port: 1 })
    },
  })
  return { client, sent, calls: backend.calls }
}

describe('configuration entries', () => {
  test('are written, read, listed and deleted', async () => {
    const { client } = clientOf()
    const entry = { Kind: 'service-defaults', Name: 'a/b', protocol: 'http' }
    expect(await client.configSet(entry, { cas: 0 })).toBe(true)
    expect(await client.configSet(entry, { cas: 0 })).toBe(false)
    const { value } = await client.configGet('service-defaults', 'a/b')
    expect(value).toMatchObject({ Name: 'a/b', Protocol: 'http', CreateIndex: 1, ModifyIndex: 1 })
    expect((await client.configList('')).value).toEqual([value])
    expect((await client.configGet('service-defaults', 'none')).value).toBeNull()
    expect(await client.configDelete('service-defaults', 'a/b', { cas: 99 })).toBe(false)
    expect(await client.configDelete('service-defaults', 'a/b', { cas: 1 })).toBe(true)
    expect(await client.configDelete('service-defaults', 'a/b')).toBe(true)
    expect((await client.configList('service-defaults')).value).toEqual([])
  })

  test('that cannot be are refused with the reason', async () => {
    const { client } = clientOf()
    const wrong = client.configSet({ Kind: 'service-router', Name: 'a' })
    await expect(wrong).rejects.toMatchObject({
      status: 500,
      message: expect.stringContaining('"tcp"') as string,
    })
    await expect(client.configSet({ Kind: 'zz' })).rejects.toMatchObject({ status: 400 })
  })
})

describe('KV', () => {
  test('what is put is read back, flags to the last digit', async () => {
    const { client } = clientOf()
    expect(await client.kvPut('a/b c', 'hello', { flags: 18_446_744_073_709_551_615n })).toBe(true)
    const { value, index, knownLeader } = await client.kvGet('a/b c')
    expect(value).toMatchObject({ Key: 'a/b c', Value: 'aGVsbG8=', Flags: 18_446_744_073_709_551_615n })
    expect([index, knownLeader]).toEqual([1, true])
  })

  test('what is missing is an answer', async () => {
    const { client } = clientOf()
    expect((await client.kvGet('a')).value).toBeNull()
    expect((await client.kvList('a')).value).toEqual([])
    expect((await client.kvKeys('a')).value).toEqual([])
  })

  test('lists, keys and deletion', async () => {
    const { client } = clientOf()
    await client.kvPut('a/1', '1')
    await client.kvPut('a/2', new Uint8Array([1]))
    expect((await client.kvList('a/')).value.map(({ Key }) => Key)).toEqual(['a/1', 'a/2'])
    expect((await client.kvKeys('', { separator: '/' })).value).toEqual(['a/'])
    expect(await client.kvPut('a/1', 'x', { cas: 99 })).toBe(false)
    expect(await client.kvDelete('a/1', { cas: 99 })).toBe(false)
    expect(await client.kvDelete('a/', { recurse: true })).toBe(true)
    expect((await client.kvKeys('')).value).toEqual([])
  })
})

describe('catalog and health', () => {
  test('what is registered is found', async () => {
    const { client } = clientOf()
    const Check = { Name: 'c', ServiceID: 's', Status: 'passing' }
    await client.catalogRegister({ Node: 'n', Address: 'a', Service: { Service: 's', Tags: ['t'] }, Check })
    expect((await client.catalogNodes()).value.map(({ Node }) => Node)).toEqual(['n'])
    expect((await client.catalogServices()).value).toEqual({ s: ['t'] })
    expect((await client.catalogService('s', { tags: ['t'] })).value).toHaveLength(1)
    expect((await client.catalogService('s', { tags: ['t', 'u'] })).value).toHaveLength(0)
    expect((await client.catalogNode('n')).value?.Services['s']?.Service).toBe('s')
    expect((await client.catalogNode('x')).value).toBeNull()
    expect((await client.catalogNodeServices('n')).value.Services).toHaveLength(1)
    expect((await client.healthService('s', { passing: true })).value).toHaveLength(1)
    expect((await client.healthChecks('s')).value).toHaveLength(1)
    expect((await client.healthNode('n')).value).toHaveLength(1)
    expect((await client.healthState('any', { nodeMeta: { a: 'b' } })).value).toHaveLength(0)
    await client.catalogDeregister({ Node: 'n' })
    expect((await client.catalogNodes()).value).toEqual([])
  })

  test('a registration names the client’s datacenter', async () => {
    const { client } = clientOf({}, { datacenter: 'dc9' })
    await expect(client.catalogRegister({ Node: 'n', Address: 'a' })).rejects.toThrow(
      'Unexpected response code: 500 (No path to datacenter)',
    )
  })
})

describe('agent, status, operator', () => {
  test('each verb reaches the agent', async () => {
    const { client, calls } = clientOf()
    await client.join('[fd00::1]:8301', { wan: true })
    await client.forceLeave('a b', { prune: true })
    await client.agentMembers({ wan: true })
    await client.reload()
    await client.leave()
    expect(calls).toEqual([
      ['join', '[fd00::1]:8301', 'wan'],
      ['forceLeave', 'a b', { prune: true, wan: false }],
      ['members', 'wan'],
      ['reload'],
      ['leave'],
    ])
  })

  test('answers are typed values', async () => {
    const { client } = clientOf()
    expect((await client.agentSelf()).Config.NodeName).toBe('n1')
    expect((await client.agentVersion()).HumanVersion).not.toBe('')
    expect((await client.agentMetrics()).Gauges).toEqual([])
    expect(await client.statusLeader()).toBe('10.0.0.1:8300')
    expect(await client.statusPeers()).toEqual(['10.0.0.1:8300'])
    expect(await client.catalogDatacenters()).toEqual(['dc1', 'dc2'])
    expect((await client.raftConfiguration({ stale: true })).Servers).toEqual([])
    const reader = (await client.monitor({ level: 'debug' })).getReader()
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('a line\n')
  })

  test('an unhealthy cluster is an answer, not a failure', async () => {
    const autopilotHealth = {
      healthy: false,
      failureTolerance: 0,
      optimisticFailureTolerance: 0,
      servers: [],
    }
    const { client } = clientOf({ answers: { autopilotHealth } })
    expect((await client.autopilotHealth()).Healthy).toBe(false)
  })
})

describe('failures', () => {
  test('an answer other than success', async () => {
    const { client } = clientOf({ failure: requestError('noLeader', 'No cluster leader') })
    const failure: unknown = await client.kvPut('a', 'x').catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ApiError)
    expect(failure).toMatchObject({
      status: 500,
      body: 'No cluster leader',
      message: 'Unexpected response code: 500 (No cluster leader)',
    })
  })

  test.each([
    [
      '127.0.0.1:1',
      'ECONNREFUSED',
      'Get "http://127.0.0.1:1/v1/status/leader": dial tcp 127.0.0.1:1: connect: connection refused',
    ],
    ['https://h', 'ENOTFOUND', 'Get "https://h/v1/status/leader": dial tcp: lookup h: no such host'],
    [
      'unix:///no',
      'ENOENT',
      'Get "http://%2Fno/v1/status/leader": dial unix /no: connect: no such file or directory',
    ],
  ])('%s that cannot be reached', async (address, code, message) => {
    const cause = Object.assign(new Error('fetch failed'), { cause: Object.assign(new Error('x'), { code }) })
    const client = createClient({ address, fetch: () => Promise.reject(cause) })
    await expect(client.statusLeader()).rejects.toMatchObject({ name: 'ConnectionError', code, message })
  })

  test('an answer that is not JSON', async () => {
    const client = createClient({
      address: 'h',
      fetch: () => Promise.resolve(new Response('<html>')),
    })
    await expect(client.statusLeader()).rejects.toThrow('it is not JSON but begins with "<html>"')
  })

  test('an address of an unknown scheme', () => {
    expect(() =>
      createClient({ address: 'ftp://h', fetch: () => Promise.reject(new Error('unused')) }),
    ).toThrow('Unknown protocol scheme: ftp')
  })
})

describe('what is sent', () => {
  test('that an older answer will do', async () => {
    const { client, sent } = clientOf()
    await client.healthService('a', { cached: true, passing: true })
    await client.catalogServices({
      cached: { maxAgeSeconds: 5, mustRevalidate: true, staleIfErrorSeconds: 60 },
    })
    expect(sent.map(({ url }) => url.replace(/^.*8500/, ''))).toEqual([
      '/v1/health/service/a?passing=1&cached=',
      '/v1/catalog/services?cached=',
    ])
    expect(sent.map(({ options }) => options.headers?.['Cache-Control'])).toEqual([
      undefined,
      'must-revalidate, max-age=5, stale-if-error=60',
    ])
  })

  test('token and datacenter', async () => {
    const { client, sent } = clientOf({}, { token: 'secret', datacenter: 'dc1' })
    await client.kvGet('a', { stale: true, index: 7, wait: '1ms' })
    await client.statusLeader({ dc: 'dc1' })
    expect(sent.map(({ url }) => url)).toEqual([
      'http://127.0.0.1:8500/v1/kv/a?dc=dc1&stale=&index=7&wait=1ms',
      'http://127.0.0.1:8500/v1/status/leader?dc=dc1',
    ])
    expect(sent[0]?.options.headers).toEqual({ 'X-Consul-Token': 'secret' })
  })

  test.each([
    ['h:1', 'http://h:1/v1/agent/members'],
    ['http://h:1/', 'http://h:1/v1/agent/members'],
    ['https://[::1]:2', 'https://[::1]:2/v1/agent/members'],
    ['http://h:1/behind/a/proxy', 'http://h:1/behind/a/proxy/v1/agent/members'],
  ])('to %s', async (address, url) => {
    const urls: string[] = []
    const client = createClient({
      address,
      fetch: (to) => {
        urls.push(to)
        return Promise.resolve(new Response('[]'))
      },
    })
    await client.agentMembers()
    expect(urls).toEqual([url])
  })
})
