// Filter expressions on every endpoint that takes them: what they find, and what is said of wrong ones.
import { type Answer, type Difference, type ParityRequest, bodies, get, path } from './request.ts'

const registrations: readonly string[] = [
  '{"Node":"n1","Address":"10.0.0.1","ID":"11111111-1111-1111-1111-111111111111","TaggedAddresses":{"wan":"1.2.3.4"},' +
    '"NodeMeta":{"rack":"r<1>","a":"b","10":"x"},"Service":{"ID":"web1","Service":"web","Tags":["v1","V2"],' +
    '"Address":"10.0.0.9","Port":80,"Meta":{"z":"1","b":"&"},"Weights":{"Passing":5,"Warning":2}},' +
    '"Checks":[{"CheckID":"c1","Name":"web check","Status":"passing","ServiceID":"web1","Notes":"n","Output":"ok"},' +
    '{"CheckID":"cn","Name":"of the node","Status":"warning"}]}',
  '{"Node":"n2","Address":"10.0.0.2","Service":{"Service":"web",' +
    '"TaggedAddresses":{"lan":{"address":"1.1.1.1","port":8}},"EnableTagOverride":true},' +
    '"Check":{"Name":"x","ServiceID":"web","Status":"critical"}}',
  '{"Node":"n3","Address":"10.0.0.3","Service":{"Service":"web-proxy","Kind":"connect-proxy","Port":4,' +
    '"Proxy":{"DestinationServiceName":"web","Config":{"a":1},"Upstreams":[{"DestinationName":"db",' +
    '"LocalBindPort":9},{"DestinationName":"cache","LocalBindPort":10}],"MeshGateway":{"Mode":"local"}}}}',
  '{"Node":"n3","Address":"10.0.0.3","Service":{"Service":"native","Connect":{"Native":true}}}',
]

/** What is looked through. */
export const filterRegistrations: readonly ParityRequest[] = bodies('/v1/catalog/register', registrations)

/** Expressions that are none. */
const wrong: readonly string[] = [
  'Bad',
  'Node ==',
  '== n1',
  'Node = n1',
  'Node == n1 n2',
  'Node == n1 and',
  'Node == n1 and and',
  'Node == n1 or or',
  'Node == n1 not',
  'Node == n1)',
  'Node == n1 AND Node == n1',
  'Node == n1 && Node == n1',
  '! Node == n1',
  'NOT Node == n1',
  'not',
  'not ',
  'not(Node == n1)',
  '(',
  '()',
  ' ',
  '(Node == n1',
  '(Node == n1) x',
  '(Node == n1)x',
  "Node == 'n1'",
  'Node == "abc',
  'Node == `abc',
  String.raw`Node == "a\"b"`,
  String.raw`Node == "\d" or Node == "\e"`,
  String.raw`Node == "\d" or Node == "abc`,
  'Node == "a\nb"',
  'Node == n1\n and\n Bad',
  '\n\nBad',
  'é',
  'Node == "é" x',
  'Node == n-1',
  'Node == -',
  'Node == 1a',
  'Node == 1.',
  'Node == 1)',
  'Node == 080',
  'Node == 1.5.5',
  'Node[',
  'Node["a',
  'Node["a"',
  'Node["a" x',
  'Node[1]',
  'Meta[a] == b',
  'Meta.10 == x',
  'Node.',
  'Node is',
  'Node is not',
  'Node is empt',
  'Node is emptyx',
  'Node is not emptyand',
  'Node isnot empty',
  'Node not',
  'Node not in',
  'Node not equals',
  'Node notmatches "a"',
  'Node matches',
  'Node in (n1)',
  '"x" in "y"',
  '"x" is empty',
  '"Node" == n1',
  'CreateIndex > 5',
  'any Meta as x { x == a }',
]

/** Expressions about what nodes do not have, or not in this way. */
const unfit: readonly string[] = [
  'Bad == 1',
  'node == n1',
  'n1 == Node',
  'Node == n1 and Bad == 1',
  'Bad == 1 and Worse == 2',
  'Meta.a.b == c',
  'TaggedAddresses.lan.x == 1',
  'CreateIndex == 5',
  'Node is empty',
  'Node is not empty',
  'Meta == x',
  'Meta matches "x"',
  'Node matches "("',
  'Node matches `(?=a)`',
  String.raw`Node matches "a{1001}"`,
]

