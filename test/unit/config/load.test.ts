import { expect, test } from 'vitest'
import { reloadConfig } from '../../../src/config/load.ts'
import { load, loaded, machine } from './machine.ts'

const client = ['-data-dir', '/d']

test('the documents’ first command line', async () => {
  const args = [
    '-server',
    '-bootstrap-expect',
    '1',
    '-data-dir',
    '/tmp/consul',
    '-node=agent-one',
    '-bind=172.20.20.10',
  ]
  const config = await loaded(args)
  expect(config).toMatchObject({
    nodeName: 'agent-one',
    datacenter: 'dc1',
    server: true,
    bootstrap: true,
    bootstrapExpect: 0,
    dataDir: '/tmp/consul',
    advertise: { lan: '172.20.20.10', wan: '172.20.20.10' },
    leaveOnTerminate: false,
    skipLeaveOnInterrupt: true,
    args,
  })
  expect(config.httpListen).toEqual([{ ip: '127.0.0.1', port: 8500 }])
})

test('the documents’ second command line: a client', async () => {
  const config = await loaded(['-data-dir', '/tmp/consul', '-node=agent-two', '-bind=172.20.20.11'])
  expect(config).toMatchObject({
    server: false,
    bootstrap: false,
    leaveOnTerminate: true,
    skipLeaveOnInterrupt: false,
  })
  expect(config.bind.serfWan).toBeNull()
})

test('-dev: a server in memory', async () => {
  const config = await loaded(['-dev'])
  expect(config).toMatchObject({
    server: true,
    bootstrap: true,
    dev: true,
    dataDir: null,
    advertise: { lan: '127.0.0.1' },
  })
  expect([config.log.level, config.gossipLan.probeIntervalMs, config.enableDebug]).toEqual([
    'debug',
    100,
    true,
  ])
})

test('-dev with -data-dir keeps nothing there, and says so', async () => {
  const config = await loaded(['-dev', '-data-dir=/d'])
  expect(config.dataDir).toBeNull()
  expect(config.warnings).toEqual(['data_dir has no effect with -dev, which keeps everything in memory'])
})

test('defaults are those of the reference', async () => {
  const config = await loaded(client)
  expect(config).toMatchObject({
    nodeName: 'host-1',
    nodeId: null,
    performance: { raftMultiplier: 5, leaveDrainMs: 5000, rpcHoldTimeoutMs: 7000 },
    joinLan: { addresses: [], intervalMs: 30_000, attemptsMax: 0 },
    defaultQueryTimeMs: 300_000,
    maxQueryTimeMs: 600_000,
    warnings: [],
  })
  expect(config.gossipLan).toEqual({
    probeIntervalMs: 1000,
    probeTimeoutMs: 500,
    gossipIntervalMs: 200,
    gossipNodes: 3,
    retransmitMult: 4,
    suspicionMult: 4,
    reapMs: 259_200_000,
  })
  expect(config.gossipWan).toMatchObject({ probeIntervalMs: 5000, suspicionMult: 6 })
  expect(config.limits).toMatchObject({ rpcRate: Infinity, kvValueBytesMax: 524_288 })
  expect(config.dns).toMatchObject({ domain: 'consul.', altDomain: '', udpAnswerLimit: 3, allowStale: true })
})

test('later files win, flags win over files, lists grow with flags first, objects merge', async () => {
  const host = machine({
    '/a.json':
      '{"datacenter": "east", "log_level": "warn", "retry_join": ["a"], "node_meta": {"x": "1", "y": "1"}}',
    '/conf.d/2.json': '{"retry_join": ["c"], "node_meta": {"y": "2"}}',
    '/conf.d/1.json': '{"datacenter": "west", "retry_join": ["b"]}',
  })
  const args = [
    '-retry-join=f',
    '-log-level=error',
    '-node-meta',
    'z:3:4',
    '-config-file=/a.json',
    '-config-dir=/conf.d',
  ]
  const config = await loaded([...client, ...args], host)
  expect(config).toMatchObject({ datacenter: 'west', nodeMeta: { x: '1', y: '2', z: '3:4' } })
  expect(config.joinLan.addresses).toEqual(['f', 'a', 'b', 'c'])
  expect(config.log.level).toBe('error')
  expect(config.files).toEqual(['/a.json', '/conf.d/1.json', '/conf.d/2.json'])
})

test('-join is -retry-join', async () => {
  const config = await loaded([
    ...client,
    '-join=a',
    '-retry-join',
    'b',
    '-retry-max=3',
    '-retry-interval=5s',
  ])
  expect(config.joinLan).toEqual({ addresses: ['a', 'b'], intervalMs: 5000, attemptsMax: 3 })
})

test('a client cannot join the WAN pool at start', async () => {
  expect(await load([...client, '-join-wan=a'])).toEqual([
    'flag -join-wan | start_join_wan is for servers: this agent is a client, and clients are not in the WAN pool',
  ])
})

