// Prepared queries: what may be stored, what answers to a name, and what carrying one out finds.
import { type Answer, type Difference, type ParityRequest, body, get, path, put, remove } from './request.ts'

const nobody = '11111111-1111-1111-1111-111111111112'

function post(path: string, body: string, keep?: ParityRequest['keep']): ParityRequest {
  return { method: 'POST', path, body, ...(keep !== undefined && { keep }) }
}

function options(path: string): ParityRequest {
  return { method: 'OPTIONS', path }
}

/** The beginning of a query of `x` with these other fields. */
function query(fields: string, service: string = ''): string {
  return `{"Service":{"Service":"x"${service}}${fields === '' ? '' : `,${fields}`}}`
}

function refused(...bodies: readonly string[]): ParityRequest[] {
  return bodies.map((body) => post('/v1/query', body))
}

/** A query that is made, and what it is then. */
function made(name: string, body: string): ParityRequest[] {
  return [post('/v1/query', body, { [name]: 'ID' }), ...get(`/v1/query/{{${name}}}`)]
}

const prefixMatch = '"Template":{"Type":"name_prefix_match"'

/** A template that is refused when it is filled in. */
function template(service: string, regexp: string = ''): string {
  const re = JSON.stringify(regexp)
  return `{"Name":"bad-","Service":{${service}},${prefixMatch},"Regexp":${re}}}`
}

const upper = 'AAAAAAAA-BBBB-CCCC-DDDD-EEEEEEEEEEEE'