/** Expressions about nodes. */
const ofNodes: readonly string[] = [
  'Node == n1',
  'Node==`n1`',
  ' Node\t!=\n"n1" ',
  'not Node == n1',
  'not not Node == n1',
  'Node == n1 or Node == n2 and Address == zz',
  'not (Node == n1 or Node == n2)',
  '((Node == n1))',
  'Meta is empty',
  'Meta is not empty',
  'Meta.a == b',
  'Meta["a"] != b',
  'Meta["10"] == x',
  'Meta.rack == "r<1>"',
  'a in Meta',
  'zz not in Meta',
  'Meta not contains a',
  'Meta.zz == ""',
  'Meta.zz != x',
  'Meta.zz contains x',
  'Meta.zz not contains x',
  'Meta.zz matches "x"',
  'Meta.zz not matches "x"',
  'Node contains "1"',
  '"n" not in Node',
  'Node matches "^n[12]$"',
  'Node not matches `^(?i)N\\d$`',
  'TaggedAddresses.wan == "1.2.3.4"',
  'ID == "11111111-1111-1111-1111-111111111111"',
  'Datacenter == dc1',
  'Node == 1',
  'Node == -0',
  'not in Node',
  String.raw`Node == "n\u0031"`,
  String.raw`Node == "\x6e\061"`,
]

/** Expressions about instances with their nodes and checks. */
const ofHealth: readonly string[] = [
  'Service.Port == 80',
  'Service.Port == "0x50"',
  'Service.Port == "0b1_010_000"',
  'Service.Port != 80',
  'Service.Port == abc',
  'Service.Port == ""',
  'Service.Port == 80.5',
  'Service.Port == 99999999999999999999',
  'Service.Port is empty',
  'Service.Port matches 80',
  '80 not in Service.Port',
  'Service.EnableTagOverride == true',
  'Service.EnableTagOverride != T',
  'Service.EnableTagOverride == yes',
  'v1 in Service.Tags',
  'V1 in Service.Tags',
  'Service.Tags not contains v1',
  'Service.Tags is empty',
  'Service.Tags == v1',
  'Service.Tags["0"] == v1',
  'Checks is empty',
  'Checks is not empty',
  'Checks contains x',
  'Checks.Status == passing',
  'Checks.Status != passing',
  'not Checks.Status == passing',
  'Checks.Status not matches "^cr"',
  'pass not in Checks.Status',
  'Checks.ServiceTags is empty',
  'v1 in Checks.ServiceTags',
  'Checks.Definition.HTTP == x',
  'Checks.Status == warning and Checks.CheckID == c1',
  'Node.Node == n1',
  'Node == n1',
  'Node.Meta.a == b and Service.Meta.b == "&"',
  'Service.Meta.z == 1',
  'Service.Weights.Passing == 5',
  'Service.Weights is empty',
  'Service.TaggedAddresses.lan.Port == 8',
  'Service.TaggedAddresses.zz.Port != 8',
  'Service.TaggedAddresses contains lan',
  'Service.TaggedAddresses.lan.port == 8',
  'Service.Kind == ""',
  'Service.CreateIndex == 1',
]

/** Expressions about instances that stand in front of a service. */
const ofProxies: readonly string[] = [
  'Service.Proxy.DestinationServiceName == web',
  'Service.Proxy.Upstreams is not empty',
  'Service.Proxy.Upstreams.DestinationName == cache',
  'Service.Proxy.Upstreams.LocalBindPort == 11',
  'Service.Proxy.Upstreams.DestinationName != cache',
  'Service.Proxy.MeshGateway.Mode == local',
  'Service.Proxy.Expose.Checks == false',
  'Service.Proxy.Expose.Paths is empty',
  'Service.Proxy.Config.a == 1',
  'Service.Connect.Native == true',
  'Service.Kind == "connect-proxy"',
]

