// `exec` against a key/value store of its own: what is asked for, and what is printed.
import { describe, expect, test } from 'vitest'
import { run, type Outcome } from './console.ts'

const session = 'd4ef1fdf-3b4c-d16b-e3bb-13f5ce17af38'

/** An agent of which the keys appear in steps: each step is what is there when keys are asked for. */
interface FakeAgent {
  readonly requests: string[]
  readonly bodies: Map<string, string>
  answer(method: string, url: URL, body: string): Response | Promise<Response>
}

function fakeAgent(steps: readonly Readonly<Record<string, string>>[]): FakeAgent {
  const requests: string[] = []
  const bodies = new Map<string, string>()
  const kept = new Map<string, string>()
  let step = 0
  const list = (): Response => {
    const [next] = steps.slice(step, step + 1)
    if (next === undefined) return json([...kept.keys()].sort(), step)
    step++
    for (const [name, value] of Object.entries(next)) kept.set(`_rexec/${session}/${name}`, value)
    return json([...kept.keys()].sort(), step)
  }
  return {
    requests,
    bodies,
    answer(method, { pathname, searchParams }, body) {
      requests.push(`${method} ${pathname}`)
      bodies.set(`${method} ${pathname}`, body)
      if (pathname === '/v1/agent/self') return json({ Config: { Datacenter: 'dc1', NodeName: 'n1' } })
      if (pathname === '/v1/session/create') return json({ ID: session })
      if (pathname.startsWith('/v1/event/fire/')) return json({ ID: 'e1' })
      if (method !== 'GET') return json(true)
      if (searchParams.has('keys')) return list()
      const value = kept.get(pathname.slice('/v1/kv/'.length)) ?? ''
      return json([{ Key: pathname, Value: btoa(value), Flags: 0 }])
    },
  }
}

function json(value: unknown, index = 0): Response {
  return Response.json(value, { headers: { 'X-Consul-Index': String(index + 1) } })
}

function exec(agent: FakeAgent, args: readonly string[], stdin = ''): Promise<Outcome> {
  return run(['exec', '-wait=150ms', '-wait-repl=0s', ...args], {
    answer: (method, url, body) => agent.answer(method, url, body),
    stdin,
  })
}

const done = { 'n1/ack': '', 'n1/out/00000': 'a\nb\n', 'n1/exit': '0' }

