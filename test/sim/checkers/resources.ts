// After an agent has stopped nothing of it may be left: sockets, files, servers, locks, wake-ups, unfinished calls.
import type { SimProcess } from '../process.ts'

/** Throws unless a process that has stopped holds nothing. */
export function checkClean(process: SimProcess): void {
  const { name, openHandles, armedTimers, openCalls } = process
  if (openHandles + armedTimers + openCalls === 0) return
  throw new Error(`leftOpen: ${name} has ${openHandles} handles, ${armedTimers} wake-ups, ${openCalls} calls`)
}
