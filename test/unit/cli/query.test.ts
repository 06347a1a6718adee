// The commands of prepared queries against the API over a real state.
import { beforeEach, describe, expect, test } from 'vitest'
import { type Ask, asking } from '../http/asking.ts'
import { createStateBackend } from '../http/state-backend.ts'
import { type Outcome, run } from './console.ts'

const id = '00000000-0000-4000-9000-000000000001'
let api: Ask

beforeEach(async () => {
  api = asking(createStateBackend())
  const body =
    '{"Node":"n1","Address":"10.0.0.1","Service":{"Service":"web","Port":80},' +
    '"Check":{"Name":"c","ServiceID":"web","Status":"passing"}}'
  await api('PUT /v1/catalog/register', { body })
})

function query(args: readonly string[], stdin: string = ''): Promise<Outcome> {
  return run(['query', ...args], {
    stdin,
    answer: (method, url, body) => api(`${method} ${url.pathname}${url.search}`, body === '' ? {} : { body }),
  })
}

describe('query', () => {
  test('write creates one, and replaces it under the same ID', async () => {
    const first = await query(['write', '-'], '{"Name":"web","Service":{"Service":"other"}}')
    expect(first).toEqual({ code: 0, out: `${id}\n`, err: '' })
    const template = '"Template":{"Type":"name_prefix_match"}'
    const service = '"Service":{"Service":"web","Failover":{"NearestN":2,"Datacenters":["dc2"]}}'
    const second = await query(['write', '-format=json', '-'], `{"Name":"WEB",${service},${template}}`)
    expect([second.code, JSON.parse(second.out)]).toEqual([0, { ID: id }])
    const { out } = await query(['list'])
    expect(
      out
        .trim()
        .split('\n')
        .map((line) => line.split(/ {2,}/)),
    ).toEqual([
      ['ID', 'Name', 'Service', 'Failover'],
      [id, 'WEB*', 'web', 'nearest 2, dc2'],
    ])
  })

  test('read, explain and execute take a name or an ID', async () => {
    await query(['write', '-'], '{"Name":"web","Service":{"Service":"web"}}')
    for (const name of ['web', 'WEB', id]) {
      expect(JSON.parse((await query(['read', name])).out)).toMatchObject({ ID: id, Name: 'web' })
      expect(JSON.parse((await query(['explain', name])).out)).toMatchObject({ ID: id, Name: 'web' })
      expect((await query(['execute', '-near=n1', '-limit=1', name])).out.trim().split('\n')[1]).toMatch(
        /^n1 +web +10\.0\.0\.1 +80 +dc1$/,
      )
    }
    expect(JSON.parse((await query(['execute', '-format=json', 'web'])).out)).toMatchObject({
      Service: 'web',
    })
  })

  test('execute says when nothing was found', async () => {
    await query(['write', '-'], '{"Name":"none","Service":{"Service":"nothing"}}')
    expect(await query(['execute', 'none'])).toEqual({
      code: 0,
      out: 'No healthy instance of nothing was found\n',
      err: '',
    })
  })

  test('delete takes a name or an ID', async () => {
    for (const name of ['web', '00000000-0000-4000-9000-000000000002']) {
      await query(['write', '-'], '{"Name":"web","Service":{"Service":"web"}}')
      expect(await query(['delete', name])).toEqual({
        code: 0,
        out: `Success! Deleted query: ${name}\n`,
        err: '',
      })
    }
    expect((await query(['list'])).out).toBe('')
  })

  test.each(['read', 'explain', 'execute', 'delete'])('%s of what is not there fails', async (verb) => {
    const { code, err } = await query([verb, 'nobody'])
    expect([code, err]).toEqual([1, 'Error! No query exists with name or ID: nobody\n'])
  })

  test.each([
    ['{"Name":', /^Cannot read the query: -:1:\d+: /],
    ['[]', /^Cannot read the query: - does not hold an object/],
    ['{"Name":"x","Bogus":1}', /unknown field "Bogus"/],
  ])('write refuses %s', async (text, message) => {
    const { code, err } = await query(['write', '-'], text)
    expect(code).toBe(1)
    expect(err).toMatch(message)
  })

  test('write names a file that it cannot read', async () => {
    const { code, err } = await query(['write', '/nowhere/query.json'])
    expect([code, err]).toEqual([
      1,
      'Error! Failed to read file: open /nowhere/query.json: no such file or directory\n',
    ])
  })
})
