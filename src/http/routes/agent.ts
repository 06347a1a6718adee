// `/v1/agent/*`: the agent that is asked, itself. No datacenter: these are never forwarded.
import { buildDate, commit, version } from '../../model/version.ts'
import { memberShape } from '../../filter/catalog-shapes.ts'
import type { RequestError } from '../../model/errors.ts'
import type { MemberView } from '../../model/query.ts'
import type { Result } from '../../lib/result.ts'
import { Refusal, badRequest, refusalOf } from '../errors.ts'
import { type Filtering, eachOf } from '../filters.ts'
import { encodeJson, quote, renderList } from '../json.ts'
import { renderMember } from '../render.ts'
import { endOf, type Call, type Route } from '../route.ts'

/** The endpoints. */
export const agentRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/agent/self',
    summary: 'Configuration, member record and statistics of the agent',
    parameters: [],
    answer: ['AgentSelf'],
    handler: (call) => call.reply.json(call, encodeJson(call.backend.agent.self())),
  },
  {
    method: 'GET',
    path: '/v1/agent/version',
    summary: 'What the agent is built from',
    parameters: [],
    answer: ['AgentVersion'],
    handler: (call) => call.reply.json(call, renderVersion()),
  },
  {
    method: 'GET',
    path: '/v1/agent/members',
    summary: 'Members of a gossip pool as this agent sees them',
    parameters: ['wan', 'segment', 'filter'],
    answer: ['Members'],
    handler: members,
  },
  {
    method: 'PUT',
    path: '/v1/agent/join/:address',
    summary: 'Joins a cluster through one address',
    parameters: ['wan'],
    answer: [],
    handler: (call) => {
      const pool = call.query.get('wan') === '' ? 'lan' : 'wan'
      return done(call, call.backend.agent.join(call.name, pool))
    },
  },
  {
    method: 'PUT',
    path: '/v1/agent/leave',
    summary:
      'Leaves the cluster gracefully and stops the agent; refused for a server without which the others could not decide anything',
    parameters: ['force'],
    answer: [],
    handler: (call) => done(call, call.backend.agent.leave(call.query.has('force'))),
  },
  {
    method: 'PUT',
    path: '/v1/agent/force-leave/:node',
    summary: 'Declares a failed member left',
    parameters: ['prune', 'wan'],
    answer: [],
    handler: (call) => {
      const options = { prune: call.query.has('prune'), wan: call.query.has('wan') }
      return done(call, call.backend.agent.forceLeave(call.name, options))
    },
  },
  {
    method: 'PUT',
    path: '/v1/agent/reload',
    summary: 'Reads the configuration files again',
    parameters: [],
    answer: [],
    handler: (call) => done(call, call.backend.agent.reload()),
  },
  {
    method: 'GET',
    path: '/v1/agent/metrics',
    summary: 'Metrics of the last interval',
    parameters: ['format'],
    answer: ['Metrics', 'text'],
    statuses: [{ status: 415, meaning: 'Prometheus’ format is not switched on.' }],
    handler: metrics,
  },
  {
    method: 'GET',
    path: '/v1/agent/metrics/stream',
    summary: 'Metrics of each interval, a line of JSON each, until the client goes',
    parameters: [],
    answer: ['bytes'],
    handler: (call) => call.reply.body(call.backend.agent.metricsStream(endOf(call)), {}),
  },
  {
    method: 'GET',
    path: '/v1/agent/monitor',
    summary: 'Log lines as they are written, until the client goes',
    parameters: ['loglevel', 'logjson'],
    answer: ['bytes'],
    handler: monitor,
  },
]

function renderVersion(): string {
  return (
    `{"SHA":${quote(commit)},"BuildDate":${quote(buildDate)},` + `"HumanVersion":${quote(version)},"FIPS":""}`
  )
}

async function members(call: Call): Promise<Response> {
  const segment = call.query.get('segment')
  if (segment !== '' && segment !== '_all') {
    throw new Refusal(500, 'Network segments are not supported in this version of Consul')
  }
  const result = await call.backend.agent.members(call.query.get('wan') === '' ? 'lan' : 'wan')
  if (!result.ok) throw refusalOf(result.error)
  const text = call.query.get('filter')
  if (text === '') return call.reply.json(call, renderList(result.value, renderMember))
  const kept = call.filters.narrowed(result.value, call.filters.narrowing(filteredMembers, text))
  return call.reply.json(call, renderList(kept, renderMember))
}

const filteredMembers: Filtering<readonly MemberView[]> = eachOf(memberShape)

async function done(call: Call, outcome: Promise<Result<void, RequestError>>): Promise<Response> {
  const result = await outcome
  if (!result.ok) throw refusalOf(result.error)
  return call.reply.empty(200)
}

async function metrics(call: Call): Promise<Response> {
  const accepted = call.request.headers.get('accept') ?? ''
  const wantsText =
    call.query.get('format') === 'prometheus' || accepted.includes('application/openmetrics-text')
  if (!wantsText) return call.reply.json(call, encodeJson(call.backend.agent.metrics()))
  const text = call.backend.agent.prometheus()
  if (text === null) {
    throw new Refusal(415, 'Prometheus is not enabled since its retention time is not positive')
  }
  return call.reply.body(await text, { 'Content-Type': 'text/plain; version=0.0.4; charset=utf-8' })
}

/** Levels that a client may ask for, with the agent's name for each. */
const levels: Readonly<Record<string, string>> = {
  trace: 'trace',
  debug: 'debug',
  info: 'info',
  warn: 'warn',
  err: 'error',
  error: 'error',
}

function monitor(call: Call): Response {
  const asked = call.query.get('loglevel') || 'info'
  const level = Object.hasOwn(levels, asked.toLowerCase()) ? levels[asked.toLowerCase()] : undefined
  if (level === undefined) throw badRequest(`Unknown log level: ${asked}`)
  const stream = call.backend.agent.monitor(level, call.query.has('logjson'), endOf(call))
  return call.reply.body(stream, {})
}
