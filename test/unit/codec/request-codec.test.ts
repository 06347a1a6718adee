import { describe, expect, it } from 'vitest'
import { encodeCbor } from '../../../src/codec/cbor.ts'
import { decodeReply, decodeRequest, encodeReply, encodeRequest } from '../../../src/codec/request-codec.ts'
import type { PreparedSearch } from '../../../src/model/prepared-query.ts'
import type { Query, ReadOptions } from '../../../src/model/query.ts'
import type { RpcReply, RpcRequest } from '../../../src/model/rpc.ts'
import { entry, outcome, storedAutopilot, storedSession, txn, versions } from './samples.ts'

const options: ReadOptions = {
  datacenter: 'dc2',
  consistency: 'consistent',
  maxStaleMs: null,
  minIndex: 5,
  waitMs: 300_000,
}
const select = { service: 'web', tags: ['a'], nodeMeta: { rack: '1' }, near: 'n1', connect: true }
const queries: readonly Query[] = [
  { kind: 'nodes', nodeMeta: {}, near: '' },
  { kind: 'node', node: 'n1' },
  { kind: 'nodesByAddress', ip: '::1' },
  { kind: 'servicesByAddress', ip: '10.0.0.1' },
  { kind: 'services', nodeMeta: { a: 'b' } },
  { kind: 'serviceNodes', ...select },
  { kind: 'healthNode', node: 'n1' },
  { kind: 'healthChecks', service: 'web', nodeMeta: {}, near: '' },
  { kind: 'healthService', ...select, passing: true },
  { kind: 'healthState', state: 'any', nodeMeta: {}, near: '' },
  { kind: 'kvGet', key: 'k' },
  { kind: 'kvList', prefix: '' },
  { kind: 'kvKeys', prefix: 'a', separator: '/' },
  { kind: 'kvHistory', key: 'k' },
  { kind: 'session', id: 's1' },
  { kind: 'sessions' },
  { kind: 'sessionsOfNode', node: 'n1' },
  { kind: 'txn', operations: txn.operations },
  { kind: 'nodeServices', node: 'n1' },
  { kind: 'nodeDump', node: '' },
  { kind: 'preparedQueries' },
  { kind: 'preparedQuery', id: 'q' },
  { kind: 'preparedQueryResolve', nameOrId: 'geo-x' },
  { kind: 'coordinates' },
  { kind: 'coordinatesOfNode', node: 'n1' },
  { kind: 'configEntries', configKind: '' },
  { kind: 'configEntry', configKind: 'service-defaults', name: 'web' },
  { kind: 'exportedServices' },
  { kind: 'autopilotConfig' },
  { kind: 'usage' },
]
const meta = { index: 7, knownLeader: true, lastContactMs: 0, epoch: '' }

const searches: readonly PreparedSearch[] = [
  {
    kind: 'named',
    nameOrId: 'geo-x',
    limit: 3,
    sourceIp: '10.0.0.1',
    near: '_agent',
    connect: true,
    agentNode: 'n1',
    agentDatacenter: 'dc1',
  },
  {
    kind: 'filled',
    service: {
      service: 'web',
      failover: { nearestN: 1, datacenters: ['dc2'] },
      onlyPassing: true,
      ignoreCheckIds: ['c'],
      near: '_ip',
      tags: ['a', '!b'],
      nodeMeta: { a: 'b' },
      serviceMeta: { c: 'd' },
      connect: false,
    },
    dnsTtl: '10s',
    limit: 0,
  },
]

