import { expect, test } from 'vitest'
import { run } from './console.ts'

const servers = [
  {
    Name: 'b',
    Addr: '10.0.0.2',
    Port: 8301,
    Status: 4,
    Tags: { role: 'node', dc: 'dc1', vsn: '2', build: '0.1.0:abc' },
  },
  {
    Name: 'a',
    Addr: 'fd00::1',
    Port: 8301,
    Status: 1,
    Tags: { role: 'consul', dc: 'dc1', vsn: '2', build: '0.1.0:' },
  },
]

const members = { answer: (): Response => Response.json(servers) }

test('members: servers first, sorted by name, with the columns of the newest reference', async () => {
  const { code, out } = await run(['members'], members)
  expect(code).toBe(0)
  expect(out).toBe(
    'Node  Address         Status  Type    Build  Protocol  DC   Partition  Segment\n' +
      'a     [fd00::1]:8301  alive   server  0.1.0  2         dc1  default    <all>\n' +
      'b     10.0.0.2:8301   failed  client  0.1.0  2         dc1  default    <default>\n',
  )
})

test('members -detailed: tags sorted', async () => {
  const { out } = await run(['members', '-detailed'], members)
  expect(out).toBe(
    'Node  Address         Status  Tags\n' +
      'a     [fd00::1]:8301  alive   build=0.1.0:,dc=dc1,role=consul,segment=<all>,vsn=2\n' +
      'b     10.0.0.2:8301   failed  build=0.1.0:abc,dc=dc1,role=node,segment=<default>,vsn=2\n',
  )
})

test('members -status keeps what matches; nothing left is exit code 2', async () => {
  expect((await run(['members', '-status=fail'], members)).out).not.toContain('fd00')
  expect(await run(['members', '-status=^left$'], members)).toEqual({ code: 2, out: '', err: '' })
})

test('members -status with a broken pattern says so', async () => {
  const { code, err } = await run(['members', '-status=('], members)
  expect(code).toBe(1)
  expect(err).toMatch(/^Failed to compile status regexp: /)
})

test('members on a terminal: the status is coloured', async () => {
  const { out } = await run(['members'], { ...members, isTerminal: true })
  expect(out).toContain('\u001b[31mfailed\u001b[0m')
})

test('members -format=json prints what the agent said', async () => {
  const { out } = await run(['members', '-format=json'], members)
  expect(JSON.parse(out)).toEqual(servers.toReversed())
})

test('members -wan asks for the other pool', async () => {
  const asked: string[] = []
  await run(['members', '-wan'], {
    answer: (_, url) => {
      asked.push(url.pathname + url.search)
      return Response.json([])
    },
  })
  expect(asked).toEqual(['/v1/agent/members?wan=1&segment=_all'])
})

test('nobody listens: what was asked, where, why, and what to do', async () => {
  expect(await run(['members'])).toEqual({
    code: 1,
    out: '',
    err: 'Error retrieving members: Get "http://127.0.0.1:8500/v1/agent/members?segment=_all": dial tcp 127.0.0.1:8500: connect: connection refused; is an agent running there? Start one, or name its address with -http-addr or CONSUL_HTTP_ADDR\n',
  })
})

test('join: one of two addresses is enough, the other is told', async () => {
  const outcome = await run(['join', 'bad', 'good'], {
    answer: (_, url) =>
      url.pathname.endsWith('bad') ? new Response('no route', { status: 500 }) : new Response(),
  })
  expect(outcome).toEqual({
    code: 0,
    out: 'Successfully joined cluster by contacting 1 nodes.\n',
    err: "Error joining address 'bad': Unexpected response code: 500 (no route)\n",
  })
})

test('join: none of them', async () => {
  const outcome = await run(['join', 'bad'], { answer: () => new Response('no route', { status: 500 }) })
  expect(outcome.code).toBe(1)
  expect(outcome.err).toMatch(/\nFailed to join any nodes\.\n$/)
})

