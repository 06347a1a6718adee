// `services export` and `services exported-services`, which are newer than the recordings of the reference.
import { describe, expect, test } from 'vitest'
import { run, type Outcome } from './console.ts'

/** An agent that keeps one entry; each of the first writes is lost to somebody else's. */
class Keeper {
  entry: Record<string, unknown> | null = null
  index = 0
  writes = 0
  losses = 0

  readonly answer = (method: string, url: URL, body: string): Response => {
    if (method === 'GET') {
      if (this.entry === null) return new Response('Config entry not found', { status: 404 })
      return Response.json({ ...this.entry, CreateIndex: 1, ModifyIndex: this.index })
    }
    this.writes++
    if (this.losses-- > 0) {
      this.put({
        Kind: 'exported-services',
        Name: 'default',
        Services: [exported(`other${this.losses}`, 'x')],
      })
    }
    const applies = url.searchParams.get('cas') === String(this.index)
    if (applies) this.put(JSON.parse(body) as Record<string, unknown>)
    return Response.json(applies)
  }

  put(entry: Record<string, unknown>): void {
    this.entry = entry
    this.index++
  }
}

function exported(Name: string, ...peers: readonly string[]): unknown {
  return { Name, Consumers: peers.map((Peer) => ({ Peer })) }
}

function exporting(keeper: Keeper, ...args: readonly string[]): Promise<Outcome> {
  return run(['services', 'export', ...args], { answer: keeper.answer })
}

describe('services export', () => {
  test('makes the entry, and says that nobody reads it', async () => {
    const keeper = new Keeper()
    expect(await exporting(keeper, '-name=web', '-consumer-peers=east, west,east')).toEqual({
      code: 0,
      out: 'Successfully exported service "web" to cluster peers "east,west"\n',
      err: 'The export is kept as a configuration entry; there are no peers yet that would read it\n',
    })
    expect(keeper.entry).toEqual({
      Kind: 'exported-services',
      Name: 'default',
      Services: [exported('web', 'east', 'west')],
    })
  })

  test('adds to the entry that is there', async () => {
    const keeper = new Keeper()
    keeper.put({ Services: [exported('db', 'east'), exported('web', 'east')], Meta: { owner: 'me' } })
    expect((await exporting(keeper, '-name=web', '-consumer-peers=west')).code).toBe(0)
    expect((await exporting(keeper, '-name=new', '-consumer-peers=west')).code).toBe(0)
    expect(keeper.entry).toMatchObject({
      Services: [exported('db', 'east'), exported('web', 'east', 'west'), exported('new', 'west')],
      Meta: { owner: 'me' },
    })
  })

  test('changes nothing where all is there', async () => {
    const keeper = new Keeper()
    keeper.put({ Services: [exported('web', 'west', 'east')] })
    const { code, out } = await exporting(keeper, '-name=web', '-consumer-peers=east', '-format=json')
    expect([code, JSON.parse(out)]).toEqual([0, { Service: 'web', Peers: ['east'], Written: false }])
    expect(keeper.writes).toBe(0)
  })

  test('tries again when somebody else wrote meanwhile, and loses nothing of theirs', async () => {
    const keeper = new Keeper()
    keeper.losses = 3
    const { code, out } = await exporting(keeper, '-name=web', '-consumer-peers=east', '-format=json')
    expect([code, JSON.parse(out)]).toMatchObject([0, { Written: true }])
    expect([keeper.writes, keeper.entry]).toMatchObject([
      4,
      { Services: [exported('other0', 'x'), exported('web', 'east')] },
    ])
  })

  test('gives up when that does not end', async () => {
    const keeper = new Keeper()
    keeper.losses = Infinity
    expect(await exporting(keeper, '-name=web', '-consumer-peers=east')).toEqual({
      code: 1,
      out: '',
      err: 'Configuration entry could not be atomically updated, please try again\n',
    })
    expect(keeper.writes).toBe(10)
  })

  test.each([
    [[], 'Missing the required -name flag'],
    [['-consumer-peers=east'], 'Missing the required -name flag'],
    [['-name=web'], 'Missing the required -consumer-peers flag'],
    [
      ['-name=web', '-consumer-partitions=p'],
      'Cannot use -consumer-partitions: partitions are a Consul Enterprise feature',
    ],
  ])('%j is refused before anything is asked', async (args, why) => {
    const answer = (): Response => expect.unreachable('the agent was asked')
    expect(await run(['services', 'export', ...args], { answer })).toEqual({
      code: 1,
      out: '',
      err: `${why}\n`,
    })
  })

  test('tells what the servers refuse', async () => {
    const why = 'Services[0].Consumers[0]: exporting to all peers (wildcard) is not supported'
    const { code, out, err } = await run(['services', 'export', '-name=web', '-consumer-peers=*'], {
      answer: (method) => new Response(why, { status: method === 'GET' ? 404 : 500 }),
    })
    expect([code, out, err]).toEqual([
      1,
      '',
      `Error exporting service "web": Unexpected response code: 500 (${why})\n`,
    ])
  })
})

describe('services exported-services', () => {
  const list = [
    { Service: 'db', Consumers: { Peers: ['east'] } },
    { Service: 'frontend', Consumers: { Peers: ['east', 'west'] } },
  ]

  test('prints a table', async () => {
    const answer = (): Response => Response.json(list)
    expect(await run(['services', 'exported-services'], { answer })).toEqual({
      code: 0,
      out: 'Service   Consumer Peers\ndb        east\nfrontend  east, west\n',
      err: '',
    })
  })

  test('prints JSON, of those that the filter leaves', async () => {
    const answer = (_: string, { pathname, searchParams }: URL): Response =>
      Response.json(pathname === '/v1/exported-services' && searchParams.get('filter') === 'f' ? list : [])
    const args = ['services', 'exported-services', '-format=json', '-filter=f']
    expect(JSON.parse((await run(args, { answer })).out)).toEqual(list)
  })

  test('says that there is none', async () => {
    const answer = (): Response => Response.json([])
    expect(await run(['services', 'exported-services'], { answer })).toEqual({
      code: 0,
      out: '',
      err: 'No exported services found\n',
    })
  })
})