/** What can be stored, and what is refused. */
export const queryRequests: readonly ParityRequest[] = [
  ...get('/v1/query', '/v1/query?pretty', '/v1/query/', '/v1/query/x', `/v1/query/${nobody}`),
  ...get(`/v1/query/${nobody.slice(1)}`, `/v1/query/${nobody.slice(1)}g`, '/v1/query/x/y'),
  ...get(
    '/v1/query?index=x',
    '/v1/query?wait=x&index=1',
    '/v1/query?stale&consistent',
    '/v1/query?dc=nowhere',
  ),
  ...refused('', '{', '[]', '"a"', '{}', '{"Name":"a"}', '{"Service":{"Service":"x"}}'),
  ...refused('{"Name":5}', '{"Bogus":1}', '{"Namespace":"a"}', query('"Bogus":1'), query('', ',"Bogus":1')),
  ...refused('{"Service":"x"}', '{"Service":{"Service":5}}', '{"Template":"x"}', '{"Template":{"Type":5}}'),
  ...refused(query('', ',"Tags":"a"'), query('', ',"Tags":[5]'), query('', ',"OnlyPassing":"true"')),
  ...refused(query('', ',"IgnoreCheckIDs":"a"'), query('', ',"IgnoreCheckIDs":[5]')),
  ...refused(query('', ',"NodeMeta":{"a":5}'), query('', ',"NodeMeta":[]')),
  ...refused(query('', ',"Failover":"a"'), query('', ',"Failover":{"Datacenters":"a"}')),
  ...refused(query('', ',"Failover":{"NearestN":"x"}'), query('', ',"Failover":{"NearestN":1.5}')),
  ...refused(query('"DNS":"10s"'), query('"DNS":{"TTL":10}'), query('"CreateIndex":"5"')),
  ...refused('{"ID":"a","Name":""}', '{"Name":"z","Token":"<hidden>"}', '{"Name":"","Token":"<hidden>"}'),
  ...refused(query('"Name":"z"', ',"Failover":{"NearestN":-1},"NodeMeta":{"":"x"}')),
  ...refused(query('"Name":"z","DNS":{"TTL":"x"}', ',"NodeMeta":{"":"x"}')),
  ...refused(query('"Name":"z"', ',"NodeMeta":{"a b":"x"}')),
  ...refused(query('"Name":"z"', `,"NodeMeta":{"${'k'.repeat(129)}":"x"}`)),
  ...refused(query('"Name":"z"', `,"NodeMeta":{"k":"${'v'.repeat(513)}"}`)),
  ...refused(
    query('"Name":"z"', `,"NodeMeta":{${Array.from({ length: 65 }, (_, i) => `"k${i}":""`).join(',')}}`),
  ),
  ...refused(query('"Name":"z","DNS":{"TTL":"10"}'), query('"Name":"z","DNS":{"TTL":"-1.5s"}')),
  ...refused(query('"Name":"z","Session":"nope"'), query(`"Name":"z","Session":"${nobody}"`)),
  ...made('plain', query('"Name":"plain"')),
  ...get('/v1/query', '/v1/query?stale', '/v1/query?pretty', '/v1/query?consistent', '/v1/query?index=1'),
  ...get('/v1/query/{{plain}}?stale', '/v1/query/{{plain}}?pretty', '/v1/query/{{plain}}?dc=nowhere'),
  ...made(
    'full',
    query(
      '"Name":"full","Token":"secret","DNS":{"TTL":"1.5h"}',
      ',"Failover":{"NearestN":2,"Datacenters":["dc9","dc2"]},"OnlyPassing":true,"IgnoreCheckIDs":["a"],' +
        '"Near":"_agent","Tags":["a","!b"],"NodeMeta":{"b":"","a":"<&>"},"ServiceMeta":{"!c":"d"},"Connect":true',
    ),
  ),
  ...made('reserved', query('"Name":"reserved"', ',"NodeMeta":{"consul-x":"y"}')),
  ...made('uuid', query(`"Name":"${nobody}"`)),
  ...made('letters', `{"NAME":"letters","service":{"service":"x"},"createindex":5} behind`),
  ...made('zero', query('"Name":"zero","DNS":{"TTL":"0s"}')),
  ...made('odd', query('"Name":"sp ace/ü<"')),
  ...get('/v1/query/sp%20ace%2F%C3%BC%3C/explain'),
  ...made(
    'template',
    `{"Name":"t-","Service":{"Service":"\${name.suffix}"},${prefixMatch},"Regexp":"^t-(.*)$","RemoveEmptyTags":true}}`,
  ),
  ...refused(query('"Name":"plain"'), query('"Name":"PLAIN"'), query('"Name":"t-"')),
  ...refused(`{"Name":"T-","Service":{"Service":"x"},${prefixMatch}}}`),
  put('/v1/query/{{plain}}', query('"Name":"other"', ',"Near":"n2"')),
  ...get('/v1/query/{{plain}}', '/v1/query/plain/explain', '/v1/query/other/explain'),
  put('/v1/query/{{plain}}', query(`"ID":"${nobody}","Name":"plain"`)),
  ...get('/v1/query/{{plain}}'),
  put('/v1/query/{{plain}}', ''),
  put('/v1/query/{{plain}}', '{}'),
  put('/v1/query/{{plain}}', '{"Bogus":1}'),
  put('/v1/query/{{plain}}', query('"Name":"full"')),
  put('/v1/query/{{plain}}?dc=nowhere', query('"Name":"plain"')),
  put(`/v1/query/${nobody}`, query('"Name":"z"')),
  put(`/v1/query/${upper}`, query('')),
  put('/v1/query/x', query('"Name":"z"')),
  put('/v1/query/', query('"Name":"z"')),
  put('/v1/session/create', '', { session: 'ID' }),
  ...made('bound', query('"Session":"{{session}}"')),
  ...made('both', query('"Session":"{{session}}","Name":"both"')),
  ...get('/v1/query/both/explain', '/v1/query/{{bound}}/explain'),
  put('/v1/session/destroy/{{session}}'),
  ...get('/v1/query/both/explain', '/v1/query/{{bound}}'),
  remove('/v1/query/{{uuid}}'),
  remove('/v1/query/{{uuid}}'),
  ...get('/v1/query/{{uuid}}'),
  remove('/v1/query/x'),
  remove('/v1/query/'),
  remove('/v1/query/{{zero}}?dc=nowhere'),
  post('/v1/query?dc=nowhere', query('"Name":"z"')),
  options('/v1/query'),
  options('/v1/query/x'),
  options('/v1/query/x/execute'),
  put('/v1/query', query('"Name":"z"')),
  remove('/v1/query'),
  post('/v1/query/x', '{}'),
  post('/v1/query/x/execute', ''),
  remove('/v1/query/x/explain'),
  // What is given as an empty list or map.
  ...made('empty', query('"Name":"empty","Template":{}', ',"Failover":null,"Tags":[],"NodeMeta":{}')),
  // Templates that cannot be: these take an index there, and none here.
  ...refused(`{"Name":"t1","Service":{"Service":"x"},"Template":{"Type":"bad"}}`),
  ...refused(
    template('"Service":"x"', '('),
    template('"Service":"x"', '(?=a)'),
    template('"Service":"x"', '\\1'),
  ),
  ...refused(template('"Service":"${nope}"'), template('"Service":"web-${match(x)}"')),
  ...refused(template('"Service":"a\\nb${bad}"'), template('"Service":"${upper(1)}"')),
  ...refused(template('"Service":"${match()}"'), template('"Service":"${match(1,2)}"')),
  ...refused(template('"Service":"${match(name.full)}"'), template('"Service":"${name.full"')),
  ...refused(template('"Service":"${}"'), template('"Service":"x","Tags":["ok","${c}"]')),
  ...refused(template('"Service":"x","IgnoreCheckIDs":["${a}"],"Near":"${b}"')),
  ...refused(template('"Service":"x","Near":"${b}","Tags":["${c}"]')),
  ...refused(template('"Service":"x","NodeMeta":{"a":"${d}"},"ServiceMeta":{"b":"${e}"}')),
  ...refused(template('"Service":"x","Failover":{"Datacenters":["${f}"]}')),
]

