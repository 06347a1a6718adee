// Options of Bun's datagram sockets, which offer none themselves: setsockopt by the system's library.
import { type Native, systemLibrary } from './system-library.ts'

/** Asked of the system for each socket, as the reference does; the system may grant less. */
const socketBufferBytes = 2 * 1024 * 1024

/** Linux's numbers: level SOL_SOCKET, SO_REUSEADDR, SO_SNDBUF, SO_RCVBUF. */
const socketLevel = 1
const reuseAddress = 2
const buffers: readonly number[] = [7, 8]

let found: Promise<Native | undefined> | undefined

/** The system's setsockopt, looked up once in the process; undefined where there is none of a known name. */
async function find(): Promise<Native | undefined> {
  const args = ['int', 'int', 'int', 'ptr', 'u32']
  const library = await systemLibrary({ setsockopt: { args, returns: 'int' } })
  return library?.setsockopt
}

async function setOptions(fd: number, options: readonly number[], value: number): Promise<void> {
  found ??= find().catch(() => undefined)
  const setOption = await found
  const bytes = new Int32Array([value])
  for (const option of options) setOption?.(fd, socketLevel, option, bytes, 4)
}

/** Asks for buffers of 2 MiB in both directions: a burst of small packets then waits instead of being lost. */
export function enlargeBuffers(fd: number): Promise<void> {
  return setOptions(fd, buffers, socketBufferBytes)
}

/** From now on nobody may bind what this socket is bound to. */
export function stopSharing(fd: number): Promise<void> {
  return setOptions(fd, [reuseAddress], 0)
}
