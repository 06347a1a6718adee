// The catalog: registrations, what they leave, and their removal.
import { type ParityRequest, bodies, get } from './request.ts'

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

/** What is registered, and what is refused. */
export const registerRequests: readonly ParityRequest[] = [
  ...bodies('/v1/catalog/register', badRegistrations),
  ...bodies('/v1/catalog/register', registrations),
]

/** Reads of the catalog. */
export const catalogRequests: readonly ParityRequest[] = get(
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

/** Reads of the health. */
export const healthRequests: readonly ParityRequest[] = get(
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

/** What is removed, and what is refused. */
export const deregisterRequests: readonly ParityRequest[] = [
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
