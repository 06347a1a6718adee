// A second recording, of whole packets: two datacenters with a resolver behind them, prepared queries, the mesh's names,
// and packets that are no plain question. Shared by recorder and test.

/** A request that prepares the catalog: method and path, and the body as JSON. */
export interface Preparation {
  readonly at: string
  readonly body: unknown
}

/** One packet to be sent. `raw` is sent as it is (hexadecimal); else the rest describes the question. */
export interface WireQuestion {
  readonly name: string
  readonly type: string
  readonly transport?: 'udp' | 'tcp'
  readonly edns?: number
  /** Client subnet, such as `192.0.2.0/24`. */
  readonly subnet?: string
  /** DNSSEC OK in OPT. */
  readonly isDo?: boolean
  /** Bits of the header; recursion desired is set if absent. */
  readonly flags?: number
  readonly raw?: string
}

/** Settings of one recording, in the reference's names; `STUB` stands for the resolver's address. */
export interface WireVariant {
  readonly name: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly questions: readonly WireQuestion[]
}

function put(at: string, body: unknown): Preparation {
  return { at, body }
}

function instance(
  node: string,
  ip: string,
  service: Readonly<Record<string, unknown>>,
  check?: 'passing' | 'warning' | 'critical',
): Preparation {
  const name = String(service['Service'])
  return put('/v1/catalog/register', {
    Node: node,
    Address: ip,
    SkipNodeUpdate: service['ID'] === `${name}-again`,
    TaggedAddresses: { lan: ip, wan: ip.replace('10.', '198.') },
    Service: { ID: name, ...service },
    ...(check && {
      Check: { Node: node, CheckID: `${name}-check`, Name: 'check', Status: check, ServiceID: name },
    }),
  })
}

/** What is registered in dc1. */
export const here: readonly Preparation[] = [
  instance('a1', '10.0.0.1', {
    Service: 'web',
    Port: 80,
    Tags: ['v1', 'primary'],
    Weights: { Passing: 7, Warning: 3 },
    Meta: { zone: 'z1' },
  }),
  instance(
    'a2',
    '10.0.0.2',
    { Service: 'web', Port: 81, Tags: ['v2'], Weights: { Passing: 7, Warning: 3 } },
    'warning',
  ),
  instance('a3', '10.0.0.3', { Service: 'web', Port: 82, Tags: ['v1'] }, 'critical'),
  instance('a1', '10.0.0.1', {
    Service: 'web-proxy',
    Kind: 'connect-proxy',
    Port: 20_000,
    Proxy: { DestinationServiceName: 'web' },
  }),
  instance('a4', '10.0.0.4', { Service: 'native', Port: 90, Address: '10.8.0.4', Connect: { Native: true } }),
  instance('a4', '10.0.0.4', { Service: 'chain', Port: 91, Address: 'one.example.test' }),
  instance('a4', '10.0.0.4', { Service: 'lost', Port: 92, Address: 'missing.example.test' }),
  instance('a4', '10.0.0.4', { Service: 'wide', Port: 93, Address: 'wide.example.test' }),
  instance('a4', '10.0.0.4', { Service: 'inward', Port: 94, Address: 'web.service.consul' }),
  instance('a4', '10.0.0.4', { Service: 'cache-a', Port: 95 }),
  instance('a4', '10.0.0.4', { Service: 'cache-b', Port: 96 }),
  instance('a4', '10.0.0.4', { Service: 'cold', Port: 97 }, 'critical'),
  instance('a4', '10.0.0.4', { Service: 'zero', Port: 0, Weights: { Passing: 0, Warning: 0 } }, 'warning'),
  instance('a4', '10.0.0.4', { Service: 'light', Port: 1, Weights: { Passing: 9, Warning: 0 } }, 'warning'),
  instance('a4', '10.0.0.4', { Service: 'heavy', Port: 1, Weights: { Passing: 70_000, Warning: 1 } }),
  instance('a4', '10.0.0.4', { Service: 'none', Port: 1, Weights: { Passing: 0, Warning: 3 } }),
  instance('b.with.dots', '10.0.0.5', { Service: 'dotted', Port: 98, Tags: ['a.b', 'a'] }),
  put('/v1/catalog/register', { Node: 'outside', Address: 'one.example.test' }),
  put('/v1/catalog/register', {
    Node: 'meta',
    Address: '10.0.0.6',
    NodeMeta: { ' lead ': 'x', 'a`b': 'y', 'a=b': 'z', 'RFC1035-t': 'bare = text' },
  }),
]

