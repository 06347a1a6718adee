// `info`: what an agent counts and knows of itself.
import type { Context } from '../command.ts'
import { attempt } from '../failure.ts'
import { wantsJson } from '../format.ts'
import { renderJson } from '../output.ts'

/** Runs `info`. */
export async function info(context: Context): Promise<number> {
  const isJson = wantsJson(context.flags)
  return attempt(context, 'Error querying agent', async () => {
    const { Stats } = await (await context.client()).agentSelf()
    if (isJson) {
      context.print(renderJson(Stats))
      return 0
    }
    for (const [section, fields] of sorted(Stats)) {
      context.print(`${section}:`)
      for (const [key, value] of sorted(fields)) context.print(`\t${key} = ${value}`)
    }
    return 0
  })
}

function sorted<T>(record: Readonly<Record<string, T>>): readonly (readonly [string, T])[] {
  return Object.entries(record).toSorted(([a], [b]) => (a < b ? -1 : 1))
}
