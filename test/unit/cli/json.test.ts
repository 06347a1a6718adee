// -format=json: every command has it, and its document is one that a program can read.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { CommandSpec } from '../../../src/cli/command.ts'
import { commands } from '../../../src/cli/commands.ts'
import { flagsOf } from '../../../src/cli/help.ts'
import { run, type Surroundings } from './console.ts'

/** Commands without the flag, and why. */
const exceptions: Readonly<Record<string, string>> = {
  agent: 'runs for long; its log is JSON with -log-json',
  completion: 'prints a script for a shell',
  lock: 'what is printed is what the command under the lock prints',
  monitor: 'shows a log; it is JSON with -log-json',
  'snapshot agent': 'runs for long; what it prints is a log',
  'snapshot decode': 'prints JSON, record by record',
  watch: 'prints JSON, or nothing',
}

const all = commands.filter((spec): spec is CommandSpec => spec.kind === 'command')

test.each(all.map((spec) => [spec.name, spec] as const))('%s takes -format, or need not', (name, spec) => {
  const hasFlag = flagsOf(spec).some((flag) => flag.name === 'format')
  expect(hasFlag, 'either -format or an exception').toBe(exceptions[name] === undefined)
  expect(spec.json !== undefined, 'the fields are documented').toBe(hasFlag)
})

test('no exception is left over', () => {
  const names = new Set(all.map(({ name }) => name))
  expect(Object.keys(exceptions).filter((name) => !names.has(name))).toEqual([])
})

test.each(
  all.filter(({ json }) => json !== undefined).map(({ name, positional }) => [name, positional?.min ?? 0]),
)('%s: a format that does not exist is told before anything is asked', async (name, count) => {
  const args = [...name.split(' '), '-format=xml', ...Array.from({ length: count }, () => 'x')]
  const answer = (): Response => expect.unreachable('the agent was asked')
  expect(await run(args, { answer })).toEqual({
    code: 1,
    out: '',
    err: 'Invalid format: xml; it must be pretty or json\n',
  })
})

/** Runs a command with -format=json; its code, its document, and what it complained of. */
async function json(line: string, around: Surroundings): Promise<readonly [number, unknown, string]> {
  const { code, out, err } = await run(line.split(' '), around)
  return [code, JSON.parse(out), err]
}

describe('what is done', () => {
  test.each<readonly [line: string, answer: unknown, document: unknown]>([
    ['leave', '', { Left: true }],
    ['reload', '', { Reloaded: true }],
    ['force-leave -prune -format=json n1', '', { Node: 'n1', Pruned: true }],
    ['event -name=x', { ID: 'e1', Name: 'x' }, { ID: 'e1', Name: 'x' }],
    ['operator raft remove-peer -id=i1', '', { ID: 'i1', Removed: true }],
    ['operator raft remove-peer -address=10.0.0.1:8300', '', { Address: '10.0.0.1:8300', Removed: true }],
    ['operator raft transfer-leader', { Success: true }, { Success: true }],
    ['operator autopilot set-config -min-quorum=3', true, { Updated: true }],
    [
      'config delete -kind=service-defaults -name=web',
      true,
      { Kind: 'service-defaults', Name: 'web', Deleted: true },
    ],
    [
      'config list -kind=service-defaults',
      [{ Kind: 'service-defaults', Name: 'web' }],
      [{ Kind: 'service-defaults', Name: 'web' }],
    ],
    ['maint -enable', '', { Service: null, Enabled: true }],
    ['maint -disable -service=web', '', { Service: 'web', Enabled: false }],
    ['services register -name=web', '', { Registered: ['web'] }],
    ['services deregister -id=web1', '', { Deregistered: ['web1'] }],
  ])('%s', async (line, answer, document) => {
    const args = line.includes('-format') ? line : `${line} -format=json`
    const around = { answer: () => (answer === '' ? new Response('') : Response.json(answer)) }
    expect(await json(args, around)).toEqual([0, document, ''])
  })

  test('keygen', async () => {
    const [code, document] = await json('keygen -format=json', {})
    expect([code, document]).toEqual([0, { Key: expect.stringMatching(/^[\w+/]{43}=$/) as unknown }])
  })

  test('join: who was joined and who was not', async () => {
    const answer = (_: string, { pathname }: URL): Response =>
      pathname.endsWith('bad') ? new Response('no route', { status: 500 }) : new Response()
    expect(await json('join -format=json bad good', { answer })).toEqual([
      0,
      { Joined: ['good'], Failed: ['bad'] },
      "Error joining address 'bad': Unexpected response code: 500 (no route)\n",
    ])
    const [code, document] = await json('join -format=json bad', { answer })
    expect([code, document]).toEqual([1, { Joined: [], Failed: ['bad'] }])
  })

  test('maint: what is in maintenance', async () => {
    const check = { Node: 'n1', ServiceID: '', Notes: 'disk', CheckID: '_node_maintenance' }
    const ofService = { ...check, ServiceID: 'w', Notes: 'new', CheckID: '_service_maintenance:w' }
    const answer = (_: string, { pathname }: URL): Response =>
      Response.json(pathname.endsWith('/self') ? {} : { a: ofService, b: check })
    const [, document] = await json('maint -format=json', { answer })
    expect(document).toEqual({
      Node: { Name: 'n1', Reason: 'disk' },
      Services: [{ ID: 'w', Reason: 'new' }],
    })
  })

  test('rtt: milliseconds as a number', async () => {
    const Coord = { Vec: [0, 0], Error: 1, Adjustment: 0, Height: 0.00001 }
    const nodes = ['a', 'b'].map((Node) => ({ Node, Segment: '', Coord }))
    const [code, document] = await json('rtt -format=json a b', { answer: () => Response.json(nodes) })
    expect([code, document]).toEqual([0, { Nodes: ['a', 'b'], Pool: 'LAN', RoundTripMs: 0.02 }])
  })
})

