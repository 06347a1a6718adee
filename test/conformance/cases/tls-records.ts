// The first bytes of a TLS connection, written by hand: a runtime's own client would not speak an old version.

import type { Address } from '../../../src/model/address.ts'
import type { Host } from '../../../src/runtime/host.ts'
import { Recorder, until } from '../harness.ts'

/** Connects without TLS and sends some bytes. */
export async function greets(host: Host, at: Address, bytes: Uint8Array): Promise<Recorder> {
  const client = new Recorder(await host.tcp.connect(at, { timeoutMs: 2000 }))
  client.connection.write(bytes)
  return client
}

/** What a server answers to a client that speaks no more than this version. */
export async function serverHello(
  host: Host,
  at: Address,
  version: 'TLSv1.1' | 'TLSv1.2',
): Promise<'alert' | 'hello' | 'closed' | 'unknown'> {
  const client = await greets(host, at, clientHello(version === 'TLSv1.1' ? 2 : 3))
  let isOver = false
  void Promise.race([client.closed.promise, client.ended.promise]).then(() => (isOver = true))
  await until(host, 'the server answers', () => isOver || client.bytesSeen >= 5)
  client.connection.destroy()
  const [type] = client.bytes
  if (type === undefined) return 'closed'
  return type === 21 ? 'alert' : type === 22 ? 'hello' : 'unknown'
}

/** A ClientHello (RFC 5246, 7.4.1.2) for version 3.`minor`, with ciphers for an ECDSA certificate. */
function clientHello(minor: number): Uint8Array {
  const extensions = [
    [0x00, 0x0a, 0x00, 0x04, 0x00, 0x02, 0x00, 0x17], // supported_groups: secp256r1
    [0x00, 0x0b, 0x00, 0x02, 0x01, 0x00], // ec_point_formats: uncompressed
    ...(minor < 3 ? [] : [[0x00, 0x0d, 0x00, 0x04, 0x00, 0x02, 0x04, 0x03]]), // signature_algorithms
  ].flat()
  const random = Array.from({ length: 32 }, (_, i) => i)
  const ciphers = [0xc0, 0x2b, 0xc0, 0x2c, 0xc0, 0x09, 0xc0, 0x0a]
  const head = [3, minor, ...random, 0, 0, ciphers.length, ...ciphers, 1, 0]
  const body = [...head, 0, extensions.length, ...extensions]
  const handshake = [1, 0, 0, body.length, ...body]
  return Uint8Array.from([22, 3, 1, 0, handshake.length, ...handshake])
}