/** What is registered in dc2. */
export const there: readonly Preparation[] = [
  instance('c1', '10.2.0.1', { Service: 'web', Port: 180, Tags: ['v1'] }),
  instance('c2', '10.2.0.2', {
    Service: 'far',
    Port: 181,
    Address: '10.2.9.2',
    TaggedAddresses: { wan: { Address: '198.51.100.2', Port: 1181 } },
  }),
]

function query(body: Readonly<Record<string, unknown>>): Preparation {
  return put('/v1/query', body)
}

/** Prepared queries of dc1. */
export const queries: readonly Preparation[] = [
  query({ Name: 'plain', Service: { Service: 'web' } }),
  query({ Name: 'with.dots', Service: { Service: 'web' } }),
  query({ Name: 'passing', Service: { Service: 'web', OnlyPassing: true } }),
  query({ Name: 'tagged', Service: { Service: 'web', Tags: ['v1', '!v2'] } }),
  query({ Name: 'ttl', Service: { Service: 'web', OnlyPassing: true }, DNS: { TTL: '13s' } }),
  query({ Name: 'none', Service: { Service: 'nobody' } }),
  query({ Name: 'failover', Service: { Service: 'far', Failover: { Datacenters: ['dc2'] } } }),
  query({ Name: 'mesh', Service: { Service: 'web', Connect: true } }),
  query({ Name: 'outward', Service: { Service: 'chain' } }),
  query({ Name: 'byip', Service: { Service: 'web', OnlyPassing: true, Near: '_ip' } }),
  query({
    Name: 'cache-',
    Template: { Type: 'name_prefix_match', Regexp: '^cache-(.*)$' },
    Service: { Service: 'cache-${match(1)}' },
  }),
]

/** What the resolver behind them knows: name and type to records (`type data`); `!` and a code for an error. */
export const upstream: Readonly<Record<string, readonly string[]>> = {
  'www.example.test A': ['A 203.0.113.1', 'A 203.0.113.2'],
  'www.example.test AAAA': ['AAAA 2001:db8::1'],
  'www.example.test TXT': ['TXT hello'],
  'broken.example.test A': ['!2'],
  'refused.example.test A': ['!5'],
  'one.example.test A': ['CNAME two.example.test', 'A 203.0.113.3'],
  'one.example.test AAAA': ['CNAME two.example.test', 'AAAA 2001:db8::3'],
  'wide.example.test A': Array.from({ length: 9 }, (_, i) => `A 203.0.113.${10 + i}`),
  '9.9.9.9.in-addr.arpa PTR': ['PTR nine.example.test'],
}

const asked = (name: string, ...types: readonly string[]): readonly WireQuestion[] =>
  types.map((type) => ({ name, type }))

