// What reads of the catalog take beside filters: order, meta data, tags, caches; proxies, gateways, web interfaces.
import { type Answer, type Difference, type ParityRequest, bodies, get, path } from './request.ts'

const registrations: readonly string[] = [
  '{"Node":"m1","Address":"1.1.1.1","NodeMeta":{"rack":"1","zone":"a"},"Service":{"ID":"d1","Service":"dup",' +
    '"Tags":["b","a"],"Meta":{"external-source":"k8s"}},"Checks":[{"CheckID":"nc","Name":"nc","Status":"passing",' +
    '"ServiceID":""},{"CheckID":"d1c","ServiceID":"d1","Name":"x","Status":"warning"}]}',
  '{"Node":"m1","Address":"1.1.1.1","Service":{"ID":"d2","Service":"dup","Tags":["a","c"],' +
    '"Meta":{"external-source":"nomad"}}}',
  '{"Node":"m2","Address":"1.1.1.2","NodeMeta":{"rack":"2","zone":"a"},' +
    '"Service":{"ID":"d3","Service":"dup","Meta":{"external-source":"aaa"}},' +
    '"Check":{"CheckID":"d3c","ServiceID":"d3","Name":"x","Status":"critical"}}',
  '{"Node":"m2","Address":"1.1.1.2","SkipNodeUpdate":true,"Service":{"ID":"dp","Service":"dup-proxy",' +
    '"Kind":"connect-proxy","Port":1,"Proxy":{"DestinationServiceName":"dup"}}}',
  '{"Node":"m3","Address":"1.1.1.3","ID":"33333333-3333-3333-3333-333333333333","Service":{"ID":"dp2",' +
    '"Service":"dup-proxy","Kind":"connect-proxy","Port":1,"Tags":["a"],"Proxy":{"DestinationServiceName":"dup"}}}',
  '{"Node":"m3","Address":"1.1.1.3","SkipNodeUpdate":true,"Service":{"ID":"nat","Service":"nat",' +
    '"Connect":{"Native":true}},"Check":{"CheckID":"natc","ServiceID":"nat","Name":"x","Status":"critical"}}',
  '{"Node":"m4","Address":"1.1.1.4","Service":{"ID":"mg","Service":"mgw","Kind":"mesh-gateway","Port":1}}',
  '{"Node":"m5","Address":"1.1.1.5","ID":"33334444-3333-3333-3333-333333333333"}',
]

/** What is read. */
export const readRegistrations: readonly ParityRequest[] = bodies('/v1/catalog/register', registrations)

const cached = '/v1/health/service/dup?cached'

/** The reads. */
export const readRequests: readonly ParityRequest[] = [
  ...get(
    '/v1/catalog/nodes?near=_agent',
    '/v1/catalog/nodes?near=m3',
    '/v1/catalog/nodes?near=',
    '/v1/catalog/nodes?near=zz&node-meta=zone:a',
    '/v1/catalog/nodes?node-meta=zone:a&node-meta=rack:2',
    '/v1/catalog/nodes?node-meta=zone:a&node-meta=zone:b',
    '/v1/catalog/services?node-meta=rack:2',
    '/v1/catalog/services?near=_agent',
    '/v1/catalog/service/dup?near=_agent',
    '/v1/catalog/service/dup?tag=a&tag=C',
    '/v1/catalog/service/dup?tag=a&tag=zz',
    '/v1/catalog/service/dup?node-meta=rack:2',
    '/v1/catalog/service/dup?merge-central-config',
    '/v1/catalog/connect/dup',
    '/v1/catalog/connect/dup?tag=a',
    '/v1/catalog/connect/nat',
    '/v1/catalog/connect/none',
    '/v1/catalog/connect/',
    '/v1/catalog/connect/dup?dc=nope',
    '/v1/catalog/gateway-services/mgw',
    '/v1/catalog/gateway-services/',
    '/v1/catalog/gateway-services/mgw?dc=nope',
    '/v1/catalog/node/33333333',
    '/v1/catalog/node/33333333-3333-3333-3333-333333333333',
    '/v1/catalog/node/3333',
    '/v1/catalog/node/M3',
    '/v1/catalog/node-services/m3',
    '/v1/catalog/node-services/33333333',
    '/v1/catalog/node-services/33',
    '/v1/catalog/node-services/m5',
    '/v1/health/service/dup',
    '/v1/health/service/dup?passing',
    '/v1/health/service/dup?passing=0',
    '/v1/health/service/dup?near=_agent',
    '/v1/health/service/dup?near=m2&tag=a',
    '/v1/health/service/dup?node-meta=zone:a&node-meta=rack:1',
    '/v1/health/connect/dup',
    '/v1/health/connect/dup?passing',
    '/v1/health/connect/dup?tag=a',
    '/v1/health/connect/nat',
    '/v1/health/connect/nat?passing',
    '/v1/health/connect/none',
    '/v1/health/connect/',
    '/v1/health/connect/dup?passing=x',
    '/v1/health/ingress/dup',
    '/v1/health/ingress/dup?passing',
    '/v1/health/ingress/dup?passing=x',
    '/v1/health/ingress/',
    '/v1/health/ingress/dup?dc=nope',
    '/v1/health/checks/dup?near=_agent',
    '/v1/health/checks/dup?node-meta=rack:2',
    '/v1/health/state/any?node-meta=rack:2',
    '/v1/health/state/critical?near=m1',
    '/v1/health/node/33333333',
    '/v1/internal/ui/nodes',
    '/v1/internal/ui/nodes?pretty',
    '/v1/internal/ui/nodes?stale',
    '/v1/internal/ui/nodes?dc=nope',
    '/v1/internal/ui/node/m1',
    '/v1/internal/ui/node/M1',
    '/v1/internal/ui/node/m5',
    '/v1/internal/ui/node/zz',
    '/v1/internal/ui/node/zz?dc=nope',
    '/v1/internal/ui/node/',
    '/v1/internal/ui/services',
    '/v1/internal/ui/services?consistent',
    '/v1/internal/ui/gateway-services-nodes/mgw',
    '/v1/internal/ui/gateway-services-nodes/',
    '/v1/internal/ui/zz',
    '/v1/catalog/services?cached',
    '/v1/catalog/services?cached&consistent',
    '/v1/catalog/nodes?cached',
    cached,
    `${cached}&near=_agent`,
    `${cached}&filter=Bad==1`,
  ),
  ...[
    'max-age=30',
    'max-age=0',
    'must-revalidate',
    'max-age=10, stale-if-error=60',
    'no-cache',
    'max-age',
    'max-age=x',
    'Max-Age=5.5',
    'max-age=-1',
    'stale-if-error=y',
  ].map((value) => ({ method: 'GET', path: cached, headers: { 'Cache-Control': value } })),
  ...['/v1/internal/ui/nodes', '/v1/internal/ui/services', '/v1/health/connect/dup'].flatMap((target) => [
    { method: 'OPTIONS', path: target },
    { method: 'PUT', path: target },
  ]),
]

