// `/v1/operator/*`: the servers for operators.
import { err, ok, type Result } from '../../lib/result.ts'
import type { RequestError } from '../../model/errors.ts'
import { limits } from '../../model/limits.ts'
import type { AutopilotConfig, UsageView } from '../../model/operator.ts'
import type { ReadMeta, ReadReply } from '../../model/query.ts'
import { decodeAutopilotConfig } from '../autopilot-body.ts'
import { readText } from '../body.ts'
import { Refusal, badRequest, orThrow, written } from '../errors.ts'
import { renderPairs } from '../json.ts'
import { datacenterOf, effectiveConsistency, readOptions } from '../read-options.ts'
import {
  renderAutopilotConfig,
  renderAutopilotHealth,
  renderAutopilotState,
  renderRaftConfiguration,
  renderUsage,
} from '../render-operator.ts'
import type { Call, Route } from '../route.ts'
import { ask, metaHeaders, read } from './reads.ts'

/** The endpoints. */
export const operatorRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/operator/raft/configuration',
    summary: 'The servers that replicate the state',
    parameters: ['dc', 'stale'],
    answer: ['RaftConfiguration'],
    handler: async (call) =>
      call.reply.json(call, renderRaftConfiguration(await ask(call, 'raftConfiguration'))),
  },
  {
    method: 'DELETE',
    path: '/v1/operator/raft/peer',
    summary:
      'Takes a server out of the Raft configuration; refused if those that are left could not decide without others that are down',
    parameters: ['dc', 'id', 'address', 'force'],
    answer: [],
    handler: removePeer,
  },
  {
    method: 'POST',
    path: '/v1/operator/raft/transfer-leader',
    summary: 'Hands the leadership to another server; `{"Success":false}` if it did not take over in time',
    parameters: ['dc', 'id'],
    answer: ['Success'],
    handler: transferLeader,
  },
  {
    method: 'GET',
    path: '/v1/operator/autopilot/configuration',
    summary: 'The settings of autopilot',
    parameters: ['dc', 'stale', 'consistent'],
    answer: ['AutopilotConfig'],
    handler: autopilotConfig,
  },
  {
    method: 'PUT',
    path: '/v1/operator/autopilot/configuration',
    summary: 'Replaces the settings of autopilot; `false` if a compare-and-set did not apply',
    parameters: ['dc', 'cas'],
    body: 'AutopilotSettings',
    answer: ['Applied'],
    handler: setAutopilotConfig,
  },
  {
    method: 'GET',
    path: '/v1/operator/autopilot/health',
    summary: 'Health of the servers; status 429 when the cluster is not healthy',
    parameters: ['dc'],
    answer: ['AutopilotHealth'],
    statuses: [
      {
        status: 429,
        meaning: 'The cluster is not healthy.',
        content: 'AutopilotHealth',
        mediaType: 'text/plain',
      },
    ],
    handler: autopilotHealth,
  },
  {
    method: 'GET',
    path: '/v1/operator/autopilot/state',
    summary: 'The servers as autopilot sees them, by ID, with their zones',
    parameters: ['dc'],
    answer: ['AutopilotState'],
    handler: async (call) => call.reply.json(call, renderAutopilotState(await ask(call, 'autopilotHealth'))),
  },
  {
    method: 'GET',
    path: '/v1/operator/usage',
    summary: 'How many nodes, services, instances, keys and sessions there are',
    parameters: ['dc', 'stale', 'consistent', 'index', 'wait', 'global'],
    answer: ['Usage'],
    handler: usage,
  },
]

async function autopilotHealth(call: Call): Promise<Response> {
  const health = await ask(call, 'autopilotHealth')
  const text = renderAutopilotHealth(health)
  // The reference writes the status first, and with it the type of plain text.
  return health.healthy
    ? call.reply.json(call, text)
    : call.reply.json(call, text, { status: 429, headers: { 'Content-Type': 'text/plain; charset=utf-8' } })
}

