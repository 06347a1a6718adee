// `join`, `leave`, `force-leave` and `reload`: what an agent is told to do.
import type { Context } from '../command.ts'
import { attempt } from '../failure.ts'
import { tell, wantsJson } from '../format.ts'
import { renderJson } from '../output.ts'

/** Runs `join`: every address is tried, one success is enough. */
export async function join(context: Context): Promise<number> {
  const client = await context.client()
  const options = { wan: context.flags.bool('wan') }
  const [joined, failed]: [string[], string[]] = [[], []]
  for (const address of context.args) {
    const code = await attempt(context, `Error joining address '${address}'`, async () => {
      await client.join(address, options)
      return 0
    })
    if (code === 0) joined.push(address)
    else failed.push(address)
  }
  const isJson = wantsJson(context.flags)
  if (isJson) context.print(renderJson({ Joined: joined, Failed: failed }))
  if (joined.length === 0) {
    context.complain('Failed to join any nodes.')
    return 1
  }
  if (!isJson) context.print(`Successfully joined cluster by contacting ${joined.length} nodes.`)
  return 0
}

/** Runs `leave`. */
export async function leave(context: Context): Promise<number> {
  return attempt(context, 'Error leaving', async () => {
    await (await context.client()).leave({ force: context.flags.bool('force') })
    tell(context, 'Graceful leave complete', { Left: true })
    return 0
  })
}

/** Runs `force-leave`. */
export async function forceLeave(context: Context): Promise<number> {
  const { flags, args } = context
  return attempt(context, 'Error force leaving', async () => {
    const client = await context.client()
    const [name, prune] = [args[0] ?? '', flags.bool('prune')]
    await client.forceLeave(name, { prune, wan: flags.bool('wan') })
    tell(context, null, { Node: name, Pruned: prune })
    return 0
  })
}

/** Runs `reload`. */
export async function reload(context: Context): Promise<number> {
  return attempt(context, 'Error reloading', async () => {
    await (await context.client()).reload()
    tell(context, 'Configuration reload triggered', { Reloaded: true })
    return 0
  })
}
