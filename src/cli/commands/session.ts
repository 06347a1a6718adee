// `session create`, `destroy`, `info`, `list`, `node` and `renew`.
import { formatDurationMs } from '../../lib/durations.ts'
import type { Answer } from '../../http/client/requests.ts'
import type { SessionRequestShape, SessionShape } from '../../http/client/shapes.ts'
import { UsageError, type Context } from '../command.ts'
import { attempt } from '../failure.ts'
import { wantsJson } from '../format.ts'
import { renderJson, renderTable } from '../output.ts'

/** Runs `session create`. */
export function sessionCreate(context: Context): Promise<number> {
  const isJson = wantsJson(context.flags)
  const request = requestOf(context)
  return attempt(context, 'Error creating session', async () => {
    const id = await (await context.client()).sessionCreate(request)
    context.print(isJson ? renderJson({ ID: id }) : id)
    return 0
  })
}

function requestOf({ flags }: Context): SessionRequestShape {
  const behavior = flags.string('behavior')
  if (behavior !== undefined && behavior !== 'release' && behavior !== 'delete') {
    throw new UsageError(`Invalid behavior: ${behavior}; it must be release or delete`)
  }
  const [name, node, ttl] = [flags.string('name'), flags.string('node'), flags.string('ttl')]
  const delay = flags.string('lock-delay')
  return {
    ...(name !== undefined && { Name: name }),
    ...(node !== undefined && { Node: node }),
    ...(delay !== undefined && { LockDelay: delay }),
    ...(behavior !== undefined && { Behavior: behavior }),
    ...(ttl !== undefined && { TTL: ttl }),
    ...(flags.has('node-check') && { NodeChecks: flags.list('node-check').filter((id) => id !== '') }),
    ...(flags.has('service-check') && { ServiceChecks: flags.list('service-check').map((ID) => ({ ID })) }),
  }
}

/** Runs `session destroy`. */
export function sessionDestroy(context: Context): Promise<number> {
  const id = context.args[0] ?? ''
  const isJson = wantsJson(context.flags)
  return attempt(context, 'Error destroying session', async () => {
    await (await context.client()).sessionDestroy(id)
    context.print(isJson ? renderJson({ ID: id, Destroyed: true }) : `Success! Destroyed session: ${id}`)
    return 0
  })
}

/** Runs `session renew`. */
export function sessionRenew(context: Context): Promise<number> {
  const id = context.args[0] ?? ''
  const isJson = wantsJson(context.flags)
  return attempt(context, 'Error renewing session', async () => {
    const session = await (await context.client()).sessionRenew(id)
    if (session === null) return complainOfMissing(context, id)
    context.print(isJson ? renderJson(session) : `Success! Renewed session: ${id}`)
    return 0
  })
}

/** Runs `session info`. */
export function sessionInfo(context: Context): Promise<number> {
  const id = context.args[0] ?? ''
  const isJson = wantsJson(context.flags)
  return attempt(context, 'Error reading session', async () => {
    const client = await context.client()
    const { value: session } = await client.sessionInfo(id, { stale: context.flags.bool('stale') })
    if (session === null) return complainOfMissing(context, id)
    context.print(isJson ? renderJson(session) : details(session))
    return 0
  })
}

function complainOfMissing(context: Context, id: string): number {
  context.complain(`Error! No session exists with ID: ${id}`)
  return 1
}

/** Runs `session list`. */
export function sessionList(context: Context): Promise<number> {
  return printSessions(context, async () => {
    const client = await context.client()
    return client.sessionList({ stale: context.flags.bool('stale') })
  })
}

/** Runs `session node`. */
export function sessionNode(context: Context): Promise<number> {
  return printSessions(context, async () => {
    const client = await context.client()
    return client.sessionNode(context.args[0] ?? '', { stale: context.flags.bool('stale') })
  })
}

function printSessions(
  context: Context,
  ask: () => Promise<Answer<readonly SessionShape[]>>,
): Promise<number> {
  const isJson = wantsJson(context.flags)
  return attempt(context, 'Error listing sessions', async () => {
    const { value: sessions } = await ask()
    if (isJson) context.print(renderJson(sessions))
    else if (sessions.length > 0) context.print(table(sessions))
    return 0
  })
}

function table(sessions: readonly SessionShape[]): string {
  const rows = sessions.map((session) => [
    session.ID,
    session.Node,
    session.TTL === '' ? '-' : session.TTL,
    session.Behavior,
    session.Name,
  ])
  return renderTable([['ID', 'Node', 'TTL', 'Behavior', 'Name'], ...rows])
}

function details(session: SessionShape): string {
  const checks = (ids: readonly string[]): string => (ids.length === 0 ? '-' : ids.join(','))
  const rows: readonly (readonly string[])[] = [
    ['ID', session.ID],
    ['Name', session.Name === '' ? '-' : session.Name],
    ['Node', session.Node],
    ['TTL', session.TTL === '' ? '-' : session.TTL],
    ['LockDelay', formatDurationMs(Math.round(session.LockDelay / 1e6))],
    ['Behavior', session.Behavior],
    ['NodeChecks', checks(session.NodeChecks ?? [])],
    ['ServiceChecks', checks((session.ServiceChecks ?? []).map(({ ID }) => ID))],
    ['CreateIndex', String(session.CreateIndex)],
    ['ModifyIndex', String(session.ModifyIndex)],
  ]
  return renderTable(rows)
}
