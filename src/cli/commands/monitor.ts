// `monitor`: an agent's log as it is written, until one of the two ends.
import type { Context } from '../command.ts'
import { attempt } from '../failure.ts'

/** Runs `monitor`. */
export async function monitor(context: Context): Promise<number> {
  const { flags, host } = context
  const ending = new AbortController()
  const removers = (['SIGINT', 'SIGTERM'] as const).map((signal) =>
    host.signals.on(signal, () => ending.abort()),
  )
  try {
    return await attempt(context, 'Error starting monitor', async () => {
      const client = await context.client()
      const level = flags.string('log-level') ?? 'INFO'
      const lines = await client.monitor({ level, json: flags.bool('log-json'), signal: ending.signal })
      await copy(context, lines)
      context.complain(
        'Remote side ended the monitor! This usually means that the remote side has exited or crashed.',
      )
      return 0
    })
  } catch (error) {
    // Interrupting the monitor is how it ends.
    if (ending.signal.aborted) return 0
    throw error
  } finally {
    for (const remove of removers) remove()
  }
}

async function copy(context: Context, lines: ReadableStream<Uint8Array>): Promise<void> {
  const reader = lines.getReader()
  for (;;) {
    // An agent that dies ends it like one that stops, in the words of the runtime.
    const { value } = await reader.read().catch(() => ({ value: undefined }))
    if (value === undefined) return
    context.host.console.out(value)
  }
}
