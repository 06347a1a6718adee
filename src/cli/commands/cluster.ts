// `join`, `leave`, `force-leave` and `reload`: what an agent is told to do.
import type { Context } from '../command.ts'
import { attempt } from '../failure.ts'

/** Runs `join`: every address is tried, one success is enough. */
export async function join(context: Context): Promise<number> {
  const client = await context.client()
  const options = { wan: context.flags.bool('wan') }
  let joined = 0
  for (const address of context.args) {
    const code = await attempt(context, `Error joining address '${address}'`, async () => {
      await client.join(address, options)
      return 0
    })
    if (code === 0) joined++
  }
  if (joined === 0) {
    context.complain('Failed to join any nodes.')
    return 1
  }
  context.print(`Successfully joined cluster by contacting ${joined} nodes.`)
  return 0
}

/** Runs `leave`. */
export async function leave(context: Context): Promise<number> {
  return attempt(context, 'Error leaving', async () => {
    await (await context.client()).leave({ force: context.flags.bool('force') })
    context.print('Graceful leave complete')
    return 0
  })
}

/** Runs `force-leave`. */
export async function forceLeave(context: Context): Promise<number> {
  const { flags, args } = context
  return attempt(context, 'Error force leaving', async () => {
    const client = await context.client()
    await client.forceLeave(args[0] ?? '', { prune: flags.bool('prune'), wan: flags.bool('wan') })
    return 0
  })
}

/** Runs `reload`. */
export async function reload(context: Context): Promise<number> {
  return attempt(context, 'Error reloading', async () => {
    await (await context.client()).reload()
    context.print('Configuration reload triggered')
    return 0
  })
}
