// Transactions.
import { type Difference, type ParityRequest, body, get, path, put } from './request.ts'

const nobody = '11111111-1111-1111-1111-111111111112'
const nodeId = '11111111-1111-1111-1111-111111111199'

function txn(...operations: readonly unknown[]): ParityRequest {
  return put('/v1/txn', JSON.stringify(operations))
}

function kv(Verb: string, Key: string, more: object = {}): { readonly KV: object } {
  return { KV: { Verb, Key, ...more } }
}

function node(Verb: string, Node: object): { readonly Node: object } {
  return { Node: { Verb, Node } }
}

function service(Verb: string, Node: string, Service: object): { readonly Service: object } {
  return { Service: { Verb, Node, Service } }
}

function check(Verb: string, Check: object): { readonly Check: object } {
  return { Check: { Verb, Check } }
}

const withAddresses = service('set', 't1', {
  Service: 'w3',
  EnableTagOverride: true,
  Weights: { Passing: 3, Warning: 2 },
  TaggedAddresses: { lan: { Address: '1', Port: 2 } },
})

const notParsed: readonly string[] = [
  '',
  '{}',
  '[',
  '"x"',
  '5',
  '[5]',
  '["x"]',
  '[{"KV":5}]',
  '[{"KV":{"Verb":5,"Key":"a"}}]',
  '[{"KV":{"Verb":"set","Key":5}}]',
  '[{"KV":{"Verb":"set","Key":"a","Value":5}}]',
  '[{"KV":{"Verb":"set","Key":"a","Value":"!!!"}}]',
  '[{"KV":{"Verb":"set","Key":"a","Value":"aGVsbG8"}}]',
  '[{"KV":{"Verb":"set","Key":"a","Value":"aG!s"}}]',
  '[{"KV":{"Verb":"set","Key":"a","Value":"aA==x"}}]',
  '[{"KV":{"Verb":"set","Key":"a","Value":"aA="}}]',
  '[{"KV":{"Verb":"set","Key":"a","Value":"a==="}}]',
  '[{"KV":{"Verb":"set","Key":"a","Value":"a"}}]',
  '[{"KV":{"Verb":"set","Key":"a","Flags":-1}}]',
  '[{"KV":{"Verb":"set","Key":"a","Flags":1.5}}]',
  '[{"KV":{"Verb":"set","Key":"a","Flags":"1"}}]',
  '[{"KV":{"Verb":"set","Key":"a","Flags":18446744073709551616}}]',
  '[{"KV":{"Verb":"cas","Key":"a","Index":-1}}]',
  '[{"KV":{"Verb":"set","Key":"a","Foo":1}}]',
  '[{"Foo":{"Verb":"set"}}]',
  '[{"Node":{"Verb":5}}]',
  '[{"Node":{"Verb":"get","Node":5}}]',
  '[{"Node":{"Verb":"get","Foo":5}}]',
  '[{"Node":{"Verb":"get","Node":{"Foo":5}}}]',
  '[{"Service":{"Verb":"set","Node":"s1","Service":{"Service":"p","Foo":1}}}]',
  '[{"Service":{"Verb":"set","Node":"s1","Service":{"Service":"w","Port":"x"}}}]',
  '[{"Check":{"Verb":"set","Check":{"Foo":1}}}]',
  '[{"Check":{"Verb":"set","Check":{"Node":"s1","CheckID":"k","Definition":{"Interval":"zz"}}}}]',
  '[{"Intention":{}}]',
]

