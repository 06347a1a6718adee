// Datagrams to sockets of the file system (unix(7)), by the system's library: Bun has none of its own.
import { HostError } from '../host.ts'
import type { UnixDatagramSocket } from '../host/unix-datagrams.ts'
import { systemLibrary } from './system-library.ts'

/** Linux's numbers: AF_UNIX; SOCK_DGRAM with SOCK_NONBLOCK and SOCK_CLOEXEC; MSG_DONTWAIT with MSG_NOSIGNAL. */
const familyUnix = 1
const datagramType = 2 | 0x800 | 0x80000
const sendFlags = 0x40 | 0x4000
/** Bytes of a path in an address, with the zero behind it. */
const pathBytesMax = 108

/** Opens a socket. Errors: HostError. */
export async function openUnixDatagrams(): Promise<UnixDatagramSocket> {
  const library = await systemLibrary({
    socket: { args: ['int', 'int', 'int'], returns: 'int' },
    sendto: { args: ['int', 'ptr', 'usize', 'int', 'ptr', 'u32'], returns: 'i64' },
    close: { args: ['int'], returns: 'int' },
  })
  if (library === undefined) {
    throw new HostError('ENOSYS', "Cannot open a unix datagram socket: the system's library was not found")
  }
  const fd = library.socket(familyUnix, datagramType, 0)
  if (fd < 0) throw new HostError('EMFILE', 'Cannot open a unix datagram socket: the system refused it')
  const addressByPath = new Map<string, Uint8Array>()
  let isOpen = true
  return {
    send(bytes, path) {
      if (!isOpen) return false
      let address = addressByPath.get(path)
      if (address === undefined) {
        address = addressOf(path)
        addressByPath.set(path, address)
      }
      return (
        Number(library.sendto(fd, bytes, bytes.length, sendFlags, address, address.length)) === bytes.length
      )
    },
    close() {
      if (isOpen) library.close(fd)
      isOpen = false
    },
  }
}

/** A sockaddr_un: the family in the machine's order of bytes, the path, and a zero. */
function addressOf(path: string): Uint8Array {
  const name = new TextEncoder().encode(path)
  if (name.length >= pathBytesMax)
    throw new HostError('ENAMETOOLONG', `The path of the socket is too long: ${path}`)
  const address = new Uint8Array(2 + name.length + 1)
  new Uint16Array(address.buffer, 0, 1)[0] = familyUnix
  address.set(name, 2)
  return address
}
