// Recorded answers of Consul 1.8.7 against ours: status, headers and body, but for the differences listed here
// (and, with their reasons, in docs/compatibility.md). Indexes are compared by their order.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { Kept } from './http-exchange.ts'
import { createReplay, replay } from './http-replay.ts'
import { paritySuites } from './http-requests.ts'
import type { Answer, Exchange, ParityRequest, ParitySuite } from './requests/request.ts'

/** Indexes of the log in bodies; in the order of time they are the same on every agent, in number they are not. */
const indexPattern = /"(CreateIndex|ModifyIndex|Index)":( ?)(\d+)|(current modify index )(\d+)/g

describe.each(paritySuites.map((suite) => [suite.name, suite] as const))('%s', (_name, suite) => {
  const recorded = recordedOf(suite)
  const theirRanks = ranksOf(recorded.map(({ answer }) => answer))
  let ours: readonly Answer[] = []
  let ourRanks: ReadonlyMap<string, number> = new Map()

  beforeAll(async () => {
    ours = await replayed(suite, recorded)
    ourRanks = ranksOf(ours)
  })

  test('the recorded requests are the ones in the table: record again after changing them', () => {
    expect(recorded.map(({ request }) => request)).toEqual(Object.values(suite.files).flat())
  })

  test.each(recorded.map((exchange, i) => [titleOf(exchange, i), i] as const))('%s', (_title, i) => {
    const exchange = recorded[i] as Exchange
    const theirs = ranked(exchange.answer, theirRanks)
    const mine = ranked(ours[i] as Answer, ourRanks)
    const difference = suite.differences?.find(({ matches }) => matches(exchange.request))
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

function recordedOf(suite: ParitySuite): readonly Exchange[] {
  return Object.keys(suite.files).flatMap((name) => {
    const file = join(import.meta.dirname, 'http', `${name}.json`)
    return (JSON.parse(readFileSync(file, 'utf8')) as { readonly exchanges: readonly Exchange[] }).exchanges
  })
}

async function replayed(suite: ParitySuite, recorded: readonly Exchange[]): Promise<readonly Answer[]> {
  const app = createReplay(suite.settings)
  const kept = new Kept(suite)
  const answers: Answer[] = []
  for (const { request } of recorded) answers.push(kept.take(request, await replay(app, kept.fill(request))))
  return answers
}

function titleOf({ request }: { readonly request: ParityRequest }, i: number): string {
  const body = typeof request.body === 'string' ? ` ${request.body.slice(0, 80)}` : ''
  return `${i}: ${request.method} ${request.path}${body}`
}

/** All indexes that appear in answers, by their place in the order. */
function ranksOf(answers: readonly Answer[]): ReadonlyMap<string, number> {
  const seen = new Set<number>()
  for (const { headers, body } of answers) {
    for (const match of body.matchAll(indexPattern)) seen.add(Number(match[3] ?? match[5]))
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
    body: body.replace(indexPattern, (match) => match.replace(/\d+$/, (found) => `#${ranks.get(found)}`)),
  }
}
