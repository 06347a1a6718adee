// What the recorded answers were asked about: the catalog, the settings and the questions. Shared by recorder and test.

/** A registration as both sides understand it. */
export interface Entry {
  readonly node: string
  readonly address: string
  readonly taggedAddresses?: Readonly<Record<string, string>>
  readonly meta?: Readonly<Record<string, string>>
  readonly service?: {
    readonly id?: string
    readonly name: string
    readonly port?: number
    readonly address?: string
    readonly tags?: readonly string[]
    readonly taggedAddresses?: Readonly<Record<string, { readonly address: string; readonly port: number }>>
    readonly weights?: { readonly passing: number; readonly warning: number }
  }
  readonly check?: { readonly id: string; readonly status: 'passing' | 'warning' | 'critical' }
}

/** Settings of one recording, in the reference's names. */
export interface Variant {
  readonly name: string
  readonly settings: Readonly<Record<string, unknown>>
  readonly questions: readonly Question[]
}

/** One question. */
export interface Question {
  readonly name: string
  readonly type: string
  readonly transport?: 'udp' | 'tcp'
  /** EDNS buffer size; absent for none. */
  readonly edns?: number
  readonly class?: string
}

/** Where the recorded server lived; its own registration is part of the catalog. */
export const serverNode: { readonly name: string; readonly ip: string } = {
  name: 'server-1',
  ip: '127.0.92.1',
}

const many: readonly Entry[] = Array.from({ length: 12 }, (_, i) => ({
  node: `n${i + 1}`,
  address: `10.0.1.${i + 1}`,
  service: { name: 'many', port: 1000 + i },
}))

/** What is registered besides the server itself. */
export const catalog: readonly Entry[] = [
  {
    node: 'foo',
    address: '10.0.0.1',
    taggedAddresses: { lan: '10.0.0.1', wan: '198.51.100.1', lan_ipv4: '10.0.0.1', lan_ipv6: 'fd00::1' },
    meta: { rack: 'r1', 'rfc1035-note': 'plain text', equal: 'a=b' },
    service: { name: 'web', port: 80, tags: ['v1', 'primary', 'v1.2'] },
  },
  { node: 'bar', address: '10.0.0.2' },
  {
    node: 'bar',
    address: '10.0.0.2',
    service: {
      name: 'web',
      port: 8080,
      address: '10.1.0.2',
      tags: ['v1'],
      weights: { passing: 5, warning: 2 },
    },
    check: { id: 'web-warn', status: 'warning' },
  },
  { node: 'six', address: 'fd00::6', service: { name: 'web', port: 80, tags: ['v2'] } },
  {
    node: 'dotted.name',
    address: '10.0.0.3',
    service: { name: 'web', port: 80, tags: ['v1'] },
    check: { id: 'web-crit', status: 'critical' },
  },
  {
    node: 'bar',
    address: '10.0.0.2',
    service: { name: 'sick', port: 1 },
    check: { id: 'sick', status: 'critical' },
  },
  { node: 'hosty', address: 'hosty.example.invalid', service: { name: 'onhosty', port: 7 } },
  { node: 'Upper', address: '10.0.0.7', service: { name: 'MixedCase', port: 7 } },
  { node: 'foo', address: '10.0.0.1', service: { name: 'api', port: 81, address: 'api.example.invalid' } },
  { node: 'foo', address: '10.0.0.1', service: { name: 'inner', port: 82, address: 'bar.node.consul' } },
  { node: 'six', address: 'fd00::6', service: { name: 'v6only', port: 83, address: 'fd00::66' } },
  { node: 'foo', address: '10.0.0.1', service: { name: 'self', port: 84, address: 'self.service.consul' } },
  {
    node: 'foo',
    address: '10.0.0.1',
    service: {
      name: 'dual',
      port: 85,
      address: '10.2.0.1',
      taggedAddresses: { lan_ipv6: { address: 'fd00::85', port: 8500 } },
    },
  },
  { node: 'under_score', address: '10.0.0.9', service: { name: 'odd', port: 9 } },
  ...many,
]

