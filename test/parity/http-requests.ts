// The requests that are put to the reference implementation when recording, and to ours when replaying.

/** One request. They are sent in order: later ones see what earlier ones wrote. */
export interface ParityRequest {
  readonly method: string
  readonly path: string
  readonly headers?: Readonly<Record<string, string>>
  /** Text, or `bytes` times the letter x. */
  readonly body?: string | { readonly bytes: number }
}

/** One recorded exchange. */
export interface Exchange {
  readonly request: ParityRequest
  readonly answer: Answer
}

/** What was answered. */
export interface Answer {
  readonly status: number
  /** The headers that are compared, names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Headers that are recorded and compared. */
export const comparedHeaders: readonly string[] = [
  'allow',
  'content-security-policy',
  'content-type',
  'location',
  'vary',
  'x-consul-effective-consistency',
  'x-consul-index',
  'x-consul-knownleader',
  'x-consul-lastcontact',
  'x-content-type-options',
]

/** The agent that was asked; ours is set up alike. */
export const oracleNode = {
  id: '5e7b1f9e-0f5d-4d3a-9d7a-2f1c6b1f0a91',
  name: 's1',
  ip: '127.0.91.1',
} as const

function get(...paths: readonly string[]): ParityRequest[] {
  return paths.map((path) => ({ method: 'GET', path }))
}

function put(path: string, body: string | { readonly bytes: number } = ''): ParityRequest {
  return { method: 'PUT', path, body }
}

function remove(path: string): ParityRequest {
  return { method: 'DELETE', path }
}

function bodies(path: string, list: readonly string[]): ParityRequest[] {
  return list.map((body) => put(path, body))
}

const kv: readonly ParityRequest[] = [
  ...get('/v1/kv/a', '/v1/kv/', '/v1/kv/?recurse', '/v1/kv/?keys', '/v1/kv/a?recurse', '/v1/kv/a?keys'),
  put('/v1/kv/a', 'hello'),
  put('/v1/kv/a/b?flags=18446744073709551615', '<x>&'),
  put('/v1/kv/empty'),
  put('/v1/kv/a%2Fc%20d', 'space'),
  put('/v1/kv/%C3%A9%F0%9F%98%80', 'unicode'),
  put('/v1/kv/html%3C%3E&%E2%80%94', 'html'),
  put('/v1/kv/a+b', 'plus'),
  ...['abc', '-1', '', '18446744073709551616', '1.5'].map((flags) => put(`/v1/kv/a?flags=${flags}`, '1')),
  put('/v1/kv/cas?cas=0', '1'),
  put('/v1/kv/cas?cas=0', '2'),
  put('/v1/kv/cas?cas=999999', '2'),
  put('/v1/kv/cas?cas=', '2'),
  put('/v1/kv/cas?cas=x', '2'),
  put('/v1/kv/a?cas=1&acquire=x', '1'),
  put('/v1/kv/a?release=y&acquire=x', '1'),
  put('/v1/kv/', '1'),
  put('/v1/kv/a', 'hello'),
  ...get(
    '/v1/kv/a',
    '/v1/kv/a?raw',
    '/v1/kv/empty',
    '/v1/kv/empty?raw',
    '/v1/kv/a?recurse',
    '/v1/kv/a?recurse&raw',
    '/v1/kv/a?recurse=false',
    '/v1/kv/a?keys',
    '/v1/kv/a?keys&recurse',
    '/v1/kv/?keys&separator=/',
    '/v1/kv/a?keys&separator=/',
    '/v1/kv/a/?keys&seperator=/',
    '/v1/kv/?keys&separator=x',
    '/v1/kv/?recurse&pretty',
    '/v1/kv/a?pretty',
    '/v1/kv/a?pretty=false',
    '/v1/kv/a+b',
    '/v1/kv/html%3C%3E&%E2%80%94',
    '/v1/kv/zz?keys',
    '/v1/kv/zz?recurse',
    '/v1/kv/zz?raw',
    '/v1/kv/a?stale',
    '/v1/kv/a?consistent',
    '/v1/kv/a?leader',
    '/v1/kv/a?cached',
    '/v1/kv/a?stale&consistent',
    '/v1/kv/a?max_stale=1s&consistent',
    '/v1/kv/a?cached&consistent',
    '/v1/kv/a?max_stale=5s',
    '/v1/kv/a?max_stale=x',
    '/v1/kv/a?index=0',
    '/v1/kv/a?index=1',
    '/v1/kv/a?index=x',
    '/v1/kv/a?index=-1',
    '/v1/kv/a?index=99999999999999999999',
    '/v1/kv/a?index=18446744073709551615&wait=10ms',
    '/v1/kv/a?wait=5',
    '/v1/kv/a?wait=x',
    '/v1/kv/a?wait=',
    '/v1/kv/a?dc=nope',
    '/v1/kv/a?dc=dc1',
    '/v1/kv/a?ns=x',
    '/v1/kv/a?ns=',
    '/v1/kv//a',
    '/v1/kv',
    '/v1/kv/a%00b',
    '/v1/kv/a%7Fb',
    '/v1/kv/a%C2%A0b',
  ),
  { method: 'GET', path: '/v1/kv/a', headers: { 'X-Consul-Namespace': 'x' } },
  remove('/v1/kv/'),
  remove('/v1/kv/a?cas=0'),
  remove('/v1/kv/a?cas=x'),
  remove('/v1/kv/a?cas=5&recurse'),
  remove('/v1/kv/zz?cas=0'),
  remove('/v1/kv/zz?cas=9'),
  remove('/v1/kv/zz'),
  remove('/v1/kv/empty'),
  ...get('/v1/kv/empty', '/v1/kv/a?recurse', '/v1/kv/?keys'),
  remove('/v1/kv/a/?recurse'),
  ...get('/v1/kv/a?recurse', '/v1/kv/a/?recurse', '/v1/kv/?keys'),
  put('/v1/kv/big', { bytes: 524_289 }),
  put('/v1/kv/big', { bytes: 524_288 }),
  remove('/v1/kv/?recurse'),
  ...get('/v1/kv/?recurse', '/v1/kv/?keys'),
  put('/v1/kv/x?dc=nope', 'a'),
  { method: 'POST', path: '/v1/kv/a', body: 'x' },
  { method: 'OPTIONS', path: '/v1/kv/a' },
  { method: 'HEAD', path: '/v1/kv/a' },
]

const registrations: readonly string[] = [
  '{"Node":"n1","Address":"10.0.0.1","ID":"11111111-1111-1111-1111-111111111111",' +
    '"TaggedAddresses":{"wan":"1.2.3.4","lan":"10.0.0.1"},"NodeMeta":{"rack":"r<1>","a":"b","10":"x","9":"y"},' +
    '"Service":{"ID":"web1","Service":"web","Tags":["v2","v1"],"Address":"10.0.0.9","Port":80,' +
    '"Meta":{"z":"1","b":"&"},"Weights":{"Passing":5,"Warning":2}},' +
    '"Checks":[{"CheckID":"c1","Name":"web check","Status":"passing","ServiceID":"web1","Notes":"n",' +
    '"Output":"ok <b>","Definition":{"HTTP":"http://x","Interval":"10s","Timeout":"1500ms",' +
    '"DeregisterCriticalServiceAfter":"90m","TLSSkipVerify":true,"Header":{"b":["1","2"],"a":["3"]}}},' +
    '{"Name":"node check","Status":"warning"}]}',
  '{"Node":"n2","Address":"10.0.0.2","Service":{"Service":"web",' +
    '"TaggedAddresses":{"lan":{"address":"1.1.1.1","port":8}},"enableTagOverride":true},' +
    '"Check":{"Name":"x","ServiceID":"web","Status":"critical"}}',
  '{"node":"n3","address":"10.0.0.3","service":{"service":"db","tags":null,"Kind":"connect-proxy",' +
    '"Proxy":{"DestinationServiceName":"web","Config":{"a":1}},"Port":4}}',
  '{"Node":"n4","Address":"10.0.0.4","SkipNodeUpdate":true}',
  '{"Node":"n5","Address":"b","Service":{"ID":null,"Service":"w2","Port":null,"Weights":{"Passing":3}}} behind',
  '{"Node":"n5","Address":"b","Service":{"Service":"w3","Connect":{"Native":true},"CreateIndex":5}}',
  '{"Node":"n5","Address":"b","Check":{"Name":"full","Definition":{"HTTP":"h","TLSSkipVerify":true,' +
    '"Method":"PUT","Body":"bb","TCP":"t","Interval":"90s","OutputMaxSize":10,"Timeout":10,' +
    '"DeregisterCriticalServiceAfter":"25h","ScriptArgs":["a"],"DockerContainerID":"d","Shell":"s",' +
    '"GRPC":"g","GRPCUseTLS":true,"AliasNode":"n","AliasService":"as","TTL":"10s","Foo":1}}}',
  ...['"TTL":"1s"', '"AliasNode":"x","ScriptArgs":["x"]', '"HTTP":"x"', '"TCP":"x","Interval":"1s"'].map(
    (definition, i) => `{"Node":"n5","Address":"b","Check":{"CheckID":"t${i}","Definition":{${definition}}}}`,
  ),
]

const badRegistrations: readonly string[] = [
  '',
  '{',
  '[',
  '[]',
  'null',
  '"x"',
  '5',
  'true',
  'xyz',
  '{"x":1}',
  '{"a" 1}',
  '{"a":tru}',
  '{a:1}',
  '{"Node":"a",}',
  '{"Node":nul',
  String.raw`{"Node":"a\x"}`,
  '{}',
  '{"Node":1}',
  '{"Node":true}',
  '{"Node":{}}',
  '{"Node":[]}',
  '{"Node":"a"}',
  '{"Address":"a"}',
  '{"ID":5}',
  '{"SkipNodeUpdate":"x"}',
  '{"NodeMeta":[]}',
  '{"NodeMeta":"x"}',
  '{"NodeMeta":{"a":1}}',
  '{"TaggedAddresses":{"a":5}}',
  '{"Service":[]}',
  '{"Service":{"Foo":1}}',
  '{"Service":{"Kind":5}}',
  '{"Service":{"Port":"80"}}',
  '{"Service":{"Port":80.5}}',
  '{"Service":{"Tags":"x"}}',
  '{"Service":{"Tags":[1]}}',
  '{"Service":{"EnableTagOverride":1}}',
  '{"Service":{"Weights":[]}}',
  '{"Service":{"Weights":{"Passing":"x"}}}',
  '{"Service":{"TaggedAddresses":{"a":5}}}',
  '{"Service":{"TaggedAddresses":{"a":{"Foo":1}}}}',
  '{"Service":{"Meta":{"a":{}}}}',
  '{"Service":{"Proxy":{"Foo":1}}}',
  '{"Service":{"Proxy":{"Upstreams":[{"Foo":1}]}}}',
  '{"Check":[]}',
  '{"Check":5}',
  '{"Check":{"Foo":1}}',
  '{"Check":{"Status":5}}',
  '{"Check":{"Namespace":"x"}}',
  '{"Check":{"Definition":{"HTTP":5}}}',
  '{"Check":{"Definition":{"Interval":"zz"}}}',
  '{"Check":{"Definition":{"Interval":true}}}',
  '{"Check":{"Definition":{"OutputMaxSize":"x"}}}',
  '{"Check":{"Definition":{"Header":{"a":"b"}}}}',
  '{"Checks":{}}',
  '{"Checks":[5]}',
  '{"Node":"a","Address":"b","ID":"nouuid"}',
  '{"Node":"a","Address":"b","Service":{"ID":"x"}}',
  '{"Node":"a","Address":"b","Service":{}}',
  '{"Node":"a","Address":"b","Service":{"Service":"x","Address":"0.0.0.0"}}',
  '{"Node":"a","Address":"b","Service":{"Service":"x","Kind":"connect-proxy"}}',
  '{"Node":"a","Address":"b","Check":{"Name":"x","ServiceID":"zz"}}',
  '{"Node":"a","Address":"b","Check":{"Name":"x","Node":"other"}}',
  '{"Node":"a","Address":"b","Check":{}}',
  '{"Node":"a","Address":"b","Datacenter":"nope"}',
]

const catalogReads: readonly ParityRequest[] = get(
  '/v1/catalog/nodes',
  '/v1/catalog/nodes?pretty',
  '/v1/catalog/nodes?stale',
  '/v1/catalog/nodes?consistent',
  '/v1/catalog/nodes?stale&leader',
  '/v1/catalog/nodes?node-meta=a:b',
  '/v1/catalog/nodes?node-meta=a',
  '/v1/catalog/nodes?near=zz',
  '/v1/catalog/nodes?filter=Bad==1',
  '/v1/catalog/nodes?dc=nope',
  '/v1/catalog/nodes?ns=x',
  '/v1/catalog/nodes/',
  '/v1/catalog/services',
  '/v1/catalog/services?node-meta=rack:r%3C1%3E',
  '/v1/catalog/service/web',
  '/v1/catalog/service/web?tag=V1&tag=v2',
  '/v1/catalog/service/web?tag=',
  '/v1/catalog/service/db',
  '/v1/catalog/service/none',
  '/v1/catalog/service/',
  '/v1/catalog/service',
  '/v1/catalog/node/n1',
  '/v1/catalog/node/N1',
  '/v1/catalog/node/n4',
  '/v1/catalog/node/n5',
  '/v1/catalog/node/zz',
  '/v1/catalog/node/',
  '/v1/catalog/node-services/n1',
  '/v1/catalog/node-services/n4',
  '/v1/catalog/node-services/zz',
  '/v1/catalog/node-services/',
  '/v1/catalog/datacenters',
  '/v1/catalog/datacenters?pretty',
)

const healthReads: readonly ParityRequest[] = get(
  '/v1/health/node/n1',
  '/v1/health/node/n5',
  '/v1/health/node/zz',
  '/v1/health/node/',
  '/v1/health/checks/web',
  '/v1/health/checks/zz',
  '/v1/health/checks/',
  '/v1/health/service/web',
  '/v1/health/service/web?passing',
  '/v1/health/service/web?passing=false',
  '/v1/health/service/web?passing=T',
  '/v1/health/service/web?passing=x',
  '/v1/health/service/web?tag=v1',
  '/v1/health/service/web?tag=none',
  '/v1/health/service/web?node-meta=a:b',
  '/v1/health/service/web?node-meta=a:b&node-meta=rack:zz',
  '/v1/health/service/web?dc=nope',
  '/v1/health/service/db',
  '/v1/health/service/zz',
  '/v1/health/service/consul',
  '/v1/health/service/',
  '/v1/health/state/any',
  '/v1/health/state/passing',
  '/v1/health/state/passing?node-meta=a:b',
  '/v1/health/state/critical',
  '/v1/health/state/zz',
  '/v1/health/state/',
)

const deregistrations: readonly ParityRequest[] = [
  ...bodies('/v1/catalog/deregister', [
    '',
    '{}',
    '{"Node":"zz"}',
    '{"Node":"n1","Foo":1}',
    '{"Node":"n1","Datacenter":"nope"}',
    '{"Node":"n1","ServiceID":"zz"}',
    '{"Node":"n1","CheckID":"node check"}',
    '{"Node":"n2","ServiceID":"web"}',
  ]),
  ...get('/v1/health/service/web', '/v1/health/node/n1', '/v1/catalog/services'),
  ...bodies('/v1/catalog/deregister', ['{"Node":"n1"}', '{"Node":"n2"}']),
  ...get('/v1/health/service/web', '/v1/catalog/nodes', '/v1/catalog/service/web'),
]

const agent: readonly ParityRequest[] = [
  ...get(
    '/v1/status/leader',
    '/v1/status/peers',
    '/v1/status/leader?pretty',
    '/v1/status/leader?dc=nope',
    '/v1/operator/raft/configuration',
    '/v1/operator/raft/configuration?dc=nope',
    '/v1/agent/members',
    '/v1/agent/members?segment=x',
    '/v1/agent/members?segment=_all',
    '/v1/agent/monitor?loglevel=zzz',
    '/v1/agent/metrics?format=prometheus',
    '/v1/agent/join/x',
    '/v1/agent/version',
    '/v1/acl/tokens',
    '/v1/connect/ca/roots',
    '/v1/nope',
    '/nope',
    '/',
    '/ui/',
    '/v1//status/leader',
  ),
  put('/v1/agent/force-leave/zz'),
  put('/v1/agent/reload'),
  put('/v1/agent/monitor'),
  { method: 'PATCH', path: '/v1/agent/self' },
  { method: 'OPTIONS', path: '/v1/agent/join/x' },
  { method: 'OPTIONS', path: '/v1/catalog/register' },
  { method: 'OPTIONS', path: '/v1/nope' },
]

/** All requests, by the file that keeps their answers. */
export const parityRequests: Readonly<Record<string, readonly ParityRequest[]>> = {
  kv,
  register: [
    ...bodies('/v1/catalog/register', badRegistrations),
    ...bodies('/v1/catalog/register', registrations),
  ],
  catalog: catalogReads,
  health: healthReads,
  deregister: deregistrations,
  agent,
}
