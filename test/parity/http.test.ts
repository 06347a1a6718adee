// Recorded answers of Consul 1.8.7 against ours: status, headers and body, but for the differences listed here
// (and, with their reasons, in docs/compatibility.md). Indexes are compared by their order.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { differenceOf } from './http-differences.ts'
import { createReplay, replay } from './http-replay.ts'
import { type Answer, type Exchange, parityRequests } from './http-requests.ts'

const indexPattern = /"(CreateIndex|ModifyIndex)":( ?)(\d+)/g

const names = Object.keys(parityRequests)

const recorded: readonly Exchange[] = names.flatMap((name) => {
  const file = join(import.meta.dirname, 'http', `${name}.json`)
  return (JSON.parse(readFileSync(file, 'utf8')) as { readonly exchanges: readonly Exchange[] }).exchanges
})

let ours: readonly Answer[] = []
let ourRanks: ReadonlyMap<string, number> = new Map()

const theirRanks = ranksOf(recorded.map(({ answer }) => answer))

beforeAll(async () => {
  const app = createReplay()
  const answers: Answer[] = []
  for (const { request } of recorded) answers.push(await replay(app, request))
  ours = answers
  ourRanks = ranksOf(answers)
})

describe('the recorded requests are the ones in the table', () => {
  test('record again after changing http-requests.ts', () => {
    expect(recorded.map(({ request }) => request)).toEqual(
      names.flatMap((name) => parityRequests[name] ?? []),
    )
  })
})

describe('every answer equals the recorded one', () => {
  test.each(recorded.map((exchange, i) => [titleOf(exchange, i), i] as const))('%s', (_title, i) => {
    const exchange = recorded[i] as Exchange
    const theirs = ranked(exchange.answer, theirRanks)
    const mine = ranked(ours[i] as Answer, ourRanks)
    const difference = differenceOf(exchange.request)
    if (difference === undefined) {
      expect(mine).toEqual(theirs)
      return
    }
    if (difference.undo !== undefined) {
      expect(difference.undo(mine), difference.reason).toEqual(theirs)
      return
    }
    // A listed difference that has gone is to be taken off the list.
    expect(mine, difference.reason).not.toEqual(theirs)
    expect(mine).toMatchObject(difference.ours ?? {})
  })
})

function titleOf({ request }: Exchange, i: number): string {
  const body = typeof request.body === 'string' ? ` ${request.body.slice(0, 80)}` : ''
  return `${i}: ${request.method} ${request.path}${body}`
}

/** All indexes that appear in answers, by their place in the order. */
function ranksOf(answers: readonly Answer[]): ReadonlyMap<string, number> {
  const seen = new Set<number>()
  for (const { headers, body } of answers) {
    for (const [, , , index] of body.matchAll(indexPattern)) seen.add(Number(index))
    const index = headers['x-consul-index']
    if (index !== undefined) seen.add(Number(index))
  }
  return new Map([...seen].toSorted((a, b) => a - b).map((index, rank) => [String(index), rank]))
}

function ranked({ status, headers, body }: Answer, ranks: ReadonlyMap<string, number>): Answer {
  const index = headers['x-consul-index']
  return {
    status,
    headers: index === undefined ? headers : { ...headers, 'x-consul-index': `#${ranks.get(index)}` },
    body: body.replace(indexPattern, (_match, name: string, space: string, found: string) => {
      return `"${name}":${space}#${ranks.get(found)}`
    }),
  }
}
