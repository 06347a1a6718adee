import { expect, test } from 'vitest'
import { run, type Outcome } from './console.ts'

/** Runs `kv put` and tells what was sent. */
async function put(args: readonly string[], stdin = ''): Promise<{ outcome: Outcome; sent: string[] }> {
  const sent: string[] = []
  const outcome = await run(['kv', 'put', ...args], {
    stdin,
    answer: (method, url, body) => {
      sent.push(`${method} ${url.pathname}${url.search} ${body}`)
      return Response.json(true)
    },
  })
  return { outcome, sent }
}

test('put sends the data as it is typed', async () => {
  const { outcome, sent } = await put(['-flags=42', '007', '1e3'])
  expect(outcome).toEqual({ code: 0, out: 'Success! Data written to: 007\n', err: '' })
  expect(sent).toEqual(['PUT /v1/kv/007?flags=42 1e3'])
})

test.each([
  [['k'], ''],
  [['k', '-'], 'piped'],
  [['k', '\\@x'], '\\@x'],
  [['-base64', 'k', 'aGk='], 'hi'],
])('put %j sends %j', async (args, body) => {
  expect((await put(args, 'piped')).sent).toEqual([`PUT /v1/kv/k ${body}`])
})

test.each([
  [[], 'Error! Missing KEY argument'],
  [['a', 'b', 'c'], 'Error! Too many arguments (expected 1 or 2, got 3)'],
  [['-cas', 'k', 'v'], 'Must specify -modify-index with -cas!'],
  [['-acquire', 'k', 'v'], 'Error! Missing -session (required with -acquire and -release)'],
  [['k', '@nosuchfile'], 'Error! Failed to read file: open nosuchfile: no such file or directory'],
  [['-flags=18446744073709551616', 'k'], '-flags cannot be 18446744073709551616: it is at most 2^64-1'],
])('put %j is refused: %s', async (args, message) => {
  expect(await put(args)).toEqual({ outcome: { code: 1, out: '', err: `${message}\n` }, sent: [] })
})

test('put -base64 with something else is refused before anything is sent', async () => {
  const { outcome, sent } = await put(['-base64', 'k', '!!'])
  expect(outcome.err).toMatch(/^Error! Cannot base 64 decode data: /)
  expect(sent).toEqual([])
})

test('a compare-and-set that did not apply is exit code 1', async () => {
  const outcome = await run(['kv', 'put', '-cas', '-modify-index=5', 'k', 'v'], {
    answer: () => Response.json(false),
  })
  expect(outcome).toEqual({ code: 1, out: '', err: 'Error! Did not write to k: CAS failed\n' })
})

const pairs = [
  { Key: 'a', Value: 'djE=', Flags: 0, LockIndex: 0, CreateIndex: 5, ModifyIndex: 6 },
  { Key: 'b', Value: null, Flags: 42, LockIndex: 1, Session: 's', CreateIndex: 7, ModifyIndex: 8 },
]

const store = { answer: (): Response => Response.json(pairs) }

test('get prints the value; -base64 as it came', async () => {
  expect((await run(['kv', 'get', 'a'], store)).out).toBe('v1\n')
  expect((await run(['kv', 'get', '-base64', 'a'], store)).out).toBe('djE=\n')
})

test('get -recurse and -detailed', async () => {
  expect((await run(['kv', 'get', '-recurse'], store)).out).toBe('a:v1\nb:\n')
  expect((await run(['kv', 'get', '-recurse', '-detailed'], store)).out).toBe(
    'CreateIndex      5\nFlags            0\nKey              a\nLockIndex        0\nModifyIndex      6\nSession          -\nValue            v1\n' +
      '\nCreateIndex      7\nFlags            42\nKey              b\nLockIndex        1\nModifyIndex      8\nSession          s\nValue\n',
  )
})

test('get of a key that is not there', async () => {
  const outcome = await run(['kv', 'get', '/x'], { answer: () => new Response('', { status: 404 }) })
  expect(outcome).toEqual({ code: 1, out: '', err: 'Error! No key exists at: x\n' })
})

test('get -keys asks with the separator', async () => {
  const { out } = await run(['kv', 'get', '-keys', 'a/'], {
    answer: (_, url) => {
      expect(url.searchParams.get('separator')).toBe('/')
      return Response.json(['a/b', 'a/c/'])
    },
  })
  expect(out).toBe('a/b\na/c/\n')
})

test.each([
  [['-recurse', 'p'], 'Success! Deleted keys with prefix: p\n'],
  [['k'], 'Success! Deleted key: k\n'],
])('delete %j', async (args, out) => {
  const outcome = await run(['kv', 'delete', ...args], { answer: () => Response.json(true) })
  expect(outcome).toEqual({ code: 0, out, err: '' })
})

test.each([
  [[], 'Error! Missing KEY argument'],
  [['-cas', 'k'], 'Must specify -modify-index with -cas!'],
  [['-modify-index=3', 'k'], 'Cannot specify -modify-index without -cas!'],
])('delete %j is refused: %s', async (args, message) => {
  expect(await run(['kv', 'delete', ...args], store)).toEqual({ code: 1, out: '', err: `${message}\n` })
})

test('a write whose outcome is unknown says so, and what to do', async () => {
  const outcome = await run(['kv', 'put', 'k', 'v'], {
    answer: () =>
      new Response('leadership lost while committing log', {
        status: 500,
        headers: { 'X-Consul-Outcome': 'unknown' },
      }),
  })
  expect(outcome.err).toBe(
    'Error! Failed writing data: Unexpected response code: 500 (leadership lost while committing log); ' +
      'it may have been carried out, or will be: read before you try again\n',
  )
})

test.each([
  [['-ttl=30s', 'k', 'v'], 'ttl=30s'],
  [['-cas', '-modify-index=7', '-acquire', '-session=s', 'k', 'v'], 'cas=7'],
  [['-acquire', '-release', '-session=s', 'k', 'v'], 'acquire=s'],
])('put %j asks for %s', async (args, query) => {
  expect((await put(args)).sent).toEqual([`PUT /v1/kv/k?${query} v`])
})