/** Reads with them. */
export const filterRequests: readonly ParityRequest[] = [
  ...filtered('/v1/catalog/nodes', [...wrong, ...unfit, ...ofNodes]),
  ...filtered('/v1/health/service/web', ofHealth),
  ...filtered('/v1/health/connect/web', ofProxies),
  ...filtered('/v1/catalog/service/web', [
    'ServicePort == 80',
    'v1 in ServiceTags and NodeMeta.a == b',
    'ServiceMeta.z == 1',
    'ServiceTaggedAddresses.lan.Address == "1.1.1.1"',
    'ServiceWeights.Warning != 1',
    'ServiceEnableTagOverride == true',
    'Service.Port == 80',
    'ServiceName == web',
  ]),
  ...filtered('/v1/catalog/connect/web', ['ServiceKind == "connect-proxy"', 'ServiceConnect.Native == true']),
  ...filtered('/v1/catalog/node/n3', ['Port == 4', 'Connect.Native == true', 'Port == 5', 'Node == n3']),
  ...filtered('/v1/catalog/node-services/n3', ['Service == native', 'Service == none', 'Bad == 1']),
  ...filtered('/v1/health/node/n1', [
    'Status == warning',
    'ServiceID is empty',
    'Type == ""',
    'CheckID == zz',
  ]),
  ...filtered('/v1/health/checks/web', ['Status != passing', 'Name matches "^web"', 'Definition is empty']),
  ...filtered('/v1/health/state/any', ['Node == n1 and ServiceName == web', 'v1 in ServiceTags']),
  ...filtered('/v1/health/ingress/web', ['Service.ID == x', 'Bad == 1']),
  ...filtered('/v1/internal/ui/nodes', ['Services.Port == 80', 'Checks.Status == critical', 'Meta.a == b']),
  ...filtered('/v1/internal/ui/nodes', ['Datacenter == dc1', 'Services is empty']),
  ...filtered('/v1/internal/ui/services', [
    'Service.Service == web',
    'Checks.Status == passing',
    'Name == web',
  ]),
  ...filtered('/v1/internal/ui/node/n1', ['Bad == 1']),
  ...filtered('/v1/catalog/gateway-services/x', ['Bad == 1']),
  ...get(
    '/v1/catalog/nodes?filter=',
    '/v1/catalog/nodes?filter=Node+%3D%3D+n1&filter=Bad',
    '/v1/catalog/nodes?filter=Bad==1&dc=nope',
    '/v1/catalog/nodes?pretty&filter=Node==n2',
    '/v1/catalog/nodes?stale&filter=Node==n2',
    '/v1/catalog/nodes?node-meta=a:b&filter=Node==n2',
    '/v1/catalog/node/zz?filter=Bad==1',
    '/v1/catalog/node-services/zz?filter=Bad==1',
    '/v1/health/service/web?passing&filter=Service.Port!=1',
    '/v1/health/service/web?tag=v1&tag=v2&filter=Service.Port==80',
    '/v1/health/service/zz?filter=Bad==1',
    '/v1/kv/zz?filter=Bad==1',
    '/v1/session/list?filter=Bad==1',
  ),
]

/** What we mean to answer otherwise. */
export const filterDifferences: readonly Difference[] = [
  {
    reason: 'What a node does not have matches no pattern; in 1.8 it matches every one',
    matches: path(`/v1/catalog/nodes?filter=${encodeURIComponent('Meta.zz matches "x"')}`),
    ours: { status: 200, body: '[]' },
  },
  {
    reason: 'An expression is read before anybody is asked',
    matches: path('/v1/catalog/nodes?filter=Bad==1&dc=nope'),
    ours: {
      status: 400,
      body: 'Failed to create boolean expression evaluator: Selector "Bad" is not valid',
    },
  },
  {
    reason: 'The index of what stands in front of a service is that of those instances',
    matches: (request) => request.path.startsWith('/v1/catalog/connect/'),
    undo: (ours) => ({
      ...ours,
      headers: { ...ours.headers, 'x-consul-index': '#4' },
      body: ours.body.replaceAll('"ServiceSocketPath":"",', ''),
    }),
  },
  {
    reason: 'A list without entries is an empty list, here as elsewhere',
    matches: (request) => request.path.startsWith('/v1/internal/ui/node'),
    undo: (ours) =>
      withRefusalsOf18({ ...ours, body: ours.body.replaceAll(/"((?:Service)?Tags)":\[\]/g, '"$1":null') }),
  },
  {
    reason: 'ServiceSocketPath is shown since 1.10',
    matches: (request) => request.path.startsWith('/v1/catalog/service/'),
    undo: (ours) => withRefusalsOf18({ ...ours, body: ours.body.replaceAll('"ServiceSocketPath":"",', '') }),
  },
  {
    reason: 'A wrong expression is the client’s fault, as since 1.14: 400, in the same words',
    matches: (request) => request.path.includes('filter='),
    undo: withRefusalsOf18,
  },
]

function withRefusalsOf18(ours: Answer): Answer {
  const isRefusal = ours.body.startsWith('Failed to create boolean expression evaluator: ')
  return isRefusal ? { ...ours, status: ours.status + 100 } : ours
}

function filtered(path: string, expressions: readonly string[]): ParityRequest[] {
  return get(...expressions.map((expression) => `${path}?filter=${encodeURIComponent(expression)}`))
}
