// `event`: fires an event that all agents hear of.
import { UsageError, type Context } from '../command.ts'
import { eventFilter } from '../event-filter.ts'
import { attempt } from '../failure.ts'
import { tell } from '../format.ts'

/** Runs `event`. */
export async function event(context: Context): Promise<number> {
  const name = context.flags.string('name') ?? ''
  if (name === '') throw new UsageError('Event name must be specified')
  const filter = eventFilter(context.flags)
  const payload = context.args[0]
  const client = await context.client()
  // So that a mistaken address shows by itself.
  const reached = await attempt(context, 'Error querying Consul agent', async () => {
    await client.agentSelf()
    return 0
  })
  if (reached !== 0) return reached
  return attempt(context, 'Error firing event', async () => {
    const fired = await client.eventFire(name, { ...filter, ...(payload !== undefined && { payload }) })
    tell(context, `Event ID: ${fired.ID}`, fired)
    return 0
  })
}
