// The session commands: what they ask for, and what they say.
import { expect, test } from 'vitest'
import { run } from './console.ts'

const id = 'd4ef1fdf-3b4c-d16b-e3bb-13f5ce17af38'
const session = {
  ID: id,
  Name: '',
  Node: 'n1',
  LockDelay: 15_000_000_000,
  Behavior: 'release',
  TTL: '',
  NodeChecks: ['serfHealth'],
  ServiceChecks: null,
  CreateIndex: 5,
  ModifyIndex: 5,
}

test('create sends what was given, and nothing else', async () => {
  const bodies: string[] = []
  const flags = [
    '-ttl=30s',
    '-name=x',
    '-behavior=delete',
    '-lock-delay=1s',
    '-node-check=',
    '-service-check=web',
  ]
  for (const args of [[], flags]) {
    const { code, out } = await run(['session', 'create', ...args], {
      answer(_method, _url, body) {
        bodies.push(body)
        return Response.json({ ID: id })
      },
    })
    expect([code, out]).toEqual([0, `${id}\n`])
  }
  expect(bodies.map((body) => JSON.parse(body) as unknown)).toEqual([
    {},
    {
      Name: 'x',
      LockDelay: '1s',
      Behavior: 'delete',
      TTL: '30s',
      NodeChecks: [],
      ServiceChecks: [{ ID: 'web' }],
    },
  ])
})

test.each([
  [['session', 'create', '-behavior=keep'], 'Invalid behavior: keep; it must be release or delete'],
  [['session', 'destroy'], 'The ID of a session must be specified'],
  [['session', 'node'], 'The name of a node must be specified'],
  [['session', 'info', 'a', 'b'], 'Too many arguments (expected 1, got 2)'],
])('%j is refused: %s', async (args, message) => {
  expect(await run(args)).toEqual({ code: 1, out: '', err: `${message}\n` })
})

test('info shows times in words', async () => {
  const { out } = await run(['session', 'info', id], { answer: () => Response.json([session]) })
  expect(out).toMatch(/^LockDelay +15s$/m)
  expect(out).toMatch(/^TTL +-$/m)
})

test.each([
  ['info', () => Response.json([])],
  ['renew', () => new Response(`Session id '${id}' not found`, { status: 404 })],
])('%s of a session that is gone is exit code 1', async (verb, answer) => {
  const outcome = await run(['session', verb, id], { answer })
  expect(outcome).toEqual({ code: 1, out: '', err: `Error! No session exists with ID: ${id}\n` })
})