test('the environment names address and token; flags count more', async () => {
  const asked: string[] = []
  const around = {
    env: { CONSUL_HTTP_ADDR: '10.1.1.1:80', CONSUL_HTTP_TOKEN: 'from-env', CONSUL_HTTP_AUTH: 'user:pass' },
    answer: (_: string, url: URL, __: string, headers: Headers): Response => {
      asked.push(`${url.host} ${headers.get('X-Consul-Token') ?? ''} ${headers.get('Authorization') ?? ''}`)
      return new Response()
    },
  }
  await run(['reload'], around)
  await run(['reload', '-http-addr', 'http://10.2.2.2:81', '-token=from-flag'], around)
  expect(asked).toEqual(['10.1.1.1 from-env Basic dXNlcjpwYXNz', '10.2.2.2:81 from-flag Basic dXNlcjpwYXNz'])
})

test('CONSUL_HTTP_SSL makes it HTTPS, and certificates of one’s own are refused, not ignored', async () => {
  const env = { CONSUL_HTTP_SSL: 'true', CONSUL_CACERT: '/ca.pem' }
  const { code, err } = await run(['reload'], { env })
  expect({ code, err }).toEqual({
    code: 1,
    err: "Cannot use CONSUL_CACERT: certificates of one's own are not supported yet; remove it\n",
  })
})

test('info: sections and keys sorted', async () => {
  const { out } = await run(['info'], {
    answer: () =>
      Response.json({ Stats: { serf_lan: { members: '1', failed: '0' }, agent: { checks: '0' } } }),
  })
  expect(out).toBe('agent:\n\tchecks = 0\nserf_lan:\n\tfailed = 0\n\tmembers = 1\n')
})

test('operator raft list-peers: how far each is behind', async () => {
  const server = { ProtocolVersion: '3', Voter: true }
  const { out } = await run(['operator', 'raft', 'list-peers'], {
    answer: () =>
      Response.json({
        Servers: [
          { ...server, ID: 'i1', Node: 's1', Address: '10.0.0.1:8300', Leader: true, LastIndex: 12 },
          { ...server, ID: 'i2', Node: '(unknown)', Address: '10.0.0.2:8300', Leader: false, LastIndex: 9 },
        ],
        Index: 1,
      }),
  })
  expect(out).toBe(
    'Node       ID  Address        State     Voter  RaftProtocol  Commit Index  Trails Leader By\n' +
      's1         i1  10.0.0.1:8300  leader    true   3             12            -\n' +
      '(unknown)  i2  10.0.0.2:8300  follower  true   3             9             3 commits\n',
  )
})

test('operator raft list-peers -stale of a follower: what it cannot know is not said', async () => {
  const server = { ProtocolVersion: '3', Voter: true }
  const { out } = await run(['operator', 'raft', 'list-peers', '-stale'], {
    answer: () =>
      Response.json({
        Servers: [
          { ...server, ID: 'i1', Node: 's1', Address: '10.0.0.1:8300', Leader: true, LastIndex: 0 },
          { ...server, ID: 'i2', Node: 's2', Address: '10.0.0.2:8300', Leader: false, LastIndex: 9 },
        ],
        Index: 1,
      }),
  })
  expect(out).toBe(
    'Node  ID  Address        State     Voter  RaftProtocol  Commit Index  Trails Leader By\n' +
      's1    i1  10.0.0.1:8300  leader    true   3             -             -\n' +
      's2    i2  10.0.0.2:8300  follower  true   3             9             -\n',
  )
})

test("operator raft list-peers of the reference's servers, which do not say how far they are", async () => {
  const server = { ProtocolVersion: '3', Voter: true }
  const { out } = await run(['operator', 'raft', 'list-peers'], {
    answer: () =>
      Response.json({
        Servers: [
          { ...server, ID: 'i1', Node: 's1', Address: '10.0.0.1:8300', Leader: true },
          { ...server, ID: 'i2', Node: 's2', Address: '10.0.0.2:8300', Leader: false },
        ],
        Index: 1,
      }),
  })
  expect(out).toBe(
    'Node  ID  Address        State     Voter  RaftProtocol  Commit Index  Trails Leader By\n' +
      's1    i1  10.0.0.1:8300  leader    true   3             -             -\n' +
      's2    i2  10.0.0.2:8300  follower  true   3             -             -\n',
  )
})