function instance(node: string, more: string, status: string = 'passing'): ParityRequest {
  const check = `"Check":{"CheckID":"c1","Name":"c1","ServiceID":"web","Status":"${status}"}`
  return put(
    '/v1/catalog/register',
    `{"Node":"${node}","Address":"10.0.0.${node.slice(1)}",${more},${check}}`,
  )
}

function named(name: string, service: string, more: string = ''): ParityRequest {
  const body = `{"Name":"${name}","Service":{"Service":"web"${service}}${more}}`
  return post('/v1/query', body, { [name.replaceAll('-', '')]: 'ID' })
}

function runs(...names: readonly string[]): ParityRequest[] {
  return get(...names.map((name) => `/v1/query/${name}/execute`))
}

/** What carrying one out finds. Everything that would come in an order by chance is asked for one by one. */
export const runRequests: readonly ParityRequest[] = [
  instance(
    'n1',
    '"NodeMeta":{"os":"linux"},"Service":{"ID":"web","Service":"web","Port":80,"Tags":["a","B"],"Meta":{"v":"1"}}',
  ),
  instance(
    'n2',
    '"NodeMeta":{"os":"bsd"},"Service":{"ID":"web","Service":"web","Port":80,"Tags":["a"],"Meta":{"v":"2"}}',
    'warning',
  ),
  instance('n3', '"Service":{"ID":"web","Service":"web","Port":80,"Tags":["c"]}', 'critical'),
  put(
    '/v1/catalog/register',
    '{"Node":"n4","Address":"10.0.0.4","Service":{"ID":"web-proxy","Service":"web-proxy","Kind":"connect-proxy",' +
      '"Port":81,"Proxy":{"DestinationServiceName":"web"}}}',
  ),
  named('all', ''),
  named('passing', ',"OnlyPassing":true'),
  named('tags', ',"Tags":["A","b"]', ',"DNS":{"TTL":"15s"}'),
  named('not', ',"Tags":["a","!b"]'),
  named('ignored', ',"IgnoreCheckIDs":["c1"],"Tags":["c"]'),
  named('node-meta', ',"NodeMeta":{"os":"linux"}'),
  named('service-meta', ',"ServiceMeta":{"v":"2"}'),
  named('proxies', ',"Connect":true'),
  named('near', ',"Near":"n2"'),
  post(
    '/v1/query',
    '{"Name":"none","Service":{"Service":"nothing","Failover":{"NearestN":3,"Datacenters":["dc9"]}}}',
    { none: 'ID' },
  ),
  post(
    '/v1/query',
    `{"Name":"f-","Service":{"Service":"\${match(1)}","Tags":["\${match(2)}",""]},${prefixMatch},` +
      '"Regexp":"^f-([^-]*)-?(.*)$","RemoveEmptyTags":true}}',
    { template: 'ID' },
  ),
  post('/v1/query', `{"Name":"f-web-b","Service":{"Service":"longest"},${prefixMatch}}}`, { longest: 'ID' }),
  ...runs('passing', 'tags', 'not', 'ignored', 'node-meta', 'service-meta', 'proxies', 'none', 'PASSING'),
  ...runs('near', 'f-web-B', 'f-web-b', 'f-web-b2', 'f-other', 'F-web-b', 'unknown', '{{template}}', nobody),
  ...get(
    '/v1/query/passing/execute?pretty',
    '/v1/query/all/execute?near=n1',
    '/v1/query/all/execute?near=n2&limit=1',
    '/v1/query/near/execute?near=n1&limit=1',
    '/v1/query/passing/execute?near=nobody',
    '/v1/query/passing/execute?near=_ip',
    '/v1/query/passing/execute?near=_agent',
    '/v1/query/passing/execute?limit=0',
    '/v1/query/passing/execute?limit=-1',
    '/v1/query/passing/execute?limit=',
    '/v1/query/passing/execute?limit=x',
    '/v1/query/passing/execute?limit=1.0',
    '/v1/query/passing/execute?limit=99999999999999999999',
    '/v1/query/passing/execute?connect',
    '/v1/query/passing/execute?connect=false',
    '/v1/query/all/execute?connect=true',
    '/v1/query/all/execute?connect=x',
    '/v1/query/all/execute?connect=x&limit=y',
    '/v1/query/passing/execute?stale',
    '/v1/query/passing/execute?consistent',
    '/v1/query/passing/execute?leader',
    '/v1/query/passing/execute?max_stale=1s',
    '/v1/query/passing/execute?stale&consistent',
    '/v1/query/passing/execute?index=5&wait=1s',
    '/v1/query/passing/execute?index=x',
    '/v1/query/passing/execute?cached',
    '/v1/query/passing/execute?cached&consistent',
    '/v1/query/passing/execute?dc=s1',
    '/v1/query/passing/explain',
    '/v1/query/passing/explain?pretty',
    '/v1/query/passing/explain?stale',
    '/v1/query/passing/explain?limit=x',
    '/v1/query/passing/explain?dc=nowhere',
    '/v1/query/unknown/explain',
    '/v1/query/{{template}}/explain',
    '/v1/query/f-a-b/explain',
    '/v1/query/f-/explain',
    '/v1/query/F-a/explain',
    '/v1/query/f-web-b2/explain',
    '/v1/query//execute',
  ),
]

