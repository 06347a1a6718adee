// Answers to all recorded requests against the shapes that the OpenAPI document gives for them, and the bodies of the
// requests that were taken as well: what is documented is what is served.
import { describe, expect, test } from 'vitest'
import { type Content, type Method, type Route, mediaTypes } from '../../src/http/route.ts'
import { schemas } from '../../src/http/openapi/schemas.ts'
import { endpointsOf, routes } from '../../src/http/routes/table.ts'
import type { Json } from '../../src/model/catalog.ts'
import { violations } from '../unit/http/json-schema.ts'
import { Kept } from './http-exchange.ts'
import { createReplay, replay } from './http-replay.ts'
import { paritySuites } from './http-requests.ts'
import type { Answer, ParityRequest, ParitySuite } from './requests/request.ts'

describe.each(paritySuites.map((suite) => [suite.name, suite] as const))('%s', (_name, suite) => {
  test('every answer has a documented shape, and every body that is taken', async () => {
    const problems: string[] = []
    for (const { request, answer } of await exchanged(suite)) {
      const route = routeOf(request)
      if (route === undefined) continue
      const line = `${request.method} ${request.path} ${JSON.stringify(request.body ?? '')}`.slice(0, 200)
      for (const problem of problemsOf(route, request, answer)) problems.push(`${line}: ${problem}`)
    }
    expect(problems).toEqual([])
  })
})

async function exchanged(
  suite: ParitySuite,
): Promise<readonly { readonly request: ParityRequest; readonly answer: Answer }[]> {
  const app = createReplay(suite.settings)
  const kept = new Kept(suite)
  const exchanges: { request: ParityRequest; answer: Answer }[] = []
  for (const request of Object.values(suite.files).flat()) {
    const filled = kept.fill(request)
    const answer = await replay(app, filled)
    kept.take(request, answer)
    exchanges.push({ request: filled, answer })
  }
  return exchanges
}

function routeOf({ method, path }: ParityRequest): Route | undefined {
  const [bare = ''] = path.split('?')
  const endpoint = endpointsOf(routes).find(({ prefix, suffix, takesName }) =>
    takesName ? bare.startsWith(prefix) && bare.endsWith(suffix) : bare === prefix,
  )
  return endpoint?.byMethod[method as Method]
}

function problemsOf(route: Route, request: ParityRequest, answer: Answer): readonly string[] {
  if (answer.status === 200) return [...bodyProblems(route, request), ...answerProblems(route.answer, answer)]
  const own = route.statuses?.find(({ status }) => status === answer.status)
  if (own === undefined) return everywhere.has(answer.status) ? [] : [`status ${answer.status}`]
  if (own.content === '') return answer.body === '' ? [] : ['a body']
  const { content = 'text' } = own
  const contents = typeof content === 'string' ? [content] : content
  if (own.mediaType === undefined) return answerProblems(contents, answer)
  return unfit(contents, JSON.parse(answer.body) as Json)
}

function bodyProblems({ body }: Route, request: ParityRequest): readonly string[] {
  const sent = typeof request.body === 'string' ? request.body : ''
  if (body === undefined || isLoose(sent)) return []
  return unfit([body], JSON.parse(sent) as Json).map((problem) => `body: ${problem}`)
}

/** Refusals that every endpoint can give; 301 comes before any endpoint. */
const everywhere = new Set([301, 400, 403, 405, 413, 429, 500, 503])

function answerProblems(contents: readonly Content[], answer: Answer): readonly string[] {
  if (contents.length === 0) return answer.body === '' ? [] : ['a body']
  if (answer.headers['content-type'] !== 'application/json') {
    return contents.some((content) => Object.hasOwn(mediaTypes, content)) ? [] : ['no JSON']
  }
  return unfit(contents, JSON.parse(answer.body) as Json)
}

/**
 * Bodies are taken in more forms than are documented: names in other case, null for anything, numbers for bytes, and
 * anything behind the first value.
 */
function isLoose(body: string): boolean {
  return body === '' || /"[a-z]\w*":|null|\[1,2\]|[^\]}]$/.test(body)
}

/** Why a value fits none of the shapes. */
function unfit(contents: readonly Content[], value: Json): readonly string[] {
  const shapes = contents.filter((content) => Object.hasOwn(schemas, content)) as (keyof typeof schemas)[]
  if (shapes.length === 0) return []
  const tried = shapes.map((name) => violations(schemas[name], value, { named: schemas }))
  return tried.some((problems) => problems.length === 0) ? [] : (tried[0] ?? [])
}
