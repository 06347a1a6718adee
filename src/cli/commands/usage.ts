// `operator usage instances`: what the catalog holds.
import type { DatacenterUsageShape, UsageShape } from '../../http/client/shapes.ts'
import type { Context } from '../command.ts'
import { attempt } from '../failure.ts'
import { wantsJson } from '../format.ts'
import { renderJson, renderTable } from '../output.ts'

type Row = readonly [datacenter: string, usage: DatacenterUsageShape]

/** Runs `operator usage instances`. */
export async function usageInstances(context: Context): Promise<number> {
  const { flags } = context
  const isJson = wantsJson(flags)
  return attempt(context, 'Error fetching usage information', async () => {
    const client = await context.client()
    const isGlobal = flags.bool('all-datacenters')
    const usage = await client.usage({ global: isGlobal, stale: flags.bool('stale') })
    context.print(isJson ? renderJson(usage) : sections(context, usage, isGlobal).join('\n\n'))
    return 0
  })
}

function sections({ flags }: Context, { Usage }: UsageShape, isGlobal: boolean): readonly string[] {
  const rows: readonly Row[] = Object.entries(Usage).toSorted((a, b) => (a[0] < b[0] ? -1 : 1))
  const [isBillable, isConnect] = [flags.bool('billable'), flags.bool('connect')]
  const isAll = isBillable === isConnect
  return [
    ...(isAll || isBillable ? billable(rows, isGlobal) : []),
    ...(isAll ? [nodes(rows)] : []),
    ...(isAll || isConnect ? [connect(rows, isGlobal)] : []),
  ]
}

function sum(rows: readonly Row[], valueOf: (usage: DatacenterUsageShape) => number): number {
  return rows.reduce((total, [, usage]) => total + valueOf(usage), 0)
}

function billable(rows: readonly Row[], isGlobal: boolean): readonly string[] {
  const total = sum(rows, (usage) => usage.BillableServiceInstances)
  const counts = rows.map(
    ([dc, usage]) => `${dc} Billable Service Instances: ${usage.BillableServiceInstances}`,
  )
  const cells = rows.map(([dc, usage]) => [
    ...(isGlobal ? [dc] : []),
    String(usage.Services),
    String(usage.BillableServiceInstances),
  ])
  const header = [...(isGlobal ? ['Datacenter'] : []), 'Services', 'Service instances']
  const last = ['Total', String(sum(rows, (usage) => usage.Services)), String(total)]
  return [
    [`Billable Service Instances Total: ${total}`, ...counts].join('\n'),
    `Billable Services\n${renderTable([header, ...cells, ...(isGlobal ? [last] : [])])}`,
  ]
}

function nodes(rows: readonly Row[]): string {
  const cells = rows.map(([dc, usage]) => [dc, String(usage.Nodes)])
  const last = ['Total', String(sum(rows, (usage) => usage.Nodes))]
  return `Nodes\n${renderTable([['Datacenter', 'Count'], ...cells, last])}`
}

function connect(rows: readonly Row[], isGlobal: boolean): string {
  const cells = rows.flatMap(([dc, usage]) =>
    Object.entries(usage.ConnectServiceInstances)
      .toSorted((a, b) => (a[0] < b[0] ? -1 : 1))
      .map(([type, count]) => [...(isGlobal ? [dc] : []), type, String(count)]),
  )
  const total = sum(rows, (usage) =>
    Object.values(usage.ConnectServiceInstances).reduce((all, count) => all + count, 0),
  )
  const header = [...(isGlobal ? ['Datacenter'] : []), 'Type', 'Service instances']
  const last = isGlobal ? [['Total', '', String(total)]] : []
  return `Connect Services\n${renderTable([header, ...cells, ...last])}`
}