test('paths are absolute afterwards', async () => {
  const config = await loaded(['-data-dir=../you/./data', '-pid-file=p', '-log-file', 'logs/'])
  expect([config.dataDir, config.pidFile, config.log.file]).toEqual([
    '/home/you/data',
    '/home/me/p',
    '/home/me/logs/proconsul.log',
  ])
})

test('keys in any case, groups in a list of one, null: as the reference reads them', async () => {
  const host = machine({ '/a.json': '{"Server": true, "ports": [{"HTTP": 8555}], "datacenter": null}' })
  expect(await loaded([...client, '-config-file=/a.json'], host)).toMatchObject({
    server: true,
    ports: { http: 8555 },
    datacenter: 'dc1',
  })
})

test('DNS settings', async () => {
  const text =
    '{"domain": "Example.", "dns_config": {"node_ttl": "90s", "service_ttl": {"*": "5s", "web": "1m"}, "soa": {"min_ttl": 7}}}'
  const config = await loaded(
    [
      ...client,
      '-config-file=/a.json',
      '-recursor=8.8.8.8',
      '-recursor',
      '[2001::1]:5353',
      '-recursor=dns.example.com',
      '-recursor=localhost:5353',
      '-alt-domain=alt',
    ],
    machine({ '/a.json': text }),
  )
  expect(config.dns).toMatchObject({
    domain: 'example.',
    altDomain: 'alt.',
    nodeTtlSeconds: 90,
    serviceTtlSeconds: { '*': 5, web: 60 },
    soa: { refresh: 3600, retry: 600, expire: 86_400, minTtl: 7 },
    recursors: ['8.8.8.8:53', '[2001::1]:5353', 'dns.example.com:53', 'localhost:5353'],
  })
})

test('all problems at once, each with its place', async () => {
  const text =
    '{"foo": 1,\n "ports": {"bar": 2,\n  "http": "x", "dns": 99999},\n "server": "yes", "reconnect_timeout": "5"}'
  expect(await load([...client, '-bootstrap', '-config-file=/a.json'], machine({ '/a.json': text }))).toEqual(
    [
      '/a.json:1 | invalid config key foo',
      '/a.json:2 | invalid config key ports.bar',
      '/a.json:3 | ports.http must be a port number, not "x"',
      '/a.json:4 | server must be true or false, not "yes"',
      '/a.json:4 | reconnect_timeout must be a duration in quotes, such as "10s", not "5"',
      "flag -bootstrap | 'bootstrap = true' requires 'server = true' (-server)",
      '/a.json:3: ports.dns | ports.dns cannot be 99999: a port is at most 65535, and -1 means off',
    ],
  )
})

test.each([
  [['-bootstrap-expect=3'], "'bootstrap_expect > 0' requires 'server = true' (-server)"],
  [['-server', '-bootstrap', '-bootstrap-expect=3'], 'mutually exclusive'],
  [['-dev', '-bootstrap-expect=1'], 'cannot be used together with -dev'],
  [['-datacenter='], "The datacenter's name cannot be empty"],
  [['-datacenter=a b'], 'The datacenter\'s name cannot be "a b"; use only [a-z0-9-_]'],
  [['-node='], 'The node name cannot be empty'],
  [['-node-id=x'], 'The node id must be a UUID'],
  [['-log-level=loud'], 'log_level must be trace, debug, info, warn or error, not "loud"'],
  [['-protocol=9'], 'protocol cannot be 9: it must be between 2 and 3'],
  [['-raft-protocol=2'], 'raft_protocol cannot be 2: it must be 3'],
  [['-domain=a..b'], 'domain must be a DNS zone'],
  [['-alt-domain=service.x'], 'alt_domain cannot start with {service,connect,node,query,addr,dc1}'],
  [
    ['-alt-domain=DC7.', '-datacenter=dc7'],
    'alt_domain cannot start with {service,connect,node,query,addr,dc7}',
  ],
  [['-recursor=x y'], 'A recursor must be an IP address or a host name'],
  [['-recursor=0.0.0.0'], 'A recursor must be an address of one machine'],
  [
    ['-node-meta=consul-x:1'],
    'node_meta cannot hold "consul-x": keys that begin with \'consul-\' are reserved',
  ],
  [['-server', '-server-port=-1'], 'ports.server cannot be switched off'],
  [
    ['-retry-join', 'provider=aws tag_key=x'],
    'retry_join cannot find addresses through a cloud provider yet',
  ],
  [['-hcl', 'x = 1'], 'flag -hcl:1 | invalid config key x'],
  [['-config-format=yaml'], '-config-format must be "json" or "hcl", not "yaml"'],
])('%j is refused: %s', async (args, message) => {
  const problems = await load([...client, ...args])
  expect(problems).toEqual([expect.stringContaining(message)])
})