describe('requests', () => {
  it.each<RpcRequest>([
    ...queries.map((query): RpcRequest => ({
      kind: 'read',
      datacenter: '',
      hops: 1,
      holdMs: 7000,
      query,
      options,
    })),
    { kind: 'write', datacenter: 'dc1', hops: 0, holdMs: 0, command: new Uint8Array([1]) },
    { kind: 'ask', datacenter: '', hops: 0, holdMs: 1, question: 'autopilotHealth', consistency: 'stale' },
    {
      kind: 'act',
      datacenter: '',
      hops: 0,
      holdMs: 1,
      action: { kind: 'restoreWrite', id: 'r', offset: 0, data: new Uint8Array([1]) },
      consistency: 'default',
    },
    ...searches.map((search): RpcRequest => ({
      kind: 'search',
      datacenter: 'dc2',
      hops: 1,
      holdMs: 9,
      search,
      consistency: 'stale',
      maxStaleMs: 5,
    })),
    { kind: 'readIndex', consistency: 'default' },
    { kind: 'bootstrapState', servers: ['a', 'b'] },
    { kind: 'removeServer', id: 'a' },
  ])('come back as they were: $kind', (request) => {
    expect(decodeRequest(encodeRequest(request))).toEqual({ ok: true, value: request })
  })

  it.each([
    ['an unknown kind', { kind: 'nope' }],
    ['a kind of Object itself', { kind: 'constructor' }],
    [
      'an unknown question',
      { kind: 'read', datacenter: '', hops: 0, holdMs: 1, query: { kind: 'x' }, options },
    ],
    [
      'a negative wait',
      {
        kind: 'read',
        datacenter: '',
        hops: 0,
        holdMs: 1,
        query: queries[0],
        options: { ...options, waitMs: -1 },
      },
    ],
    ['a fraction', { kind: 'write', datacenter: '', hops: 0.5, holdMs: 1, command: new Uint8Array() }],
    ['a search of nothing', { kind: 'search', datacenter: '', hops: 0, holdMs: 1, search: { kind: 'x' } }],
    ['null', null],
  ])('are refused: %s', (_, value) => {
    expect(decodeRequest(encodeCbor(value)).ok).toBe(false)
  })
})

describe('answers', () => {
  it.each<RpcReply>([
    { kind: 'refused', error: { code: 'noLeader', message: 'No cluster leader' } },
    { kind: 'read', meta, value: entry },
    { kind: 'read', meta, value: [entry, { ...entry, flags: 0n }] },
    { kind: 'read', meta, value: [] },
    { kind: 'read', meta, value: { ...entry, fencingToken: 0, expiresAtWallMs: 0 } },
    { kind: 'read', meta, value: versions },
    { kind: 'read', meta, value: outcome },
    { kind: 'read', meta, value: { results: [], errors: [{ operation: 1, message: 'no' }] } },
    { kind: 'read', meta, value: [storedSession] },
    { kind: 'read', meta, value: storedAutopilot },
    { kind: 'written', result: { kind: 'txn', outcome }, index: 9 },
    { kind: 'written', result: { kind: 'decided', applied: true, fencingToken: 0 }, index: 9 },
    { kind: 'read', meta, value: null },
    { kind: 'read', meta, value: [{ node: 'n1', meta: { '0': 'x' } }] },
    {
      kind: 'written',
      result: { kind: 'batch', results: [{ kind: 'decided', applied: true, fencingToken: 7 }] },
      index: 9,
    },
    { kind: 'written', result: { kind: 'refused', message: 'no' }, index: 9 },
    { kind: 'asked', value: ['127.0.0.1:8300'] },
    { kind: 'readIndex', index: 4 },
    { kind: 'bootstrapState', hasState: true, granted: false },
    { kind: 'done' },
  ])('come back as they were: $kind', (reply) => {
    expect(decodeReply(encodeReply(reply))).toEqual({ ok: true, value: reply })
  })

  it('of the first release are read: a decision without a token', () => {
    const result = { kind: 'decided', applied: true }
    expect(decodeReply(encodeCbor({ kind: 'written', result, index: 1 }))).toMatchObject({
      ok: true,
      value: { result: { kind: 'decided', applied: true, fencingToken: 0 } },
    })
  })

  it('are refused when a KV entry is not one', () => {
    const value = { form: 'kv', data: ['k', new Uint8Array(), 0, 0, '', 1] }
    expect(decodeReply(encodeCbor({ kind: 'read', meta, value })).ok).toBe(false)
  })
})