describe('exec', () => {
  test('prints the output of each node in order, and how many have ended', async () => {
    const agent = fakeAgent([
      { 'n1/ack': '', 'n2/ack': '' },
      { ...done, 'n2/out/00000': 'x', 'n2/out/00001': '' },
      { 'n2/exit': '0' },
    ])
    expect(await exec(agent, ['uptime'])).toEqual({
      code: 0,
      out: [
        '    n1: a\n    n1: b\n    n1:',
        '==> n1: finished with exit code 0',
        '    n2: x',
        '==> n2: finished with exit code 0',
        '2 / 2 node(s) completed / acknowledged\n',
      ].join('\n'),
      err: '',
    })
  })

  test('with a command that failed somewhere exits with 2', async () => {
    const { code, out } = await exec(fakeAgent([{ 'n1/ack': '', 'n1/exit': '3' }]), ['false'])
    expect([code, out]).toEqual([
      2,
      '==> n1: finished with exit code 3\n1 / 1 node(s) completed / acknowledged\n',
    ])
  })

  test('with -verbose says what it does', async () => {
    const { out } = await exec(fakeAgent([done]), ['-verbose', 'uptime'])
    expect(out.replace(/[\d.]+ seconds/, 'N seconds').split('\n')).toEqual([
      `Created remote execution session: ${session}`,
      'Uploaded remote execution spec',
      'Fired remote execution event: e1',
      '==> n1: acknowledged',
      '    n1: a',
      '    n1: b',
      '    n1:',
      '==> n1: finished with exit code 0',
      '1 / 1 node(s) completed / acknowledged',
      'Completed in N seconds',
      '',
    ])
  })

  test('with -format=json prints a document for each thing that happens', async () => {
    const { out } = await exec(fakeAgent([done]), ['-format=json', 'uptime'])
    const documents = out.trimEnd().split('\n')
    expect(documents.map((line): unknown => JSON.parse(line))).toEqual([
      { Node: 'n1', Output: 'a\nb\n' },
      { Node: 'n1', ExitCode: 0 },
      { NodesCompleted: 1, NodesAcknowledged: 1 },
    ])
  })

  test('tells the agents by an event, and takes everything away in the end', async () => {
    const agent = fakeAgent([done])
    await exec(agent, ['-node=n1', 'ls', '-l'])
    const base = `/v1/kv/_rexec/${session}/`
    expect(agent.requests).toEqual([
      'GET /v1/agent/self',
      'PUT /v1/session/create',
      `PUT ${base}job`,
      'PUT /v1/event/fire/_rexec',
      `GET ${base}`,
      `GET ${base}n1/out/00000`,
      `GET ${base}n1/exit`,
      ...agent.requests.slice(7, -2).map(() => `GET ${base}`),
      `PUT /v1/session/destroy/${session}`,
      `DELETE ${base}`,
    ])
    expect(JSON.parse(agent.bodies.get('PUT /v1/session/create') ?? '')).toEqual({
      Name: 'Remote Exec',
      TTL: '15s',
      Behavior: 'delete',
    })
    expect(JSON.parse(agent.bodies.get(`PUT ${base}job`) ?? '')).toEqual({ Command: 'ls -l', Wait: 150e6 })
    expect(agent.bodies.get('PUT /v1/event/fire/_rexec')).toBe(`{"Prefix":"_rexec","Session":"${session}"}`)
  })

  test.each([
    [['-shell=false', 'ls', '-l'], '', { Args: ['ls', '-l'], Wait: 150e6 }],
    [['-'], 'echo s\n', { Script: 'ZWNobyBzCg==', Wait: 150e6 }],
  ])('%j is a job', async (args, stdin, job) => {
    const agent = fakeAgent([done])
    await exec(agent, args, stdin)
    expect(JSON.parse(agent.bodies.get(`PUT /v1/kv/_rexec/${session}/job`) ?? '')).toEqual(job)
  })

  test('uses another prefix', async () => {
    const agent = fakeAgent([])
    await exec(agent, ['-prefix=/jobs/', 'ls'])
    expect(agent.requests).toContain(`PUT /v1/kv/jobs/${session}/job`)
  })

  test('whose session ends early says so', async () => {
    const agent = fakeAgent([])
    const { code, err } = await run(['exec', '-wait-repl=0s', 'ls'], {
      answer: (method, url, body) =>
        method === 'PUT' && url.pathname.endsWith('/job') ? json(false) : agent.answer(method, url, body),
    })
    expect([code, err]).toEqual([1, 'Failed to create job file: the session has ended\n'])
  })
})

describe('rtt', () => {
  const place = (x: number, height = 0): object => ({
    Vec: [x, 0, 0, 0, 0, 0, 0, 0],
    Error: 0.1,
    Adjustment: 0,
    Height: height,
  })
  const answer = (_method: string, { pathname }: URL): Response => {
    if (pathname === '/v1/agent/self') return json({ Config: { Datacenter: 'dc1', NodeName: 'n1' } })
    const nodes = [
      { Node: 'n1', Segment: '', Coord: place(0, 0.001) },
      { Node: 'n2', Segment: '', Coord: place(0.02, 0.0005) },
    ]
    if (pathname === '/v1/coordinate/nodes') return json(nodes)
    return json([
      { Datacenter: 'dc1', AreaID: 'wan', Coordinates: nodes.slice(0, 1) },
      { Datacenter: 'dc2', AreaID: 'wan', Coordinates: nodes.slice(1) },
    ])
  }

  test.each([
    [['n1', 'n2'], 'Estimated n1 <-> n2 rtt: 21.500 ms (using LAN coordinates)'],
    [['n2'], 'Estimated n2 <-> n1 rtt: 21.500 ms (using LAN coordinates)'],
    [['-wan', 'n1.dc1', 'n2.dc2'], 'Estimated n1.dc1 <-> n2.dc2 rtt: 21.500 ms (using WAN coordinates)'],
    [['-wan', 'n2.dc2'], 'Estimated n2.dc2 <-> n1.dc1 rtt: 21.500 ms (using WAN coordinates)'],
  ])('%j', async (args, line) => {
    expect(await run(['rtt', ...args], { answer })).toEqual({ code: 0, out: `${line}\n`, err: '' })
  })

  test('whoever has no coordinate is named', async () => {
    const { code, err } = await run(['rtt', '-wan', 'n1.dc1', 'n1.dc2'], { answer })
    expect([code, err]).toEqual([1, 'Could not find a coordinate for node "n1.dc2"\n'])
  })
})
