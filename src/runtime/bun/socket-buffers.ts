// Larger buffers for Bun's datagram sockets, which offer no option for it: setsockopt by the system's library.
import { type Native, systemLibrary } from './system-library.ts'

/** Asked of the system for each socket, as the reference does; the system may grant less. */
const socketBufferBytes = 2 * 1024 * 1024

/** Linux's numbers: level SOL_SOCKET, SO_SNDBUF, SO_RCVBUF. */
const socketLevel = 1
const options: readonly number[] = [7, 8]

let found: Promise<Native | undefined> | undefined

/** The system's setsockopt, looked up once in the process; undefined where there is none of a known name. */
async function find(): Promise<Native | undefined> {
  const args = ['int', 'int', 'int', 'ptr', 'u32']
  const library = await systemLibrary({ setsockopt: { args, returns: 'int' } })
  return library?.setsockopt
}

/** Asks for buffers of 2 MiB in both directions: a burst of small packets then waits instead of being lost. */
export async function enlargeBuffers(fd: number): Promise<void> {
  found ??= find().catch(() => undefined)
  const setOption = await found
  const size = new Int32Array([socketBufferBytes])
  for (const option of options) setOption?.(fd, socketLevel, option, size, 4)
}
