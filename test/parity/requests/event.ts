// Events and coordinates. Those of the agent itself are kept out: only what a request brought is seen.
import { type Difference, type ParityRequest, bodies, get, path, put } from './request.ts'

const fire = '/v1/event/fire'
const update = '/v1/coordinate/update'

const coordinate = '{"Vec":[0.1,0,0,0,0,0,0,0],"Error":1,"Adjustment":0,"Height":0.001}'

/** As many letters. */
function letters(count: number): { readonly bytes: number } {
  return { bytes: count }
}

/** What can be asked about events, and what is refused. */
export const eventRequests: readonly ParityRequest[] = [
  ...get('/v1/event/list', '/v1/event/list?name=x', '/v1/event/list?pretty'),
  put(`${fire}/plain`, '', { plain: 'ID' }),
  put(`${fire}/deploy`, 'hello', { deploy: 'ID' }),
  put(`${fire}/deploy?pretty`, { base64: 'AAH/' }, { binary: 'ID' }),
  put(`${fire}/a/b%2Fc%20d`, 'x', { path: 'ID' }),
  put(`${fire}/%3Chtml%3E&amp`, '<>', { html: 'ID' }),
  put(`${fire}/f?node=s.*`, '', { node: 'ID' }),
  put(`${fire}/f?service=consul`, '', { service: 'ID' }),
  put(`${fire}/here?dc=dc1`, '', { here: 'ID' }),
  put(`${fire}/here?datacenter=dc1`, '', { there: 'ID' }),
  ...get('/v1/event/list?name=plain', '/v1/event/list?name=deploy', '/v1/event/list?name=nope'),
  ...get(
    '/v1/event/list?name=deploy&pretty',
    '/v1/event/list?name=deploy&node=nope',
    '/v1/event/list?name=deploy&node=(',
  ),
  ...get('/v1/event/list?name=deploy&service=nope&tag=nope', '/v1/event/list?name=deploy&dc=nope'),
  ...get('/v1/event/list?name=deploy&index=5', '/v1/event/list?name=deploy&index=5&wait=10ms'),
  ...get('/v1/event/list?name=nope&index=1&wait=10ms'),
  ...get(
    '/v1/event/list?index=x',
    '/v1/event/list?index=-1',
    '/v1/event/list?wait=x',
    '/v1/event/list?name=nope&wait=-1s',
  ),
  ...get(
    '/v1/event/list?stale&consistent',
    '/v1/event/list?name=nope&stale',
    '/v1/event/list?name=nope&max_stale=x',
  ),
  ...[
    '',
    '/',
    '/x?node=(',
    '/x?node=a**',
    '/x?service=(',
    '/x?service=%5Bz-a%5D',
    '/x?service=a&tag=(',
    '/x?tag=(',
    '/x?tag=a',
    '/x?node=(&tag=a',
    '/x?node=%5C8',
    '/x?dc=nope',
    '/x?dc=nope&tag=a',
  ].map((rest) => put(`${fire}${rest}`, 'x')),
  // The limits, before and after the envelope.
  put(`${fire}/e`, letters(414), { full: 'ID' }),
  ...[415, 444, 445, 600, 70_000].map((count) => put(`${fire}/e`, letters(count))),
  put(`${fire}/${'n'.repeat(99)}n`, letters(214), { long: 'ID' }),
  put(`${fire}/${'n'.repeat(99)}n`, letters(215)),
  put(`${fire}/e?node=nn&service=ss&tag=t`, letters(397), { filtered: 'ID' }),
  put(`${fire}/e?node=nn&service=ss&tag=t`, letters(398)),
  put(`${fire}/e?node=nn&service=ss&tag=t`, letters(428)),
  put(`${fire}/${'n'.repeat(499)}`),
  put(`${fire}/_rexec`, 'not a job', { exec: 'ID' }),
  ...get('/v1/event/list?name=_rexec'),
  ...['fire/x', 'list'].map((name) => ({ method: 'OPTIONS', path: `/v1/event/${name}` })),
  { method: 'POST', path: '/v1/event/fire/x' },
  ...get('/v1/event/fire/x', '/v1/event/', '/v1/event', '/v1/event/list/', '/v1/event/nope'),
  put('/v1/event/list'),
]

