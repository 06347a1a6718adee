// `snapshot …`: what is printed, what is in the files, and that nothing half-done is left behind.
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { describeFailure } from '../../../src/cli/failure.ts'
import { ConnectionError } from '../../../src/http/client/connection.ts'
import { archiveOf, stateWith } from '../agent/archive-parts.ts'
import { node, register, service } from '../state/fixtures.ts'
import { run, type Outcome } from './console.ts'

let directory = ''
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'snapshot-cli-'))))
afterEach(() => rmSync(directory, { recursive: true }))

const file = (name: string): string => join(directory, name)
const archive = Buffer.from(await archiveOf(stateWith(3)))
const headers = { 'Content-Type': 'application/x-gzip', 'X-Consul-Index': '3' }

function save(content: Uint8Array, ...flags: readonly string[]): Promise<Outcome> {
  const body = new Uint8Array(content)
  return run(['snapshot', 'save', ...flags, file('a.snap')], {
    answer: () => new Response(body, { headers }),
  })
}

test('save prints the index, and the file is the archive', async () => {
  expect(await save(archive)).toEqual({ code: 0, out: 'Saved and verified snapshot to index 3\n', err: '' })
  expect(readFileSync(file('a.snap'))).toEqual(archive)
  expect(readdirSync(directory)).toEqual(['a.snap'])
})

test('save -format=json prints what inspect says of the file', async () => {
  const { code, out } = await save(archive, '-format=json')
  const { Meta } = JSON.parse((await run(['snapshot', 'inspect', '-format=json', file('a.snap')])).out) as {
    Meta: object
  }
  expect([code, JSON.parse(out)]).toEqual([0, { File: file('a.snap'), ...Meta }])
})

test('what is no good replaces nothing and leaves nothing', async () => {
  writeFileSync(file('a.snap'), 'the old one')
  const outcome = await save(archive.subarray(0, archive.length - 30))
  expect(outcome.code).toBe(1)
  expect(outcome.err).toBe(
    'Error verifying snapshot file: failed to read snapshot file: failed reading snapshot: unexpected EOF\n',
  )
  expect(readFileSync(file('a.snap'), 'utf8')).toBe('the old one')
  expect(readdirSync(directory)).toEqual(['a.snap'])
})

test('a directory that is not there is said so', async () => {
  const outcome = await run(['snapshot', 'save', file('no/a.snap')], {
    answer: () => new Response(archive, { headers }),
  })
  const path = file('no/a.snap.unverified')
  expect(outcome.err).toBe(
    `Error writing unverified snapshot file: open ${path}: no such file or directory\n`,
  )
})

test('what the agent refuses is said in its words', async () => {
  const outcome = await run(['snapshot', 'save', file('a.snap')], {
    answer: () => new Response('No cluster leader', { status: 500 }),
  })
  expect(outcome).toEqual({
    code: 1,
    out: '',
    err: 'Error saving snapshot: Unexpected response code: 500 (No cluster leader)\n',
  })
})

test('-append-filename puts what the agent says of itself before the extension', async () => {
  const self = {
    Config: { Version: '1.2.3', Datacenter: 'dc1', NodeName: 'n1' },
    Stats: { consul: { leader: 'true' } },
  }
  const outcome = await run(['snapshot', 'save', '-append-filename=node,version,status,dc', file('a.snap')], {
    answer: (_method, url) =>
      url.pathname === '/v1/snapshot' ? new Response(archive, { headers }) : Response.json(self),
  })
  expect(outcome.code).toBe(0)
  expect(readdirSync(directory)).toEqual(['a-1.2.3-dc1-n1-leader.snap'])
  const unknown = await run(['snapshot', 'save', '-append-filename=colour', file('a.snap')])
  expect(unknown.code).toBe(1)
})

test('inspect shows types, and keys by the beginning of their names', async () => {
  writeFileSync(file('a.snap'), archive)
  const { code, out } = await run(['snapshot', 'inspect', '-kvdetails', '-kvdepth=1', file('a.snap')])
  expect(code).toBe(0)
  expect(out).toMatch(
    /^ID {11}2-3-0\nSize {9}\d+\nIndex {8}3\nTerm {9}2\nVersion {6}1\n\nType +Count +Size\n/,
  )
  expect(out).toMatch(/\nKVS +3 +\d+B\n/)
  expect(out).toMatch(
    /\nKey Name +Count +Size\n---- +---- +----\nkey +3 +\d+B\n---- +---- +----\nTotal +3 +\d+B\n$/,
  )
})