describe('what is not done', () => {
  test('a refusal is a document too, and told', async () => {
    expect(
      await json('operator raft transfer-leader -format=json', {
        answer: () => Response.json({ Success: false }),
      }),
    ).toEqual([1, { Success: false }, expect.stringContaining('was not taken over in time')])
  })

  test('services register tells how far it came', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'json-'))
    const file = join(directory, 'two.json')
    writeFileSync(file, '{"services": [{"name": "a"}, {"name": "b"}]}')
    const answer = (_: string, __: URL, body: string): Response =>
      body.includes('"b"') ? new Response('no', { status: 500 }) : new Response()
    const [code, document, err] = await json(`services register -format=json ${file}`, { answer })
    rmSync(directory, { recursive: true })
    expect([code, document]).toEqual([1, { Registered: ['a'] }])
    expect(err).toBe('Error registering service "b": Unexpected response code: 500 (no)\n')
  })

  test('a failure is told in words on standard error, and nothing is printed', async () => {
    const answer = (): Response => new Response('no', { status: 500 })
    expect(await run(['leave', '-format=json'], { answer })).toEqual({
      code: 1,
      out: '',
      err: 'Error leaving: Unexpected response code: 500 (no)\n',
    })
  })
})

describe('validate', () => {
  let directory = ''
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'json-'))
  })
  afterAll(() => rmSync(directory, { recursive: true }))

  test('valid: warnings and keys', async () => {
    const file = join(directory, 'good.json')
    // With an address: without one the interfaces of the machine that the test runs on decide.
    const settings = { node_name: 'n1', data_dir: join(directory, 'data'), bind_addr: '127.0.0.1' }
    writeFileSync(file, JSON.stringify(settings))
    const [code, document] = await json(`validate -format=json -verbose ${file}`, {})
    expect(code).toBe(0)
    expect(document).toMatchObject({
      Valid: true,
      Keys: [
        { Key: 'node_name', Effect: 'honoured', Place: expect.stringContaining('good.json') as unknown },
        {},
        {},
      ],
    })
  })

  test('not valid: problems with their places', async () => {
    const file = join(directory, 'bad.json')
    writeFileSync(file, '{"data_dir": 5, "nosuch": 1}')
    const [code, document, err] = await json(`validate -format=json ${file}`, {})
    expect(code).toBe(1)
    expect(document).toMatchObject({ Valid: false })
    expect(JSON.stringify(document)).toContain('bad.json')
    expect(err).toMatch(/^Config validation failed/)
  })
})
