import { describe, expect, test } from 'vitest'
import { closest } from '../../../src/cli/suggest.ts'
import { run } from './console.ts'

const flags = ['detailed', 'http-addr', 'stale', 'status', 'token', 'token-file', 'wan']

describe('the name that was meant', () => {
  test.each([
    ['detialed', 'detailed'],
    ['detailled', 'detailed'],
    ['http_addr', 'http-addr'],
    ['HTTP-ADDR', 'http-addr'],
    ['stael', 'stale'],
    ['wna', 'wan'],
    ['tokn', 'token'],
    ['detail', 'detailed'],
  ])('%s: %s', (word, meant) => {
    expect(closest(word, flags)).toBe(meant)
  })

  test.each(['x', '', 'frobnicate', 'sta', 'nothing-like-it'])('%j: none', (word) => {
    expect(closest(word, flags)).toBeNull()
  })
})

test('a flag that is mistyped: the one that was meant stands in the sentence', async () => {
  expect((await run(['members', '-detialed'])).err).toBe(
    'flag provided but not defined: -detialed (did you mean -detailed?); all flags: proconsul members -help\n',
  )
})

test.each([
  [['memebrs'], 'Unknown command "memebrs"; did you mean "proconsul members"?', 127],
  [['kv', 'gte', 'a'], 'Unknown command "gte"; did you mean "proconsul kv get"?', 1],
  [
    ['operator', 'raft', 'list_peer'],
    'Unknown command "list_peer"; did you mean "proconsul operator raft list-peers"?',
    1,
  ],
])('%j: the command that was meant stands below the help', async (args, line, code) => {
  const told = await run(args)
  expect([told.code, told.err.trimEnd().split('\n').at(-1)]).toEqual([code, line])
})

test('nothing is guessed where help was asked for', async () => {
  expect((await run(['memebrs', '-h'])).out).not.toContain('did you mean')
})