/** What we mean to answer otherwise. */
export const readDifferences: readonly Difference[] = [
  {
    reason:
      'Tags of a service are sorted; 1.8 has them in no order. A server’s own state is the copy that it answers from',
    matches: (request) => request.path.startsWith('/v1/catalog/services'),
    undo: (ours) => asMiss({ ...ours, body: ours.body.replace('["a","b","c"]', '["b","a","c"]') }),
  },
  {
    reason:
      'A server’s own state is the copy that it answers from, with the first request as with the second',
    matches: (request) => request.path === cached && request.headers === undefined,
    undo: asMiss,
  },
  {
    reason: 'A wrong expression is the client’s fault, as since 1.14: 400, in the same words',
    matches: path(`${cached}&filter=Bad==1`),
    ours: {
      status: 400,
      body: 'Failed to create boolean expression evaluator: Selector "Bad" is not valid',
    },
  },
  {
    reason: 'A read of an unknown node waits for the catalog to change, as since 1.12; 1.8 answers at once',
    matches: path('/v1/catalog/node/3333', '/v1/catalog/node-services/33'),
    ours: { status: 200 },
  },
  {
    reason: 'Tags count for what stands in front of a service too, as documented; 1.8 ignores them',
    matches: path('/v1/catalog/connect/dup?tag=a', '/v1/health/connect/dup?tag=a'),
    ours: { status: 200 },
  },
  {
    reason: 'The index of what stands in front of a service is that of those instances',
    matches: path('/v1/catalog/connect/dup', '/v1/catalog/connect/none', '/v1/health/connect/none'),
    ours: { status: 200 },
  },
  {
    reason: 'With node-meta a change of a node counts too: it may come to have the meta data',
    matches: path('/v1/health/checks/dup?node-meta=rack:2', '/v1/health/state/any?node-meta=rack:2'),
    ours: { status: 200 },
  },
  {
    reason: 'ServiceSocketPath is shown since 1.10',
    matches: ({ path: target }) =>
      target.startsWith('/v1/catalog/service/') || target === '/v1/catalog/connect/nat',
    undo: (ours) => ({ ...ours, body: ours.body.replaceAll('"ServiceSocketPath":"",', '') }),
  },
  {
    reason: 'Unknown paths are answered with a sentence, as since 1.11',
    matches: path('/v1/internal/ui/zz'),
    ours: { status: 404, body: 'Invalid URL path: not a recognized HTTP API endpoint' },
  },
  {
    reason: 'A list without entries is an empty list, here as elsewhere',
    matches: ({ path: target }) => target.startsWith('/v1/internal/ui/node'),
    undo: (ours) => ({
      ...ours,
      body: ours.body.replaceAll(/"((?:Service)?Tags)":( ?)\[\]/g, '"$1":$2null'),
    }),
  },
]

function asMiss({ status, headers, body }: Answer): Answer {
  const { age: _age, ...others } = headers
  return {
    status,
    body,
    headers: headers['x-cache'] === undefined ? headers : { ...others, 'x-cache': 'MISS' },
  }
}
