// Requests of the suite `catalog` that we mean to answer otherwise than Consul 1.8.7. docs/compatibility.md lists
// the same, for users.
import { type Answer, type Difference, body, path } from './requests/request.ts'

const unknownPath: Partial<Answer> = {
  status: 404,
  body: 'Invalid URL path: not a recognized HTTP API endpoint',
}

/** Each with its reason. */
export const catalogDifferences: readonly Difference[] = [
  {
    reason: 'Unknown paths are answered with a sentence, as since 1.11',
    matches: path('/v1/nope', '/nope', '/v1/catalog/nodes/'),
    ours: unknownPath,
  },
  {
    reason: 'Out of scope, and refused with a sentence that says so',
    matches: path('/v1/connect/ca/roots'),
    ours: { status: 501, body: 'Connect is not part of proconsul' },
  },
  {
    reason: 'Out of scope, and refused with a sentence that says so',
    matches: path('/ui/'),
    ours: { status: 501, body: 'The web interface is not part of proconsul' },
  },
  {
    reason: 'Served since 1.13',
    matches: path('/v1/agent/version'),
    ours: { status: 200 },
  },
  {
    reason: 'LastIndex is shown since 1.14.8',
    matches: path('/v1/operator/raft/configuration'),
    undo: ({ body, ...rest }) => ({ ...rest, body: body.replace(/,"LastIndex":\d+/g, '') }),
  },
  {
    reason: 'ServiceSocketPath is shown since 1.10',
    matches: path(
      '/v1/catalog/service/web',
      '/v1/catalog/service/web?tag=V1&tag=v2',
      '/v1/catalog/service/db',
    ),
    undo: ({ body, ...rest }) => ({ ...rest, body: body.replaceAll('"ServiceSocketPath":"",', '') }),
  },
  {
    reason: 'Tags of a service are sorted; 1.8 has them in no order',
    matches: path('/v1/catalog/services', '/v1/catalog/services?node-meta=rack:r%3C1%3E'),
    undo: ({ body, ...rest }) => ({ ...rest, body: body.replaceAll('["v1","v2"]', '["v2","v1"]') }),
  },
  {
    reason: 'A wrong expression is the client’s fault, as since 1.14: 400, in the same words',
    matches: path('/v1/catalog/nodes?filter=Bad==1'),
    undo: (ours) => ({ ...ours, status: 500 }),
  },
  {
    reason: 'Namespaces are refused on every endpoint, as in later versions; 1.8 ignores them on some',
    matches: path('/v1/catalog/nodes?ns=x'),
    ours: {
      status: 400,
      body: 'Bad request: Invalid query parameter: "ns" - Namespaces are a Consul Enterprise feature',
    },
  },
  {
    reason: 'The index of a service that never was moves only when one is gone for good, so that waits last',
    matches: path('/v1/catalog/service/none', '/v1/health/service/zz'),
    ours: { status: 200, body: '[]' },
  },
  {
    reason: 'A read of an unknown node waits for the catalog to change, as since 1.12; 1.8 answers at once',
    matches: path('/v1/catalog/node/zz', '/v1/catalog/node-services/zz'),
    ours: { status: 200 },
  },
  {
    reason: 'A sentence for the user in place of one about the state store',
    matches: body('{"Node":"a","Address":"b","Service":{}}'),
    ours: { status: 500, body: 'Must provide service name with ID' },
  },
  {
    reason: 'A sentence for the user in place of one about the state store',
    matches: body('{"Node":"a","Address":"b","Check":{}}'),
    ours: { status: 500, body: 'Must provide check ID or name' },
  },
]
