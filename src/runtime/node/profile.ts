// Profiles of the processor by the engine's inspector, in the JSON of V8 that browsers' tools read.
import { HostError } from '../host.ts'
import { hostError } from './errors.ts'

let isRunning = false

/** Watches for so long, or until the signal aborts. One at a time. Errors: HostError. */
export async function profile(durationMs: number, signal: AbortSignal): Promise<string> {
  if (isRunning) throw new HostError('EBUSY', 'Cannot take a profile: another one is being taken')
  isRunning = true
  try {
    // Loaded when it is first asked for: it takes milliseconds.
    const { Session } = await import('node:inspector/promises')
    const session = new Session()
    session.connect()
    try {
      await session.post('Profiler.enable')
      await session.post('Profiler.start')
      await pause(durationMs, signal)
      const taken = await session.post('Profiler.stop')
      return JSON.stringify(taken.profile)
    } finally {
      session.disconnect()
    }
  } catch (error) {
    throw hostError('take a profile', error)
  } finally {
    isRunning = false
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })
}