const plain: readonly WireQuestion[] = [
  ...asked('plain.query.consul', 'A', 'SRV', 'AAAA', 'ANY', 'MX'),
  ...asked('plain.query.dc1.consul', 'A', 'SRV'),
  ...asked('plain.query.dc9.consul', 'A'),
  ...asked('plain.query.dc1.more.consul', 'A'),
  ...asked('with.dots.query.consul', 'A'),
  ...asked('passing.query.consul', 'A', 'SRV'),
  ...asked('PASSING.Query.Consul', 'A'),
  ...asked('tagged.query.consul', 'A', 'SRV'),
  ...asked('ttl.query.consul', 'A', 'SRV', 'AAAA'),
  ...asked('none.query.consul', 'A', 'SRV'),
  ...asked('unknown.query.consul', 'A', 'SRV'),
  ...asked('failover.query.consul', 'A', 'SRV'),
  ...asked('mesh.query.consul', 'A', 'SRV'),
  ...asked('outward.query.consul', 'A'),
  ...asked('cache-a.query.consul', 'A', 'SRV'),
  ...asked('cache-b.query.consul', 'SRV'),
  ...asked('cache-c.query.consul', 'A'),
  ...asked('cache-.query.consul', 'A'),
  ...asked('query.consul', 'A'),
  { name: 'plain.query.consul', type: 'A', transport: 'tcp' },
  { name: 'ttl.query.consul', type: 'A', edns: 4096, subnet: '192.0.2.0/24' },
  { name: 'byip.query.consul', type: 'A', edns: 4096, subnet: '192.0.2.0/24' },
  { name: 'byip.query.consul', type: 'A', edns: 4096, subnet: '2001:db8::/56' },
  { name: 'unknown.query.consul', type: 'A', edns: 4096, subnet: '192.0.2.0/24' },
  { name: 'a1.node.consul', type: 'A', edns: 4096, subnet: '192.0.2.0/24' },
  { name: 'web.service.consul', type: 'A', edns: 4096, subnet: '2001:db8::/56' },

  ...asked('web.connect.consul', 'A', 'SRV', 'AAAA'),
  ...asked('native.connect.consul', 'A', 'SRV'),
  ...asked('v1.web.connect.consul', 'A'),
  ...asked('web-proxy.connect.consul', 'A'),
  ...asked('nobody.connect.consul', 'A', 'SRV'),
  ...asked('web.connect.dc2.consul', 'A'),
  ...asked('connect.consul', 'A'),
  ...asked('web.ingress.consul', 'A', 'SRV'),
  ...asked('web.virtual.consul', 'A', 'AAAA'),

  ...asked('web.service.dc2.consul', 'A', 'SRV'),
  ...asked('far.service.dc2.consul', 'A', 'SRV'),
  ...asked('v1.web.service.dc2.consul', 'A', 'SRV'),
  ...asked('v2.web.service.dc2.consul', 'A'),
  ...asked('_web._tcp.service.dc2.consul', 'SRV'),
  ...asked('_web._v1.dc2.consul', 'SRV'),
  ...asked('c1.node.dc2.consul', 'A', 'AAAA', 'TXT'),
  ...asked('c1.node.consul', 'A'),
  ...asked('a1.node.dc2.consul', 'A'),
  ...asked('1.0.2.10.in-addr.arpa', 'PTR'),
  ...asked('1.0.0.10.in-addr.arpa', 'PTR'),
  ...asked('4.0.8.10.in-addr.arpa', 'PTR'),
  ...asked('0a020001.addr.dc2.consul', 'A'),

  ...asked('web.service.consul', 'A', 'SRV', 'ANY'),
  ...asked('WEB.SERVICE.CONSUL', 'A', 'SRV'),
  ...asked('V1.Web.service.consul', 'A'),
  ...asked('a.b.dotted.service.consul', 'A', 'SRV'),
  ...asked('_dotted._a.service.consul', 'SRV'),
  ...asked('_dotted._a.b.service.consul', 'SRV'),
  ...asked('_web.service.consul', 'A'),
  ...asked('_web._tcp._x.service.consul', 'SRV'),
  ...asked('b.with.dots.node.consul', 'A', 'SRV'),
  ...asked('cold.service.consul', 'A', 'SRV'),
  ...asked('zero.service.consul', 'SRV'),
  ...asked('light.service.consul', 'SRV'),
  ...asked('heavy.service.consul', 'SRV'),
  ...asked('none.service.consul', 'SRV'),
  ...asked('meta.node.consul', 'TXT', 'A', 'ANY'),
  ...asked('consul', 'SOA'),
  ...asked('dc1.consul', 'A'),
  ...asked('service.service.consul', 'A'),

  ...asked('chain.service.consul', 'A', 'AAAA', 'SRV'),
  ...asked('lost.service.consul', 'A', 'SRV'),
  ...asked('wide.service.consul', 'A', 'SRV'),
  { name: 'wide.service.consul', type: 'A', edns: 4096 },
  { name: 'wide.service.consul', type: 'A', transport: 'tcp' },
  ...asked('inward.service.consul', 'A', 'SRV'),
  ...asked('outside.node.consul', 'A', 'AAAA'),

  ...asked('www.example.test', 'A', 'AAAA', 'TXT', 'MX'),
  ...asked('nobody.example.test', 'A'),
  ...asked('broken.example.test', 'A'),
  ...asked('refused.example.test', 'A'),
  ...asked('9.9.9.9.in-addr.arpa', 'PTR'),
  ...asked('8.8.8.8.in-addr.arpa', 'PTR'),
  { name: 'www.example.test', type: 'A', transport: 'tcp' },
  { name: 'www.example.test', type: 'A', edns: 1232 },
  { name: 'www.example.test', type: 'A', flags: 0 },

  { name: 'a1.node.consul', type: 'A', flags: 0 },
  { name: 'a1.node.consul', type: 'A', flags: 0x0110 },
  { name: 'a1.node.consul', type: 'A', flags: 0x0120 },
  { name: 'a1.node.consul', type: 'A', edns: 1232, isDo: true },
  { name: 'a1.node.consul', type: 'A', edns: 100 },
  { name: 'a1.node.consul', type: 'A', edns: 65_535 },
  { name: 'missing.node.consul', type: 'A', edns: 1232 },
  { name: 'missing.service.consul', type: 'SRV', transport: 'tcp' },
  { name: 'consul', type: 'AXFR', transport: 'tcp' },
  { name: 'consul', type: 'NS', transport: 'tcp' },
]

