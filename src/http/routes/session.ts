// `/v1/session/*`: what holds locks.
import { limits } from '../../model/limits.ts'
import type { Query, QueryValue } from '../../model/query.ts'
import { type Session, sessionIdProblem } from '../../model/session.ts'
import { readText } from '../body.ts'
import { Refusal, failedRead, refusalOf, refusedRead, written } from '../errors.ts'
import { quote } from '../json.ts'
import { datacenterOf } from '../read-options.ts'
import { renderSessions } from '../render-session.ts'
import { type Call, type Route, readParameters } from '../route.ts'
import { decodeSession } from '../session-body.ts'
import { metaHeaders, read, requireName } from './reads.ts'

/** The endpoints. */
export const sessionRoutes: readonly Route[] = [
  {
    method: 'PUT',
    path: '/v1/session/create',
    summary: 'Creates a session, by default one that ends when the node of this agent fails',
    parameters: ['dc'],
    body: 'SessionRequest',
    answer: ['SessionId'],
    handler: create,
  },
  {
    method: 'PUT',
    path: '/v1/session/destroy/:session',
    summary: 'Ends a session; its locks are released, or their keys deleted',
    parameters: ['dc'],
    answer: ['Applied'],
    handler: destroy,
  },
  {
    method: 'GET',
    path: '/v1/session/info/:session',
    summary: 'A session as a list of one, `[]` if there is none of this ID',
    parameters: readParameters,
    answer: ['Sessions'],
    handler: info,
  },
  {
    method: 'GET',
    path: '/v1/session/node/:node',
    summary: 'Sessions of a node',
    parameters: readParameters,
    answer: ['Sessions'],
    handler: (call) =>
      answerSessions(call, { kind: 'sessionsOfNode', node: requireName(call, 'Missing node name') }, asIs),
  },
  {
    method: 'GET',
    path: '/v1/session/list',
    summary: 'All sessions',
    parameters: readParameters,
    answer: ['Sessions'],
    handler: (call) => answerSessions(call, { kind: 'sessions' }, asIs),
  },
  {
    method: 'PUT',
    path: '/v1/session/renew/:session',
    summary: 'Begins the TTL of a session anew; 404 if there is none of this ID',
    parameters: ['dc'],
    answer: ['Sessions'],
    statuses: [{ status: 404, meaning: 'There is no such session.' }],
    handler: renew,
  },
]

async function create(call: Call): Promise<Response> {
  const body = await readText(call.request, limits.bodyBytesMax)
  const { backend } = call
  const session = decodeSession(body, {
    id: backend.newId(),
    node: backend.nodeName,
    ttlMinMs: backend.sessionTtlMinMs,
  })
  written(await backend.write({ kind: 'sessionCreate', session }, datacenterOf(call)))
  return call.reply.json(call, `{"ID":${quote(session.id)}}`)
}

async function destroy(call: Call): Promise<Response> {
  const id = requireSession(call)
  written(await call.backend.write({ kind: 'sessionDestroy', id }, datacenterOf(call)))
  return call.reply.json(call, 'true')
}

async function info(call: Call): Promise<Response> {
  const id = requireName(call, 'Missing session')
  const problem = sessionIdProblem(id)
  if (problem !== null) throw new Refusal(500, problem, failedRead)
  return await answerSessions(call, { kind: 'session', id }, (session) => (session === null ? [] : [session]))
}

async function renew(call: Call): Promise<Response> {
  const id = requireSession(call)
  const action = { kind: 'renewSession', id } as const
  const result = await call.backend.act(action, datacenterOf(call), 'default', call.request.signal)
  if (!result.ok) throw refusalOf(result.error)
  if (result.value === null) throw new Refusal(404, `Session id '${id}' not found`)
  return call.reply.json(call, renderSessions([result.value]))
}

async function answerSessions<Q extends Query>(
  call: Call,
  query: Q,
  listOf: (value: QueryValue<Q['kind']>) => readonly Session[],
): Promise<Response> {
  const result = await read(call, query)
  if (!result.ok) throw refusedRead(result.error)
  const headers = metaHeaders(result.value)
  return call.reply.json(call, renderSessions(listOf(result.value.value)), { headers })
}

function asIs(sessions: readonly Session[]): readonly Session[] {
  return sessions
}

/** The session that the path names. Throws Refusal if it cannot be one. */
function requireSession(call: Call): string {
  const id = requireName(call, 'Missing session')
  const problem = sessionIdProblem(id)
  if (problem !== null) throw new Refusal(500, problem)
  return id
}
