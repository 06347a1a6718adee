// `kv import` and `kv export`: what is written, in which order, and what is refused before anything is.
import { expect, test } from 'vitest'
import { run, type Outcome } from './console.ts'

async function load(
  args: readonly string[],
  answer: (key: string) => Response = () => Response.json(true),
): Promise<{ outcome: Outcome; sent: string[] }> {
  const sent: string[] = []
  const outcome = await run(['kv', 'import', ...args], {
    answer(_method, url, body) {
      sent.push(`${url.pathname.slice('/v1/kv/'.length)}${url.search}=${body}`)
      return answer(url.pathname)
    },
  })
  return { outcome, sent }
}

test('each entry is written with its flags, below the prefix', async () => {
  const data = '[{"key":"a","flags":18446744073709551615,"value":"MQ=="},{"key":"b","value":""}]'
  const { outcome, sent } = await load(['-prefix=p/', data])
  expect(sent).toEqual(['p/a?flags=18446744073709551615=1', 'p/b='])
  expect(outcome).toEqual({ code: 0, out: 'Imported: p/a\nImported: p/b\n', err: '' })
})

test('a key that comes twice is written in order', async () => {
  const finished: string[] = []
  let isFirst = true
  const data = '[{"key":"a","value":"MQ=="},{"key":"a","value":"Mg=="}]'
  await run(['kv', 'import', data], {
    answer(_method, _url, body) {
      if (!isFirst) expect(finished).toEqual(['1'])
      isFirst = false
      finished.push(body)
      return Response.json(true)
    },
  })
  expect(finished).toEqual(['1', '2'])
})

test('the first failure ends it, with the key that it befell', async () => {
  const entries = Array.from({ length: 40 }, (_, i) => ({ key: `k${i}`, value: '' }))
  const { outcome, sent } = await load([JSON.stringify(entries)], (path) =>
    path.endsWith('/k3') ? new Response('No cluster leader', { status: 500 }) : Response.json(true),
  )
  expect(outcome.err).toBe(
    'Error! Failed writing data for key k3: Unexpected response code: 500 (No cluster leader)\n',
  )
  expect([outcome.code, outcome.out]).toEqual([1, 'Imported: k0\nImported: k1\nImported: k2\n'])
  expect(sent.length).toBeLessThan(40)
})

test.each([
  ['nojson', /^Cannot unmarshal data: /],
  ['{}', /^Cannot unmarshal data: it must be a list of keys/],
  ['[1]', /entry 1 must be an object/],
  ['[{"key":"a"},{"key":5}]', /"key" of entry 2 must be a text/],
  ['[{"key":"a","flags":-3}]', /"flags" of entry 1 must be a number from 0 to 2\^64-1/],
  ['[{"key":"a","flags":18446744073709551616}]', /"flags" of entry 1/],
  ['[{"key":"a","value":"YQ"}]', /^Error base 64 decoding value for key a: /],
  ['[{"key":"b","value":""},{"key":"/a","value":""}]', /Key must not begin with a '\/': \/a/],
])('%s is refused before anything is sent', async (data, message) => {
  const { outcome, sent } = await load([data])
  expect([outcome.code, sent]).toEqual([1, []])
  expect(outcome.err).toMatch(message)
})

test('an export is JSON with tabs, markup escaped as in the reference', async () => {
  const pair = { Key: 'a/<x>', Flags: 0, Value: null, LockIndex: 0, CreateIndex: 1, ModifyIndex: 1 }
  const { out } = await run(['kv', 'export'], { answer: () => Response.json([pair]) })
  expect(out).toBe('[\n\t{\n\t\t"key": "a/\\u003cx\\u003e",\n\t\t"flags": 0,\n\t\t"value": ""\n\t}\n]\n')
})
