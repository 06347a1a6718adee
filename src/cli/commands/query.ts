// `query list`, `read`, `write`, `delete`, `execute` and `explain`.
import { parseJson } from '../../config/json.ts'
import type { Client } from '../../http/client.ts'
import type {
  PreparedAnswerShape,
  PreparedQueryRequestShape,
  PreparedQueryShape,
} from '../../http/client/query-shapes.ts'
import { type Context, UsageError } from '../command.ts'
import { readData, textOf } from '../data-argument.ts'
import { attempt } from '../failure.ts'
import { wantsJson } from '../format.ts'
import { renderJson, renderTable } from '../output.ts'

/** Runs `query list`. */
export function queryList(context: Context): Promise<number> {
  const isJson = wantsJson(context.flags)
  return attempt(context, 'Error listing queries', async () => {
    const client = await context.client()
    const { value: queries } = await client.queryList({ stale: context.flags.bool('stale') })
    if (isJson) context.print(renderJson(queries))
    else if (queries.length > 0) context.print(table(queries))
    return 0
  })
}

function table(queries: readonly PreparedQueryShape[]): string {
  const rows = queries
    .toSorted((a, b) => (a.Name < b.Name ? -1 : 1))
    .map(({ ID, Name, Template, Service }) => [
      ID,
      Template.Type === '' ? orDash(Name) : `${Name}*`,
      Service.Service,
      failoverText(Service.Failover),
    ])
  return renderTable([['ID', 'Name', 'Service', 'Failover'], ...rows])
}

function failoverText({ NearestN, Datacenters }: PreparedQueryShape['Service']['Failover']): string {
  const nearest = NearestN === 0 ? [] : [`nearest ${NearestN}`]
  return orDash([...nearest, ...(Datacenters ?? [])].join(', '))
}

function orDash(text: string): string {
  return text === '' ? '-' : text
}

/** Runs `query read`. */
export function queryRead(context: Context): Promise<number> {
  const nameOrId = context.args[0] ?? ''
  return attempt(context, 'Error reading query', async () => {
    const query = await find(await context.client(), nameOrId)
    if (query === null) return complainOfMissing(context, nameOrId)
    context.print(renderJson(query))
    return 0
  })
}

/** Runs `query delete`. */
export function queryDelete(context: Context): Promise<number> {
  const nameOrId = context.args[0] ?? ''
  const isJson = wantsJson(context.flags)
  return attempt(context, 'Error deleting query', async () => {
    const client = await context.client()
    const query = await find(client, nameOrId)
    if (query === null) return complainOfMissing(context, nameOrId)
    await client.queryDelete(query.ID)
    const done = { ID: query.ID, Deleted: true }
    context.print(isJson ? renderJson(done) : `Success! Deleted query: ${nameOrId}`)
    return 0
  })
}

/** Runs `query write`. */
export async function queryWrite(context: Context): Promise<number> {
  const isJson = wantsJson(context.flags)
  const request = await requestOf(context)
  return attempt(context, 'Error writing query', async () => {
    const client = await context.client()
    const known = request.Name === undefined || request.Name === '' ? null : await find(client, request.Name)
    if (known !== null) await client.queryUpdate(known.ID, request)
    const id = known?.ID ?? (await client.queryCreate(request))
    context.print(isJson ? renderJson({ ID: id }) : id)
    return 0
  })
}

/** The query that the argument names. Errors: UsageError for a file that cannot be read, or holds no object. */
async function requestOf({ host, args }: Context): Promise<PreparedQueryRequestShape> {
  const [path = ''] = args
  const text = textOf(await readData(host, path === '-' ? '-' : `@${path}`))
  const parsed = parseJson(text)
  if (!parsed.ok) {
    const { line, column, message } = parsed.error
    throw new UsageError(`Cannot read the query: ${path}:${line}:${column}: ${message}`)
  }
  const { value } = parsed.value
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`Cannot read the query: ${path} does not hold an object`)
  }
  // What the agent does not take it refuses by name.
  return value as PreparedQueryRequestShape
}

/** Runs `query execute`. */
export function queryExecute(context: Context): Promise<number> {
  const nameOrId = context.args[0] ?? ''
  const { flags } = context
  const isJson = wantsJson(flags)
  const [near, limit] = [flags.string('near'), flags.string('limit')]
  return attempt(context, 'Error executing query', async () => {
    const client = await context.client()
    const answer = await client.queryExecute(nameOrId, {
      stale: flags.bool('stale'),
      connect: flags.bool('connect'),
      ...(near !== undefined && { near }),
      ...(limit !== undefined && { limit: Number(limit) }),
    })
    if (answer === null) return complainOfMissing(context, nameOrId)
    context.print(isJson ? renderJson(answer) : found(answer))
    return 0
  })
}

function found(answer: PreparedAnswerShape): string {
  if (answer.Nodes.length === 0) return `No healthy instance of ${answer.Service} was found`
  const rows = answer.Nodes.map(({ Node, Service }) => [
    Node.Node,
    Service.ID,
    Service.Address === '' ? Node.Address : Service.Address,
    String(Service.Port),
    answer.Datacenter,
  ])
  return renderTable([['Node', 'ID', 'Address', 'Port', 'DC'], ...rows])
}

/** Runs `query explain`. */
export function queryExplain(context: Context): Promise<number> {
  const nameOrId = context.args[0] ?? ''
  return attempt(context, 'Error explaining query', async () => {
    const client = await context.client()
    const query = await client.queryExplain(nameOrId, { stale: context.flags.bool('stale') })
    if (query === null) return complainOfMissing(context, nameOrId)
    context.print(renderJson(query))
    return 0
  })
}

/** The stored query of this name or ID. */
async function find(client: Client, nameOrId: string): Promise<PreparedQueryShape | null> {
  const wanted = nameOrId.toLowerCase()
  const { value: queries } = await client.queryList()
  const byName = queries.find(({ Name }) => Name !== '' && Name.toLowerCase() === wanted)
  return byName ?? queries.find(({ ID }) => ID === wanted) ?? null
}

function complainOfMissing(context: Context, nameOrId: string): number {
  context.complain(`Error! No query exists with name or ID: ${nameOrId}`)
  return 1
}