/** In the order in which they are sent. */
export const txnRequests: readonly ParityRequest[] = [
  ...notParsed.map((each) => put('/v1/txn', each)),
  ...['[]', 'null', '[{}]', '[{"KV":null}]'].map((each) => put('/v1/txn', each)),
  ...[{ KV: {} }, kv('set', ''), kv('get-tree', ''), kv('delete', ''), kv('zz', '')].map((each) => txn(each)),
  txn(kv('delete-tree', '')),
  ...['zz', '', 'SET'].map((verb) => txn(kv(verb, 'a'))),
  txn(kv('set', 'a', { Value: 'aGVsbG8=' })),
  put('/v1/txn', '[{"KV":{"Verb":"set","Key":"a","Flags":18446744073709551615,"Value":"aGVsbG8="}}]'),
  put('/v1/txn', '[{"KV":{"Verb":"set","Key":"two","Value":"aGVs\\naGVs","Namespace":"x"}}]'),
  put('/v1/txn', '[{"KV":{"Verb":"set","Key":"list","Value":[1,2]}}]'),
  put('/v1/txn', '[{"kv":{"verb":"get","key":"a"}}] and more'),
  ...get('/v1/kv/a', '/v1/kv/two', '/v1/kv/list'),
  txn({ ...kv('get', 'a'), ...node('get', { Node: 's1' }) }),
  txn(kv('get', 'a', { Index: 5, Flags: 7, Session: 'x', Value: 'aA==' })),
  txn(kv('get', 'zz')),
  txn({}, kv('get', 'zz')),
  txn(kv('get', 'a<b')),
  txn(kv('get-tree', 'zz')),
  txn(kv('get-tree', 't')),
  txn(kv('get-or-empty', 'zz')),
  txn(kv('cas', 'a', { Index: 1, Value: 'aA==' })),
  txn(kv('cas', 'a', { Index: 0 })),
  txn(kv('cas', 'new', { Index: 0 })),
  { method: 'GET', path: '/v1/kv/new', keep: { newIndex: '0.ModifyIndex' } },
  put('/v1/txn', '[{"KV":{"Verb":"cas","Key":"new","Index":{{newIndex}},"Value":"aA=="}}]', {
    newIndex2: 'Results.0.KV.ModifyIndex',
  }),
  put('/v1/txn', '[{"KV":{"Verb":"check-index","Key":"new","Index":{{newIndex2}}}}]'),
  put('/v1/txn', '[{"KV":{"Verb":"delete-cas","Key":"new","Index":{{newIndex}}}}]'),
  put('/v1/txn', '[{"KV":{"Verb":"delete-cas","Key":"new","Index":{{newIndex2}}}}]'),
  txn(kv('lock', 'a')),
  txn(kv('lock', 'a', { Session: 'x' })),
  txn(kv('lock', 'a', { Session: nobody })),
  txn(kv('unlock', 'a')),
  txn(kv('unlock', 'a', { Session: nobody })),
  txn(kv('unlock', 'zz', { Session: 'x' })),
  txn(kv('check-index', 'a', { Index: 1 })),
  txn(kv('check-index', 'zz', { Index: 1 })),
  txn(kv('check-session', 'a', { Session: 'q' })),
  txn(kv('check-session', 'zz', { Session: 'q' })),
  txn(kv('check-not-exists', 'a')),
  txn(kv('check-not-exists', 'zz')),
  txn(kv('delete', 'zz')),
  txn(kv('delete-cas', 'a', { Index: 1 })),
  txn(kv('delete-cas', 'zz', { Index: 1 })),
  txn(kv('delete-tree', 'zz')),
  txn(kv('get', 'zz'), kv('set', 'q', { Value: 'aA==' }), kv('get', 'zz')),
  txn(kv('set', 'q', { Value: 'aA==', Flags: 7 }), kv('get', 'q'), kv('delete', 'q')),
  txn(kv('set', 'q', { Value: 'aA==' }), kv('get', 'zz')),
  txn(kv('get', 'q')),
  txn(kv('set', ''), kv('get', 'zz')),
  // Locks.
  put('/v1/session/create', '{"LockDelay":"0s"}', { s: 'ID' }),
  put('/v1/session/create', '{"LockDelay":"15s"}', { t: 'ID' }),
  put('/v1/txn', '[{"KV":{"Verb":"lock","Key":"l","Session":"{{s}}","Value":"aA=="}}]'),
  put('/v1/txn', '[{"KV":{"Verb":"lock","Key":"l","Session":"{{s}}","Value":"aQ=="}}]'),
  put('/v1/txn', '[{"KV":{"Verb":"lock","Key":"l","Session":"{{t}}"}}]'),
  put('/v1/txn', '[{"KV":{"Verb":"check-session","Key":"l","Session":"{{s}}"}}]'),
  put('/v1/txn', '[{"KV":{"Verb":"check-session","Key":"l","Session":"{{t}}"}}]'),
  put('/v1/txn', '[{"KV":{"Verb":"unlock","Key":"l","Session":"{{t}}"}}]'),
  put('/v1/txn', '[{"KV":{"Verb":"unlock","Key":"l","Session":"{{s}}","Value":"ag=="}}]'),
  put('/v1/txn', '[{"KV":{"Verb":"lock","Key":"l","Session":"{{t}}"}}]'),
  put('/v1/session/destroy/{{t}}'),
  put('/v1/txn', '[{"KV":{"Verb":"lock","Key":"l","Session":"{{s}}"}}]'),
  // Nodes.
  txn({ Node: {} }),
  txn({ Node: { Verb: 'get' } }),
  txn(node('get', { Node: 'zz' })),
  txn(node('get', { Node: 's1' })),
  txn(node('set', { Node: 't1', Address: '1.1.1.1', Meta: { a: 'b' }, TaggedAddresses: { lan: '1.1.1.1' } })),
  txn(node('set', { Node: 't2' })),
  txn(node('set', { Address: 't2' })),
  txn(node('set', { Node: 't3', ID: 'x' })),
  txn(node('set', { Node: 't3', ID: nodeId, Address: '1.1.1.3' })),
  txn(node('get', { ID: nodeId })),
  txn(node('zz', { Node: 's1' })),
  txn(node('cas', { Node: 't1', Address: '1.1.1.2', ModifyIndex: 1 })),
  txn(node('cas', { Node: 't9', Address: '1.1.1.2', ModifyIndex: 0 })),
  txn(node('delete', { Node: 't9' })),
  txn(node('delete', { Node: 't9' })),
  txn(node('delete-cas', { Node: 't1', ModifyIndex: 1 })),
  txn(node('delete-cas', { Node: 't9', ModifyIndex: 1 })),
  // Services.
  txn({ Service: {} }),
  txn(service('get', 's1', {})),
  txn(service('get', 's1', { Service: 'consul' })),
  txn(service('get', 's1', { ID: 'consul' })),
  txn(service('get', 'zz', { ID: 'consul' })),
  txn(service('get', 's1', { ID: 'zz' })),
  txn({ Service: { Verb: 'get', Service: { ID: 'w' } } }),
  txn(service('set', 'zz', { Service: 'w' })),
  txn({ Service: { Verb: 'set', Service: { Service: 'w' } } }),
  txn(service('set', 't1', { Service: 'w', Port: 80, Tags: ['x'], Meta: { a: 'b' } })),
  txn(service('set', 't1', { ID: 'w9' })),
  txn(withAddresses),
  txn(service('cas', 't1', { ID: 'w', Service: 'w', ModifyIndex: 1 })),
  txn(service('cas', 't1', { ID: 'w2', Service: 'w', ModifyIndex: 0 })),
  txn(service('delete', 't1', { ID: 'w2' })),
  txn(service('delete', 't1', { ID: 'w2', Service: 'w' })),
  txn(service('delete', 't1', { ID: 'w2', Service: 'w' })),
  txn(service('delete-cas', 't1', { ID: 'w', Service: 'w', ModifyIndex: 1 })),
  txn(service('zz', 't1', { ID: 'w' })),
  txn(service('zz', 't1', { ID: 'w', Service: 'w' })),
  // Checks.
  txn({ Check: {} }),
  txn(check('get', { Node: 's1', CheckID: 'serfHealth' })),
  txn(check('get', { Node: 's1', CheckID: 'zz' })),
  txn(check('get', { Node: 'zz', CheckID: 'zz' })),
  txn(check('set', { Node: 'zz', CheckID: 'zz' })),
  txn(
    check('set', {
      Node: 't1',
      CheckID: 'k',
      Name: 'K',
      Status: 'passing',
      Definition: { HTTP: 'x', Interval: '10s' },
    }),
  ),
  txn(check('set', { Node: 't1', CheckID: 'k2' })),
  txn(check('set', { Node: 't1', Name: 'k3' })),
  txn(check('set', { Node: 't1', CheckID: 'k2', ServiceID: 'zz' })),
  txn(check('set', { Node: 't1', CheckID: 'k2', ServiceID: 'w', Status: 'warning' })),
  txn(
    check('set', {
      Node: 't1',
      CheckID: 'k4',
      Definition: { IntervalDuration: 5_000_000_000, TimeoutDuration: '3s', Foo: 1 },
    }),
  ),
  txn(check('cas', { Node: 't1', CheckID: 'k2', ModifyIndex: 1 })),
  txn(check('delete', { Node: 't1', CheckID: 'k2' })),
  txn(check('delete', { Node: 't1', CheckID: 'k2' })),
  txn(check('delete-cas', { Node: 't1', CheckID: 'k', ModifyIndex: 1 })),
  txn(check('zz', { Node: 't1', CheckID: 'k' })),
  txn({ Session: { Verb: 'delete', Session: { ID: 'x' } } }),
  // All of it or none, over several kinds.
  txn(
    node('set', { Node: 'm', Address: '1.1.1.9' }),
    service('set', 'm', { Service: 'ms' }),
    check('set', { Node: 'm', CheckID: 'mc', ServiceID: 'ms', Status: 'passing' }),
    kv('set', 'm', { Value: 'aA==' }),
    kv('get', 'm'),
  ),
  txn(node('delete', { Node: 'm' }), kv('cas', 'm', { Index: 1 })),
  ...get('/v1/catalog/node/m', '/v1/kv/m', '/v1/health/service/ms'),
  ...['consistent', 'stale', 'stale&consistent', 'dc=nope', 'index=x', 'max_stale=x', 'pretty'].map((query) =>
    put(`/v1/txn?${query}`, '[]'),
  ),
  put('/v1/txn?pretty', '[{"KV":{"Verb":"set","Key":"a"}}]'),
  put('/v1/txn?dc=nope', '[{"KV":{"Verb":"set","Key":"a"}}]'),
  put('/v1/txn?consistent', '[{"KV":{"Verb":"get","Key":"zz"}}]'),
  put('/v1/txn', JSON.stringify(Array.from({ length: 64 }, () => kv('get', 'a')))),
  put('/v1/txn', JSON.stringify(Array.from({ length: 129 }, () => kv('get', 'a')))),
  put('/v1/txn', { bytes: 524_289 }),
  put('/v1/txn', { bytes: 524_288 }),
  { method: 'GET', path: '/v1/txn' },
  { method: 'OPTIONS', path: '/v1/txn' },
  { method: 'POST', path: '/v1/txn', body: '[]' },
  { method: 'PUT', path: '/v1/txn/', body: '[]' },
  txn(check('set', { Node: 't1', CheckID: 'k5', Status: 'zz' })),
  txn(check('set', { Node: 't1' })),
]