const kinds: readonly Question[] = [
  ...['foo', 'bar', 'six', 'dotted.name', 'hosty', 'upper', 'missing', 'under_score'].flatMap((node) =>
    ['A', 'AAAA', 'ANY', 'TXT', 'SRV', 'MX'].map((type) => ({ name: `${node}.node.consul`, type })),
  ),
  { name: 'foo.node.dc1.consul', type: 'A' },
  { name: 'FOO.Node.Consul', type: 'A' },
  { name: 'foo.node.dc9.consul', type: 'A' },
  { name: 'foo.node.dc1.extra.consul', type: 'A' },
  { name: 'foo.dc1.node.consul', type: 'A' },
  { name: 'node.consul', type: 'A' },
  ...[
    'web',
    'sick',
    'missing',
    'onhosty',
    'mixedcase',
    'api',
    'inner',
    'v6only',
    'self',
    'dual',
    'odd',
  ].flatMap((service) =>
    ['A', 'AAAA', 'ANY', 'SRV', 'TXT', 'MX', 'CNAME'].map((type) => ({
      name: `${service}.service.consul`,
      type,
      edns: 4096,
    })),
  ),
  { name: 'web.service.dc1.consul', type: 'A' },
  { name: 'web.service.dc9.consul', type: 'A' },
  { name: 'web.service.dc9.consul', type: 'SRV' },
  { name: 'web.service.dc1.more.consul', type: 'A' },
  { name: 'v1.web.service.consul', type: 'A' },
  { name: 'V1.web.service.consul', type: 'SRV' },
  { name: 'v2.web.service.consul', type: 'A' },
  { name: 'v1.2.web.service.consul', type: 'SRV' },
  { name: 'v9.web.service.consul', type: 'A' },
  { name: '_web._tcp.service.consul', type: 'SRV' },
  { name: '_web._tcp.service.consul', type: 'A' },
  { name: '_web._v1.service.consul', type: 'SRV' },
  { name: '_web._udp.service.consul', type: 'SRV' },
  { name: '_web._tcp.consul', type: 'SRV' },
  { name: '_web._tcp.consul', type: 'A' },
  { name: '_web._tcp.dc1.consul', type: 'SRV' },
  { name: '_web.service.consul', type: 'SRV' },
  { name: 'service.consul', type: 'A' },
  { name: 'consul.service.consul', type: 'A' },
  { name: 'consul.service.consul', type: 'SRV' },
  { name: 'many.service.consul', type: 'A' },
  { name: 'many.service.consul', type: 'SRV' },
  { name: 'many.service.consul', type: 'A', edns: 512 },
  { name: 'many.service.consul', type: 'A', edns: 1232 },
  { name: 'many.service.consul', type: 'A', edns: 4096 },
  { name: 'many.service.consul', type: 'SRV', edns: 4096 },
  { name: 'many.service.consul', type: 'A', transport: 'tcp' },
  { name: 'many.service.consul', type: 'SRV', transport: 'tcp' },
  { name: '0a000001.addr.consul', type: 'A' },
  { name: '0a000001.addr.consul', type: 'AAAA' },
  { name: '0a000001.addr.consul', type: 'ANY' },
  { name: '0A0000FF.addr.dc1.consul', type: 'A' },
  { name: '0a000001.addr.dc9.consul', type: 'A' },
  { name: 'fd000000000000000000000000000006.addr.consul', type: 'AAAA' },
  { name: 'fd000000000000000000000000000006.addr.consul', type: 'A' },
  { name: '0a0000.addr.consul', type: 'A' },
  { name: 'zz000001.addr.consul', type: 'A' },
  { name: 'x.0a000001.addr.consul', type: 'A' },
  { name: 'consul', type: 'SOA' },
  { name: 'consul', type: 'NS' },
  { name: 'consul', type: 'A' },
  { name: 'consul', type: 'ANY' },
  { name: 'foo.node.consul', type: 'SOA' },
  { name: 'anything.at.all.consul', type: 'NS' },
  { name: 'anything.at.all.consul', type: 'A' },
  { name: 'ns.consul', type: 'A' },
  { name: '1.0.0.10.in-addr.arpa', type: 'PTR' },
  { name: '2.0.1.10.in-addr.arpa', type: 'PTR' },
  { name: '2.0.1.10.in-addr.arpa', type: 'A' },
  { name: '9.9.9.10.in-addr.arpa', type: 'PTR' },
  { name: '0.10.in-addr.arpa', type: 'PTR' },
  { name: 'junk.in-addr.arpa', type: 'PTR' },
  { name: '6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa', type: 'PTR' },
  { name: '6.6.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.d.f.ip6.arpa', type: 'PTR' },
  { name: 'example.com', type: 'A' },
  { name: '.', type: 'NS' },
  { name: 'foo.node.consul', type: 'AXFR' },
  { name: 'q.query.consul', type: 'A' },
  { name: 'web.connect.consul', type: 'A' },
  { name: 'web.ingress.consul', type: 'A' },
  { name: 'web.virtual.consul', type: 'A' },
  { name: 'foo.node.consul', type: 'A', edns: 1232 },
  { name: 'foo.node.consul', type: 'A', transport: 'tcp' },
]

const tuned: readonly Question[] = [
  { name: 'foo.node.consul', type: 'A' },
  { name: 'foo.node.consul', type: 'TXT' },
  { name: 'missing.node.consul', type: 'A' },
  { name: 'web.service.consul', type: 'A', edns: 4096 },
  { name: 'web.service.consul', type: 'SRV', edns: 4096 },
  { name: 'web.service.consul', type: 'MX', edns: 4096 },
  { name: 'web.service.other', type: 'SRV', edns: 4096 },
  { name: 'foo.node.other', type: 'A' },
  { name: 'other', type: 'SOA' },
  { name: 'many.service.consul', type: 'A' },
  { name: 'many.service.consul', type: 'A', edns: 4096 },
  { name: 'many.service.consul', type: 'SRV' },
  { name: 'many.service.consul', type: 'SRV', edns: 4096 },
  { name: 'many.service.consul', type: 'A', transport: 'tcp' },
  { name: 'many.service.consul', type: 'SRV', transport: 'tcp' },
  { name: 'inner.service.consul', type: 'SRV', edns: 4096 },
  { name: 'self.service.consul', type: 'A', edns: 4096 },
  { name: '0a000001.addr.consul', type: 'A' },
  { name: 'consul', type: 'SOA' },
  { name: 'consul', type: 'NS' },
  { name: '1.0.0.10.in-addr.arpa', type: 'PTR' },
]

/** The recordings. */
export const variants: readonly Variant[] = [
  { name: 'default', settings: {}, questions: kinds },
  {
    name: 'tuned',
    settings: {
      alt_domain: 'other.',
      dns_config: {
        enable_truncate: true,
        only_passing: true,
        node_ttl: '30s',
        service_ttl: { web: '10s', 'm*': '7s', '*': '5s' },
        udp_answer_limit: 5,
        a_record_limit: 4,
        enable_additional_node_meta_txt: false,
        soa: { refresh: 1, retry: 2, expire: 3, min_ttl: 4 },
      },
    },
    questions: tuned,
  },
]