test.each([
  ['encrypt', ['-encrypt', 'pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=']],
  ['ui', ['-ui']],
  ['ports.grpc', ['-grpc-port=8502']],
  ['http_config.allow_write_http_from', ['-allow-write-http-from=10.0.0.0/8']],
  ['serf_lan_allowed_cidrs', ['-serf-lan-allowed-cidrs=10.0.0.0/8']],
])('%s is never silently ignored', async (key, args) => {
  expect(await load([...client, ...args])).toEqual([expect.stringContaining(`${key} (`)])
})

test.each([
  ['{"acl": {"enabled": true}}', 'acl'],
  ['{"connect": {"enabled": true}}', 'connect'],
  ['{"verify_incoming": true}', 'verify_incoming'],
  ['{"tls": {"defaults": {"ca_file": "x"}}}', 'tls'],
  ['{"peering": {"enabled": true}}', 'peering.enabled'],
])('%s is refused until it is supported', async (text, key) => {
  expect(await load([...client, '-config-file=/a.json'], machine({ '/a.json': text }))).toEqual([
    expect.stringMatching(new RegExp(`^/a\\.json:1: ${key} \\| ${key} is not supported yet: `)),
  ])
})

test('what is switched off or changes nothing is accepted', async () => {
  const text = JSON.stringify({
    acl: { enabled: false, default_policy: 'allow' },
    connect: { enabled: false },
    encrypt: '',
    verify_incoming: false,
    services: [],
    tls: { defaults: { ca_file: '' } },
    ports: { grpc: -1, https: -1 },
    disable_update_check: true,
    disable_remote_exec: true,
    limits: { http_max_conns_per_client: 12_000, rpc_max_conns_per_client: 1000 },
    performance: { raft_multiplier: 1 },
    acl_enforce_version_8: false,
  })
  const config = await loaded([...client, '-config-file=/a.json'], machine({ '/a.json': text }))
  expect(config.limits.httpConnectionsPerClientMax).toBe(12_000)
})

test.each([
  [['-config-file=nosuch.json'], {}, 'Cannot open /home/me/nosuch.json: no such file or directory'],
  [['-config-file=/x.json'], { '/x.json': 'denied' }, 'Cannot read /x.json: permission denied'],
  [
    ['-config-file=/x.hcl'],
    { '/x.hcl': 'a = [\n]\n]' },
    '/x.hcl:3:1 | This is not HCL: a key was expected, found "]"',
  ],
  [['-config-file=/x.conf'], { '/x.conf': '' }, 'Cannot tell the format of /x.conf'],
  [['-config-file=/x.json'], { '/x.json': '[]' }, 'The file must hold one JSON object'],
  [
    ['-config-file=/x.json'],
    { '/x.json': '{"a":\n }' },
    '/x.json:2:2 | This is not JSON: a value was expected',
  ],
  [['-data-dir=/file'], { '/file': '' }, 'data_dir /file is not a directory'],
])('%j with %j: %s', async (args, files, message) => {
  expect(await load([...client, ...args], machine(files))).toEqual([expect.stringContaining(message)])
})

test('a directory: other files are skipped with a warning, -config-format reads them all', async () => {
  const host = machine({ '/c/a.json': '{"server": true}', '/c/README': '{"datacenter": "east"}' })
  const skipping = await loaded([...client, '-config-dir=/c'], host)
  expect(skipping.warnings).toEqual(['Skipped /c/README: its name does not end in .json or .hcl'])
  const forced = await loaded([...client, '-config-dir=/c', '-config-format=json'], host)
  expect([forced.datacenter, forced.warnings]).toEqual(['east', []])
})

test.each([
  [2, 'bootstrap_expect is 2: two servers tolerate no failure; use 3 or 5'],
  [4, 'bootstrap_expect is 4: an even number tolerates no more failures than one less'],
])('an odd choice of servers (%i) is a warning', async (expect_, warning) => {
  const config = await loaded([...client, '-server', `-bootstrap-expect=${expect_}`])
  expect([config.bootstrapExpect, config.warnings]).toEqual([expect_, [warning]])
})

test('a node name that DNS cannot find is a warning', async () => {
  expect((await loaded([...client, '-node=a.b'])).warnings).toEqual([expect.stringContaining('"a.b"')])
})

test('a reload reads the same flags and the files as they are now', async () => {
  const running = await loaded(
    [...client, '-log-level=warn', '-config-file=/a.json'],
    machine({ '/a.json': '{}' }),
  )
  const again = await reloadConfig(running, machine({ '/a.json': '{"node_meta": {"x": "1"}}' }))
  expect(again.ok && [again.value.nodeMeta, again.value.log.level]).toEqual([{ x: '1' }, 'warn'])
})
