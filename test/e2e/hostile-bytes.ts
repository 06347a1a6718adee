// Bytes that nobody should send: noise, and noise behind beginnings that look right to one of the listeners.
import type { Random } from '../../src/lib/random.ts'

function bytes(...values: readonly number[]): Buffer {
  return Buffer.from(values)
}

/** What the real things begin with: requests between agents, gossip, HTTP, DNS, TLS; and lengths that lie. */
const beginnings: readonly Buffer[] = [
  Buffer.from('pCSL\0\x01\0\x01\0\0', 'latin1'),
  bytes(0, 0, 0, 14, 1, 0, 0, 0, 0, 0x70, 0x43, 0x53, 0x4c, 0, 1, 0, 1),
  bytes(0xff, 0xff, 0xff, 0xff),
  bytes(0, 0, 0, 0),
  bytes(0, 0x10, 0, 0),
  bytes(0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0),
  bytes(1),
  bytes(1, 1),
  bytes(1, 2, 0x9f),
  // CBOR that announces more than there is: an array, a map, a text, and nesting.
  bytes(1, 1, 0x9a, 0xff, 0xff, 0xff, 0xff),
  bytes(1, 1, 0xba, 0xff, 0xff, 0xff, 0xff),
  bytes(1, 1, 0x7a, 0x7f, 0xff, 0xff, 0xff),
  Buffer.concat([bytes(1, 1), Buffer.alloc(600, 0x81)]),
  Buffer.from('GET /v1/agent/self HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n'),
  Buffer.from('PUT /v1/kv/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n'),
  Buffer.from('GET /v1/kv/%ff%zz?index=-1&wait=9e99 HTTP/1.1\r\nHost: x\r\n\r\n'),
  Buffer.from(`GET / HTTP/1.1\r\nX: ${'y'.repeat(20_000)}`),
  Buffer.from('POST /v1/catalog/register HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"Node":['),
  bytes(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3),
  // DNS: a question whose name points at itself, one that ends early, and one that asks for a thousand things.
  bytes(0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1),
  bytes(0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 63, 97),
  bytes(0, 1, 1, 0, 3, 0xe8, 3, 0xe8, 3, 0xe8, 3, 0xe8),
  bytes(0, 18, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1),
]

/** One message, of at most `sizeMax` bytes. */
export function hostileBytes(random: Random, sizeMax: number): Buffer {
  const noise = Buffer.alloc(random.chance(800) ? random.below(200) : random.below(sizeMax))
  for (let at = 0; at < noise.length; at++) noise[at] = random.below(256)
  const beginning = random.chance(600) ? random.pick(beginnings) : undefined
  return Buffer.concat([beginning ?? Buffer.alloc(0), noise]).subarray(0, sizeMax)
}