test('inspect prints JSON with the reference’s names', async () => {
  writeFileSync(file('a.snap'), archive)
  const { out } = await run(['snapshot', 'inspect', '-format=json', file('a.snap')])
  expect(JSON.parse(out)).toMatchObject({
    Meta: { ID: '2-3-0', Index: 3, Term: 2, Version: 1 },
    Stats: expect.arrayContaining([expect.objectContaining({ Name: 'KVS', Count: 3 })]),
    StatsKV: null,
  })
})

test('decode prints each record as a line of JSON', async () => {
  writeFileSync(file('a.snap'), archive)
  const { out } = await run(['snapshot', 'decode', file('a.snap')])
  const lines = out.trimEnd().split('\n')
  const keys = lines.map((line) => JSON.parse(line) as { Type: string; Data: { Key: string; Value: string } })
  const first = keys.find(({ Type }) => Type === 'KVS')
  expect(first?.Data.Key).toBe('key/0')
  expect(Buffer.from(first?.Data.Value ?? '', 'base64').toString()).toBe('value 0 ')
})

test('decode leaves names that users gave as they are', async () => {
  const state = stateWith(1)
  const of = node('n', { taggedAddresses: { lan: '10.0.0.1' }, meta: { zone: 'a' } })
  const taggedAddresses = { lan: { address: '10.0.0.1', port: 80 } }
  const web = service('web', { taggedAddresses, meta: { version: '1' } })
  state.apply(2, register(of, { service: web }), { wallMs: 0 })
  writeFileSync(file('a.snap'), await archiveOf(state))
  const { out } = await run(['snapshot', 'decode', file('a.snap')])
  expect(out).toContain('"TaggedAddresses":{"lan":"10.0.0.1"},"Meta":{"zone":"a"}')
  expect(out).toContain('"TaggedAddresses":{"lan":{"Address":"10.0.0.1","Port":80}},"Meta":{"version":"1"}')
})

test.each(['inspect', 'decode'])('%s says what is wrong with a file', async (command) => {
  writeFileSync(file('a.snap'), 'hello\n')
  const damaged = await run(['snapshot', command, file('a.snap')])
  expect(damaged.err).toBe('Error verifying snapshot: failed to decompress snapshot: unexpected EOF\n')
  const missing = await run(['snapshot', command, '/no/such/file'])
  expect(missing).toMatchObject({
    code: 1,
    err: 'Error opening snapshot file: open /no/such/file: no such file or directory\n',
  })
})

test('restore sends the file', async () => {
  writeFileSync(file('a.snap'), 'pretend')
  const sent: string[] = []
  const outcome = await run(['snapshot', 'restore', file('a.snap')], {
    answer(method, url, body) {
      sent.push(method, url.pathname, body)
      return new Response(null)
    },
  })
  expect(outcome).toEqual({ code: 0, out: 'Restored snapshot\n', err: '' })
  expect(sent).toEqual(['PUT', '/v1/snapshot', 'pretend'])
})

test('restore -format=json', async () => {
  writeFileSync(file('a.snap'), 'pretend')
  const { out } = await run(['snapshot', 'restore', '-format=json', file('a.snap')], {
    answer: () => new Response(null),
  })
  expect(JSON.parse(out)).toEqual({ File: file('a.snap'), Restored: true })
})

test('a file that cannot be read is no reason to ask for an agent', () => {
  expect(describeFailure(new ConnectionError('Cannot read d: is a directory', 'EISDIR', null))).toBe(
    'Cannot read d: is a directory',
  )
})

test.each(['save', 'restore', 'inspect', 'decode'])('%s needs one file', async (command) => {
  expect((await run(['snapshot', command])).err).toBe('Missing FILE argument\n')
  expect((await run(['snapshot', command, 'a', 'b'])).err).toBe('Too many arguments (expected 1, got 2)\n')
})

test('an archive without a key is one too', async () => {
  const state = stateWith(1)
  state.apply(2, { kind: 'kvDeleteTree', prefix: '' }, { wallMs: 0 })
  writeFileSync(file('a.snap'), await archiveOf(state))
  expect(await run(['snapshot', 'inspect', file('a.snap')])).toMatchObject({ code: 0, err: '' })
})