function atVerb({ path: at }: ParityRequest): boolean {
  return /\/(?:execute|explain)$/.test(at)
}

function withAllow(ours: Answer, allow: string): Answer {
  return { ...ours, headers: { ...ours.headers, allow } }
}

/** What we answer otherwise. */
export const queryDifferences: readonly Difference[] = [
  {
    reason: 'OPTIONS has no body, for whatever path',
    matches: ({ method, path: at }) => method === 'OPTIONS' && at !== '/v1/query',
    undo: (ours) => ({
      ...ours,
      headers: { ...ours.headers, 'content-type': 'application/json' },
      body: '{}',
    }),
  },
  {
    reason: 'Allow names OPTIONS for every path',
    matches: (request) => atVerb(request) && request.method !== 'GET',
    undo: (ours) => withAllow(ours, 'GET'),
  },
  {
    reason: 'Allow names OPTIONS for every path',
    matches: ({ method, path: at }) => method === 'POST' && at === '/v1/query/x',
    undo: (ours) => withAllow(ours, 'GET,PUT,DELETE'),
  },
  {
    reason: 'It is said why there is no such field, as elsewhere',
    matches: body('{"Namespace":"a"}'),
    undo: ({ body, ...rest }) => ({ ...rest, body: body.replace(/ - .*$/, '') }),
  },
  {
    reason:
      'Instances are shown as by /v1/health/service: without tags or checks they have empty lists of them',
    matches: path('/v1/query/proxies/execute', '/v1/query/all/execute?connect=true'),
    undo: ({ body, ...rest }) => ({
      ...rest,
      body: body.replace('"Tags":[]', '"Tags":null').replace('"Checks":[]', '"Checks":null'),
    }),
  },
  {
    reason: 'A server has its own copy of everything: what may come from a cache comes from there, at once',
    matches: path('/v1/query/passing/execute?cached'),
    undo: (ours) => {
      const { age: _age, ...others } = ours.headers
      return { ...ours, headers: { ...others, 'x-cache': 'MISS' } }
    },
  },
  {
    reason: 'A list or map without anything in it is null, whether it was given or not',
    matches: path('/v1/query/{{empty}}'),
    undo: ({ body, ...rest }) => ({
      ...rest,
      body: body.replace('"Tags":null,"NodeMeta":null', '"Tags":[],"NodeMeta":{}'),
    }),
  },
]