test('catalog nodes -service shows each node once', async () => {
  const instance = { Node: 'n', ID: '0123456789', Address: '10.0.0.1', Datacenter: 'dc1', NodeMeta: {} }
  const { out } = await run(['catalog', 'nodes', '-service=web', '-node-meta=a=b'], {
    answer: (_, url) => {
      expect(url.searchParams.getAll('node-meta')).toEqual(['a:b'])
      return Response.json([instance, instance])
    },
  })
  expect(out).toBe('Node  ID        Address   DC\nn     01234567  10.0.0.1  dc1\n')
})

test('catalog services -node merges the tags of instances', async () => {
  const { out } = await run(['catalog', 'services', '-node=n', '-tags'], {
    answer: () =>
      Response.json({
        Node: {},
        Services: {
          w1: { Service: 'web', Tags: ['b'] },
          w2: { Service: 'web', Tags: ['a'] },
          d: { Service: 'db' },
        },
      }),
  })
  expect(out).toBe('db\nweb  a,b\n')
})

test('catalog datacenters keeps the order of the answer', async () => {
  const { out } = await run(['catalog', 'datacenters'], { answer: () => Response.json(['dc2', 'dc1']) })
  expect(out).toBe('dc2\ndc1\n')
})

test('keygen: 32 bytes in base64', async () => {
  const { out } = await run(['keygen'])
  expect(atob(out.trim()).length).toBe(32)
})

test('version names the program, its build and the protocol', async () => {
  const { code, out } = await run(['version'])
  expect(code).toBe(0)
  expect(out).toMatch(
    /^Proconsul v\S+\n(Revision \S+\n)?Build Date \S+\nProtocol 2 spoken by default, understands 2 to 3 /,
  )
})

test('monitor copies the stream and says when it ends', async () => {
  const { code, out, err } = await run(['monitor', '-log-level=debug'], {
    answer: (_, url) => {
      expect(url.search).toBe('?loglevel=debug')
      return new Response('line 1\nline 2\n')
    },
  })
  expect({ code, out }).toEqual({ code: 0, out: 'line 1\nline 2\n' })
  expect(err).toMatch(/^Remote side ended the monitor!/)
})

test('monitor says the same when the connection breaks', async () => {
  const { code, out, err } = await run(['monitor'], {
    answer: () => {
      let isTold = false
      const broken = new ReadableStream<Uint8Array>({
        pull(controller) {
          if (isTold) controller.error(new Error('ECONNRESET'))
          else controller.enqueue(new TextEncoder().encode('line 1\n'))
          isTold = true
        },
      })
      return new Response(broken)
    },
  })
  expect({ code, out }).toEqual({ code: 0, out: 'line 1\n' })
  expect(err).toMatch(/^Remote side ended the monitor![^\n]*\n$/)
})

test('CONSUL_HTTP_SSL counts more than http:// in the address', async () => {
  const { err } = await run(['reload'], {
    env: { CONSUL_HTTP_SSL: '1', CONSUL_HTTP_ADDR: 'http://127.0.0.1:1' },
  })
  expect(err).toContain('Put "https://127.0.0.1:1/v1/agent/reload"')
})

test('another namespace is refused, not ignored', async () => {
  expect(await run(['reload'], { env: { CONSUL_NAMESPACE: 'team' } })).toEqual({
    code: 1,
    out: '',
    err: 'Cannot use CONSUL_NAMESPACE=team: there is only the default one; unset the variable\n',
  })
})

test('a token file that is not there', async () => {
  const { code, err } = await run(['reload', '-token-file=/nosuch/token'])
  expect(code).toBe(1)
  expect(err).toMatch(/^Cannot read the token file: .*\/nosuch\/token.*\n$/)
})
