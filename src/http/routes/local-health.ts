// `/v1/agent/health/service/*`: how instances of the agent that is asked are, as a status that load balancers read.
import { Refusal } from '../errors.ts'
import { quote, renderList } from '../json.ts'
import {
  type AggregatedStatus,
  type LocalHealth,
  healthOf,
  renderLocalHealth,
  statusOf,
  worstOf,
} from '../local-health.ts'
import { servicesOf } from '../local-views.ts'
import type { Call, Headers, Outcome, Route } from '../route.ts'

function outcomes(shape: 'LocalHealth' | 'LocalHealths'): readonly Outcome[] {
  const content = [shape, 'text'] as const
  return [
    { status: 429, meaning: 'A check warns.', content },
    { status: 503, meaning: 'A check is critical, or there is maintenance.', content },
    { status: 404, meaning: 'There is no such service.', content: [...content, 'HealthReason'] },
  ]
}

/** The endpoints. */
export const localHealthRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/agent/health/service/name/:name',
    summary: 'How the instances of a service on this agent are, the worst of them as the status',
    parameters: ['format'],
    answer: ['LocalHealths', 'text'],
    headers: ['X-Consul-Reason'],
    statuses: outcomes('LocalHealths'),
    handler: byName,
  },
  {
    method: 'GET',
    path: '/v1/agent/health/service/id/:id',
    summary: 'How an instance on this agent is, also as the status',
    parameters: ['format'],
    answer: ['LocalHealth', 'text'],
    headers: ['X-Consul-Reason'],
    statuses: outcomes('LocalHealth'),
    handler: byId,
  },
]

function byName(call: Call): Response {
  const { local } = call.backend
  if (call.name === '') throw new Refusal(500, 'Bad request: Missing service Name')
  const found = healthOf(
    local,
    servicesOf(local)
      .filter(({ service }) => service === call.name)
      .toSorted((a, b) => (a.id < b.id ? -1 : 1)),
  )
  if (found.length === 0) {
    const reason = `ServiceName ${call.name} Not Found`
    return wantsText(call)
      ? plain(call, 404, reason)
      : call.reply.json(call, '[]', { status: 404, headers: reasonHeader(reason) })
  }
  const status = worstOf(found.map((each) => each.status))
  return answer(call, status, () => renderList(found, renderLocalHealth))
}

function byId(call: Call): Response {
  const { local } = call.backend
  if (call.name === '') throw new Refusal(500, 'Bad request: Missing serviceID')
  const service = local.services.get(call.name)
  if (service === undefined) {
    const reason = `ServiceId ${call.name} not found`
    const body = wantsText(call)
      ? quote(reason)
      : '{"AggregatedStatus":"critical","Service":null,"Checks":null}'
    return call.reply.json(call, body, { status: 404, headers: reasonHeader(reason) })
  }
  const [found] = healthOf(local, [service.info]) as [LocalHealth]
  return answer(call, found.status, () => renderLocalHealth(found))
}

function answer(call: Call, status: AggregatedStatus, render: () => string): Response {
  if (wantsText(call)) return plain(call, statusOf[status], status)
  return call.reply.json(call, render(), { status: statusOf[status], headers: reasonHeader(status) })
}

function wantsText({ query, request }: Call): boolean {
  return query.get('format') === 'text' || (request.headers.get('accept') ?? '').startsWith('text/plain')
}

function plain(call: Call, status: number, text: string): Response {
  return call.reply.text(status, text, { 'Content-Type': 'text/plain', ...reasonHeader(text) })
}

/** Names of services may hold what a header cannot. */
function reasonHeader(reason: string): Headers {
  return { 'X-Consul-Reason': reason.replace(/[^\x20-\x7e]/g, '?') }
}
