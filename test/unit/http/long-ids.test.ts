// IDs that no URL could name are refused where they would begin to exist, and nowhere else.
import { describe, expect, test } from 'vitest'
import { idBytesMax } from '../../../src/definition/rules.ts'
import { asking } from './asking.ts'
import { createStateBackend } from './state-backend.ts'

/** As many bytes as an ID may have; `é` has two. */
const longest = 'é'.repeat(idBytesMax / 2)
const tooLong = `${longest}x`
const node = { Node: 'n', Address: '10.0.0.1' }
const sentence = (what: string): string =>
  `${what} ID is too long (${idBytesMax + 1} bytes, limit: ${idBytesMax})`

describe('an ID that is too long', () => {
  test.each<readonly [string, string, (id: string) => unknown, string]>([
    ['a service of the agent', 'PUT /v1/agent/service/register', (ID) => ({ ID, Name: 'web' }), 'Service'],
    ['a name that is the ID', 'PUT /v1/agent/service/register', (Name) => ({ Name }), 'Service'],
    [
      'a check of a service',
      'PUT /v1/agent/service/register',
      (CheckID) => ({ Name: 'web', Check: { CheckID, TTL: '9s' } }),
      'Invalid check: Check',
    ],
    [
      'a check of the agent',
      'PUT /v1/agent/check/register',
      (ID) => ({ ID, Name: 'c', TTL: '9s' }),
      'Invalid check: Check',
    ],
    [
      'a check by its name',
      'PUT /v1/agent/check/register',
      (Name) => ({ Name, TTL: '9s' }),
      'Invalid check: Check',
    ],
    [
      'a service of the catalog',
      'PUT /v1/catalog/register',
      (ID) => ({ ...node, Service: { ID, Service: 'web' } }),
      'Bad request: Service',
    ],
    [
      'a check of the catalog',
      'PUT /v1/catalog/register',
      (CheckID) => ({ ...node, Check: { CheckID, Name: 'c' } }),
      'Bad request: Check',
    ],
  ])('%s: refused, and what is one byte shorter is not', async (_, call, bodyOf, what) => {
    const ask = asking(createStateBackend())
    const refused = await ask(call, { body: JSON.stringify(bodyOf(tooLong)) })
    expect([refused.status, await refused.text()]).toEqual([400, sentence(what)])
    expect((await ask(call, { body: JSON.stringify(bodyOf(longest)) })).status).toBe(200)
  })

  test('in a transaction: refused where it is written, not where it is deleted', async () => {
    const ask = asking(createStateBackend())
    const send = async (Verb: string): Promise<readonly [number, string]> => {
      const Service = { Verb, Node: 'n', Service: { ID: tooLong, Service: 'web' } }
      const response = await ask('PUT /v1/txn', { body: JSON.stringify([{ Service }]) })
      return [response.status, await response.text()]
    }
    expect((await send('set'))[1]).toContain(sentence('Service'))
    expect((await send('delete'))[1]).not.toContain('too long')
  })
})
