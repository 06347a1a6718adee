// `kv history`: the values that a key had.
import { kvText } from '../../http/client/values.ts'
import type { KvVersionShape } from '../../http/client/shapes.ts'
import { UsageError, type Context } from '../command.ts'
import { attempt } from '../failure.ts'
import { wantsJson } from '../format.ts'
import { renderJson, renderTable } from '../output.ts'

/** Characters of a value that are shown in the table. */
const shownMax = 60

/** Runs `kv history`. */
export async function kvHistory(context: Context): Promise<number> {
  const { flags } = context
  const given = context.args[0] ?? ''
  const key = given.startsWith('/') ? given.slice(1) : given
  const isJson = wantsJson(flags)
  if (key === '') throw new UsageError('Error! Missing KEY argument')
  return attempt(context, 'Error querying Consul agent', async () => {
    const client = await context.client()
    const { value: versions } = await client.kvHistory(key, { stale: flags.bool('stale') })
    if (isJson) context.print(renderJson(versions))
    if (versions.length === 0) {
      context.complain(`Error! No versions are kept of: ${key}`)
      return 1
    }
    if (!isJson) context.print(table(context, versions))
    return 0
  })
}

function table({ flags }: Context, versions: readonly KvVersionShape[]): string {
  const rows = versions.map(({ Index, Time, Entry }) => {
    if (Entry === null) return [String(Index), Time, '(deleted)', '']
    const value = flags.bool('base64') ? (Entry.Value ?? '') : printable(kvText(Entry))
    return [String(Index), Time, Entry.Flags.toString(), value]
  })
  return renderTable([['Index', 'Time', 'Flags', 'Value'], ...rows])
}

/** On one line, and without what a terminal would obey. */
function printable(text: string): string {
  const short = Array.from(text).slice(0, shownMax).join('')
  const shown = short.replace(/\p{Cc}/gu, '.')
  return short === text ? shown : `${shown}...`
}