async function removePeer(call: Call): Promise<Response> {
  const { query } = call
  const [hasId, hasAddress] = [query.has('id'), query.has('address')]
  if (!hasId && !hasAddress) {
    throw badRequest(
      "Must specify either ?id with the server's ID or ?address with IP:port of peer to remove",
    )
  }
  if (hasId && hasAddress) throw badRequest('Must specify only one of ?id or ?address')
  const action = {
    kind: 'removePeer' as const,
    id: query.get('id'),
    address: query.get('address'),
    force: query.has('force'),
  }
  orThrow(await call.backend.act(action, datacenterOf(call), 'default', call.request.signal))
  return call.reply.empty(200)
}

async function transferLeader(call: Call): Promise<Response> {
  const action = { kind: 'transferLeader' as const, id: call.query.get('id') }
  const done = orThrow(await call.backend.act(action, datacenterOf(call), 'default', call.request.signal))
  return call.reply.json(call, `{"Success":${done}}`)
}

async function autopilotConfig(call: Call): Promise<Response> {
  const { value } = orThrow(
    await read(call, { kind: 'autopilotConfig' }, { ...readOptions(call), minIndex: 0 }),
  )
  if (value === null) throw new Refusal(500, 'autopilot config not initialized yet')
  return call.reply.json(call, renderAutopilotConfig(value))
}

async function setAutopilotConfig(call: Call): Promise<Response> {
  const config: AutopilotConfig = decodeAutopilotConfig(await readText(call.request, limits.bodyBytesMax))
  const expectedIndex = casOf(call)
  const command = { kind: 'autopilotSet' as const, config, expectedIndex }
  const result = written(await call.backend.write(command, datacenterOf(call)))
  return call.reply.json(call, result.kind === 'decided' && !result.applied ? 'false' : 'true')
}

/** The index that a compare-and-set expects, or null without one. Indexes past 2^53 match nothing that exists. */
function casOf({ query }: Call): number | null {
  if (!query.has('cas')) return null
  const text = query.get('cas')
  const refuse = (why: string): Refusal =>
    badRequest(`Error parsing cas value: strconv.ParseUint: parsing ${JSON.stringify(text)}: ${why}`)
  if (!/^\d+$/.test(text)) throw refuse('invalid syntax')
  if (BigInt(text) > 0xffff_ffff_ffff_ffffn) throw refuse('value out of range')
  return Math.min(Number(text), Number.MAX_SAFE_INTEGER)
}

async function usage(call: Call): Promise<Response> {
  const options = readOptions(call)
  const own = orThrow(await read(call, { kind: 'usage' }, options))
  const here = options.datacenter === '' ? call.backend.datacenter : options.datacenter
  const others = call.query.has('global') ? orThrow(await usageElsewhere(call, here)) : []
  const byDatacenter = renderPairs([[here, own.value] as const, ...others], renderUsage)
  const text =
    `{"Usage":${byDatacenter},${renderMeta(own)},` +
    `"ConsistencyLevel":"${effectiveConsistency[options.consistency]}","NotModified":false,"Backend":0,` +
    '"ResultsFilteredByACLs":false}'
  return call.reply.json(call, text, { headers: metaHeaders(own) })
}

function renderMeta({ index, lastContactMs, knownLeader }: ReadMeta): string {
  return `"Index":${index},"LastContact":${lastContactMs * 1e6},"KnownLeader":${knownLeader}`
}

/** What all other datacenters hold; one that does not answer is a failure, for a part would look like the whole. */
async function usageElsewhere(
  call: Call,
  here: string,
): Promise<Result<readonly (readonly [string, UsageView])[], RequestError>> {
  const known = await call.backend.datacenters()
  if (!known.ok) return known
  const names = known.value.filter((name) => name !== here)
  const options = { ...readOptions(call), minIndex: 0 }
  const asked = names.map((datacenter) =>
    read(
      call,
      { kind: 'usage' },
      { ...options, datacenter: datacenter === call.backend.datacenter ? '' : datacenter },
    ),
  )
  const found: (readonly [string, UsageView])[] = []
  for (const [at, result] of (await Promise.all(asked)).entries()) {
    if (!result.ok) return err(result.error)
    const reply: ReadReply<UsageView> = result.value
    found.push([names[at] ?? '', reply.value])
  }
  return ok(found)
}