const late = 'As in later versions of Consul'

/** What transactions are meant to answer otherwise. */
export const txnDifferences: readonly Difference[] = [
  {
    reason: `${late}: \`get-or-empty\` is known since 1.14`,
    matches: body(JSON.stringify([kv('get-or-empty', 'zz')])),
    ours: { status: 200 },
  },
  {
    reason: `${late}: sessions can be deleted since 1.9`,
    matches: body(JSON.stringify([{ Session: { Verb: 'delete', Session: { ID: 'x' } } }])),
    ours: { status: 409 },
  },
  {
    reason: `${late}: 128 operations since 1.14`,
    matches: body(JSON.stringify(Array.from({ length: 129 }, () => kv('get', 'a')))),
    ours: { status: 413, body: 'Transaction contains too many operations (129 > 128)' },
  },
  {
    reason: 'A status that no question finds is refused, as in a registration',
    matches: body(JSON.stringify([check('set', { Node: 't1', CheckID: 'k5', Status: 'zz' })])),
    ours: { status: 409 },
  },
  {
    reason: 'A sentence for the user in place of one about the state store',
    matches: body(JSON.stringify([check('set', { Node: 't1' })])),
    ours: { status: 409 },
  },
  {
    reason: 'A key that is locked shows the fencing token of its lock',
    matches: ({ body: sent }) => typeof sent === 'string' && /lock|check-session/.test(sent),
    undo: ({ body: text, ...rest }) => ({ ...rest, body: text.replaceAll(/,"FencingToken":\d+/g, '') }),
  },
  {
    reason: 'Tagged addresses of a service are kept; 1.8 drops them in transactions',
    matches: body(JSON.stringify([withAddresses])),
    undo: ({ body: text, ...rest }) => ({
      ...rest,
      body: text.replace('"TaggedAddresses":{"lan":{"Address":"1","Port":2}},', ''),
    }),
  },
  {
    reason: 'Unknown paths are answered with a sentence, as since 1.11',
    matches: path('/v1/txn/'),
    ours: { status: 404, body: 'Invalid URL path: not a recognized HTTP API endpoint' },
  },
]