/** What can be asked about coordinates, and what is refused. */
export const coordinateRequests: readonly ParityRequest[] = [
  ...get(
    '/v1/coordinate/nodes',
    '/v1/coordinate/node/s1',
    '/v1/coordinate/node/nope',
    '/v1/coordinate/node/',
  ),
  ...get('/v1/coordinate/nodes?segment=x', '/v1/coordinate/nodes?dc=nope', '/v1/coordinate/node/s1?dc=nope'),
  ...get(
    '/v1/coordinate/nodes?stale&consistent',
    '/v1/coordinate/nodes?index=x',
    '/v1/coordinate/nodes?pretty',
  ),
  ...bodies(update, [
    '',
    'junk',
    '{',
    '[]',
    '5',
    '"x"',
    '{"Node":3}',
    '{"Node":"s1","Foo":1}',
    '{"Node":"s1","Coord":{"Vec":"x"}}',
    '{"Node":"s1","Coord":{"Vec":["x"]}}',
    '{"Node":"s1","Coord":{"Foo":1}}',
    '{"Node":"s1","Coord":5}',
    '{"Node":"s1","Segment":5}',
    '{"Node":"s1","Coord":{"Vec":[1,2,3,4,5,6,7,8],"Error":1e400}}',
    '{"Node":"s1","Coord":{"Vec":[0.1,0],"Error":1}}',
    '{"Node":"s1","Coord":{}}',
    '{"Node":"s1","Coord":{"Vec":null}}',
    `{"Coord":${coordinate}}`,
    `{"Node":"nope","Coord":${coordinate}}`,
    `{"Node":"s1","Datacenter":"nope","Coord":${coordinate}}`,
    `{"node":"s1","segment":"","coord":{"vec":[0.5,-1e-7,1e-6,0.000012,1234567.5,0,0,3],"error":1,"height":1e-5}}`,
  ]),
  put(`${update}?dc=nope`, `{"Node":"s1","Coord":${coordinate}}`),
  put(`${update}?dc=nope`, '{"Node":"s1","Coord":{"Vec":[1]}}'),
  ...['datacenters', 'nodes', 'node/x', 'update'].map((name) => ({
    method: 'OPTIONS',
    path: `/v1/coordinate/${name}`,
  })),
  { method: 'POST', path: update },
  ...get(update, '/v1/coordinate/', '/v1/coordinate', '/v1/coordinate/nope', '/v1/coordinate/nodes/'),
  put('/v1/coordinate/nodes'),
]

/** With coordinates switched off: everything is refused alike. */
export const coordinateOffRequests: readonly ParityRequest[] = [
  ...get(
    '/v1/coordinate/nodes',
    '/v1/coordinate/datacenters',
    '/v1/coordinate/node/s1',
    '/v1/coordinate/node/',
  ),
  put(update, 'junk'),
  put(update, `{"Node":"s1","Coord":${coordinate}}`),
  { method: 'OPTIONS', path: update },
  ...get(update, '/v1/coordinate/nope'),
]

/** What is meant to be answered otherwise. */
export const eventDifferences: readonly Difference[] = [
  {
    reason: 'A number beyond all range is refused, and not shown: it is infinite when it is looked at',
    matches: ({ body }) => typeof body === 'string' && body.includes('1e400'),
    undo: ({ body, ...rest }) => ({
      ...rest,
      body: body.replace('unmarshal number', 'unmarshal number 1e400'),
    }),
  },
  {
    reason: 'Unknown paths are answered with a sentence, as since 1.11',
    matches: path(
      '/v1/event/',
      '/v1/event',
      '/v1/event/list/',
      '/v1/event/nope',
      '/v1/coordinate/',
      '/v1/coordinate',
      '/v1/coordinate/nope',
      '/v1/coordinate/nodes/',
    ),
    ours: { status: 404, body: 'Invalid URL path: not a recognized HTTP API endpoint' },
  },
]