const a1 = '026131046e6f646506636f6e73756c00'

/** Packets that are no plain question, by what is odd about them. */
const odd: readonly WireQuestion[] = [
  ['operation NOTIFY', `1267210000010000000000000${a1.slice(1)}00010001`],
  ['operation UPDATE', `126729000001000000000000${a1}00010001`],
  ['operation STATUS', `126711000001000000000000${a1}00010001`],
  ['no question', '126701000000000000000000'],
  ['two questions', `126701000002000000000000${a1}00010001${a1}001c0001`],
  ['class CH', `126701000001000000000000${a1}00010003`],
  ['class ANY', `126701000001000000000000${a1}000100ff`],
  [
    'an answer in a question',
    `126701000001000100000000${a1}00010001c00c00010001000000000004${'01'.repeat(4)}`,
  ],
  ['EDNS version 1', `126701000001000000000001${a1}00010001000029100000010000${'0000'}`],
  ['a label of 64 bytes', `12670100000100000000000040${'61'.repeat(64)}00${'00010001'}`],
  ['a name that ends nowhere', '1267010000010000000000000a6162'],
  ['bytes behind the question', `126701000001000000000000${a1}00010001ffffff`],
  ['the flag TC', `126703000001000000000000${a1}00010001`],
].map(([name = '', raw = '']) => ({ name, type: 'raw', raw }))

const translated: readonly WireQuestion[] = [
  ...asked('c1.node.dc2.consul', 'A', 'ANY'),
  ...asked('c1.node.dc2.consul', 'SRV'),
  ...asked('web.service.dc2.consul', 'A', 'SRV'),
  ...asked('far.service.dc2.consul', 'A', 'SRV'),
  ...asked('a1.node.consul', 'A'),
  ...asked('a1.node.dc1.consul', 'A'),
  ...asked('web.service.consul', 'SRV'),
  ...asked('failover.query.consul', 'A', 'SRV'),
]

const tuned: readonly WireQuestion[] = [
  ...asked('web.service.consul', 'A', 'SRV'),
  { name: 'web.service.consul', type: 'SRV', edns: 4096 },
  ...asked('cache-a.service.consul', 'A', 'SRV'),
  ...asked('chain.service.consul', 'A', 'SRV'),
  ...asked('web.connect.consul', 'A', 'SRV'),
  ...asked('plain.query.consul', 'A', 'SRV'),
  ...asked('ttl.query.consul', 'A', 'SRV'),
  ...asked('cache-b.query.consul', 'A'),
  ...asked('native.service.consul', 'A', 'SRV'),
  ...asked('a1.node.consul', 'A', 'SRV'),
  ...asked('missing.service.consul', 'A'),
  ...asked('web.service.second.zone', 'A', 'SRV'),
  ...asked('a1.node.dc1.second.zone', 'A'),
  ...asked('second.zone', 'SOA', 'NS'),
  ...asked('1.0.0.10.in-addr.arpa', 'PTR'),
]

/** The recordings. Every one has `recursors` but the last. */
export const wireVariants: readonly WireVariant[] = [
  { name: 'plain', settings: { recursors: ['STUB'] }, questions: [...plain, ...odd] },
  { name: 'translated', settings: { translate_wan_addrs: true }, questions: translated },
  {
    name: 'tuned',
    settings: {
      alt_domain: 'second.zone.',
      dns_config: {
        node_ttl: '20s',
        service_ttl: { 'cache*': '5s', 'cache-a': '6s', 'c*': '7s', web: '8s' },
        disable_compression: true,
        enable_truncate: true,
        udp_answer_limit: 1,
        only_passing: true,
        soa: { min_ttl: 9 },
      },
    },
    questions: tuned,
  },
]
