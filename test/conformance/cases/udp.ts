// Datagrams: what the gossip and the DNS server rely on.

import type { Address } from '../../../src/model/address.ts'
import { type Host, HostError, type UdpSocket } from '../../../src/runtime/host.ts'
import {
  type ConformanceCase,
  type World,
  Skip,
  deferred,
  equal,
  ok,
  pattern,
  rejectsWith,
  sleep,
  within,
} from '../harness.ts'

interface Packet {
  readonly bytes: Uint8Array
  readonly from: Address
}

async function receiveOne(host: Host, ip: string, size: number): Promise<void> {
  const got = deferred<Packet>()
  const a = await host.udp.bind({ ip, port: 0 }, (bytes, from) => got.resolve({ bytes: bytes.slice(), from }))
  const b = await host.udp.bind({ ip, port: 0 }, () => {})
  try {
    b.send(pattern(size), a.local)
    const { bytes, from } = await within(host, 2000, got.promise)
    equal(bytes.length, size, 'length')
    const sent = pattern(size)
    ok(
      bytes.every((byte, i) => byte === sent[i]),
      'the bytes are the ones sent',
    )
    equal(from, b.local, 'sender')
  } finally {
    await Promise.all([a.close(), b.close()])
  }
}

/** The questions about datagrams. */
export function udpCases(host: Host, world: World): readonly ConformanceCase[] {
  const at = { ip: world.ip, port: 0 }
  const ip6 = (): string => {
    if (world.ip6 === undefined) throw new Skip('no IPv6 here')
    return world.ip6
  }
  return [
    { name: 'udp: a small packet arrives with its sender', run: () => receiveOne(host, world.ip, 5) },
    { name: 'udp: a packet of 1,400 bytes arrives whole', run: () => receiveOne(host, world.ip, 1400) },
    { name: 'udp: a packet of 65,507 bytes arrives whole', run: () => receiveOne(host, world.ip, 65_507) },
    { name: 'udp: an empty packet arrives', run: () => receiveOne(host, world.ip, 0) },
    { name: 'udp: v6 works', run: async () => receiveOne(host, ip6(), 1400) },
    {
      name: 'udp: the local address names the port that was chosen',
      async run() {
        const socket = await host.udp.bind(at, () => {})
        equal(socket.local.ip, world.ip, 'ip')
        ok(socket.local.port > 0, 'the port is known')
        await socket.close()
      },
    },
    {
      name: 'udp: received bytes stay as they are when more packets come',
      async run() {
        const kept: Uint8Array[] = []
        const all = deferred()
        const a = await host.udp.bind(at, (bytes) => {
          kept.push(bytes)
          if (kept.length === 20) all.resolve()
        })
        for (let i = 0; i < 20; i++) a.send(new Uint8Array(100).fill(i), a.local)
        await within(host, 2000, all.promise)
        equal(
          kept.map((bytes) => bytes[50] ?? -1).toSorted((x, y) => x - y),
          [...Array(20).keys()],
        )
        await a.close()
      },
    },
    {
      name: 'udp: many packets of one turn arrive, whatever cannot be sent in between',
      async run() {
        const kept = new Set<number>()
        const all = deferred()
        const a = await host.udp.bind(at, (bytes) => {
          kept.add(bytes[0] ?? -1)
          if (kept.size === 150) all.resolve()
        })
        const b = await host.udp.bind(at, () => {})
        for (let i = 0; i < 150; i++) {
          b.send(new Uint8Array([i]), a.local)
          // Too long, to no address, not allowed.
          if (i === 3) b.send(new Uint8Array(70_000), a.local)
          if (i === 7) b.send(new Uint8Array([200]), { ip: 'nonsense', port: 9 })
          if (i === 9) b.send(new Uint8Array([200]), { ip: '255.255.255.255', port: 9 })
        }
        await within(host, 2000, all.promise)
        ok(!kept.has(200), 'nothing else')
        await Promise.all([a.close(), b.close()])
      },
    },
    {
      name: 'udp: a socket at one address stands beside one at all of them, and answers from its address',
      async run() {
        if (!world.hasProcesses) throw new Skip('no shared ports here')
        const from: Address[] = []
        const all = deferred()
        const answer = (socket: () => UdpSocket) => (bytes: Uint8Array, to: Address) =>
          socket().send(bytes, to)
        const shared = { isShared: true }
        const wild: UdpSocket = await host.udp.bind(
          { ip: '0.0.0.0', port: 0 },
          answer(() => wild),
          shared,
        )
        const here = { ip: world.ip, port: wild.local.port }
        const one: UdpSocket = await host.udp.bind(
          here,
          answer(() => one),
          shared,
        )
        const asker = await host.udp.bind({ ip: '127.0.0.1', port: 0 }, (_, sender) => {
          from.push(sender)
          if (from.length === 2) all.resolve()
        })
        asker.send(new Uint8Array([1]), here)
        asker.send(new Uint8Array([2]), { ip: '127.0.0.1', port: wild.local.port })
        await within(host, 2000, all.promise)
        equal(from.map(({ ip }) => ip).toSorted(), ['127.0.0.1', world.ip].toSorted())
        await Promise.all([wild.close(), one.close(), asker.close()])
      },
    },
    {
      name: 'udp: a socket that shares no more keeps all others from its port',
      async run() {
        if (!world.hasProcesses || host.unixDatagrams === null)
          throw new Skip('no way to an open socket here')
        const shared = { isShared: true }
        const nothing = (): void => undefined
        const wild = await host.udp.bind({ ip: '0.0.0.0', port: 0 }, nothing, shared)
        await wild.stopSharing()
        const here = { ip: world.ip, port: wild.local.port }
        const refused = await host.udp.bind(here, nothing, shared).catch((error: unknown) => error)
        ok(refused instanceof HostError && refused.code === 'EADDRINUSE', 'the other one is refused')
        await wild.close()
      },
    },
    {
      name: 'udp: a port without a listener keeps no packet back that is meant for others',
      async run() {
        const kept = new Set<number>()
        const all = deferred()
        const a = await host.udp.bind(at, (bytes) => {
          kept.add(bytes[0] ?? -1)
          if (kept.size === 60) all.resolve()
        })
        const b = await host.udp.bind(at, () => {})
        const nobody = await host.udp.bind(at, () => {})
        await nobody.close()
        for (let i = 0; i < 60; i++) {
          b.send(new Uint8Array([i]), a.local)
          if (i % 7 === 3) b.send(new Uint8Array([200]), nobody.local)
        }
        await within(host, 2000, all.promise)
        await Promise.all([a.close(), b.close()])
      },
    },
    {
      name: 'udp: the bytes may be changed after send',
      async run() {
        const got = deferred<number>()
        const a = await host.udp.bind(at, (bytes) => got.resolve(bytes[0] ?? -1))
        const bytes = new Uint8Array([1])
        a.send(bytes, a.local)
        bytes[0] = 2
        ok([1, 2].includes(await within(host, 2000, got.promise)), 'one of both arrives')
        await a.close()
      },
    },
    {
      name: 'udp: a taken port is EADDRINUSE',
      async run() {
        const a = await host.udp.bind(at, () => {})
        const error = await rejectsWith(
          'EADDRINUSE',
          host.udp.bind(a.local, () => {}),
        )
        ok(error.message.includes(String(a.local.port)), 'the message names the port')
        await a.close()
      },
    },
    {
      name: 'udp: an address of another machine is EADDRNOTAVAIL',
      run: async () =>
        void (await rejectsWith(
          'EADDRNOTAVAIL',
          host.udp.bind({ ip: '192.0.2.7', port: 0 }, () => {}),
        )),
    },
    {
      name: 'udp: a closed port can be bound again at once',
      async run() {
        const a = await host.udp.bind(at, () => {})
        await a.close()
        const b = await host.udp.bind(a.local, () => {})
        await b.close()
      },
    },
    {
      name: 'udp: nothing is delivered after close, and sending is harmless',
      async run() {
        let count = 0
        const a = await host.udp.bind(at, () => void count++)
        const b = await host.udp.bind(at, () => {})
        b.send(pattern(10), a.local)
        await a.close()
        const before = count
        b.send(pattern(10), a.local)
        a.send(pattern(10), b.local)
        await sleep(host, 50)
        equal(count, before, 'packets after close')
        await b.close()
        await a.close()
      },
    },
    {
      name: 'udp: sending to a port where nobody listens does no harm',
      async run() {
        const gone = await host.udp.bind(at, () => {})
        await gone.close()
        const got = deferred()
        const a = await host.udp.bind(at, () => got.resolve())
        for (let i = 0; i < 5; i++) a.send(pattern(10), gone.local)
        await sleep(host, 30)
        a.send(pattern(10), a.local)
        await within(host, 2000, got.promise)
        await a.close()
      },
    },
    {
      name: 'udp: a packet that is too large is dropped and the socket goes on',
      async run() {
        const got = deferred<number>()
        const a = await host.udp.bind(at, (bytes) => got.resolve(bytes.length))
        a.send(pattern(70_000), a.local)
        a.send(pattern(10), a.local)
        equal(await within(host, 2000, got.promise), 10, 'length')
        await a.close()
      },
    },
    { name: 'udp: a burst of 500 packets arrives nearly whole', run: () => burst(host, at) },
  ]
}

async function burst(host: Host, at: Address): Promise<void> {
  let count = 0
  const a = await host.udp.bind(at, () => void count++)
  const senders: UdpSocket[] = []
  for (let i = 0; i < 5; i++) senders.push(await host.udp.bind(at, () => {}))
  for (let i = 0; i < 100; i++) for (const sender of senders) sender.send(pattern(200), a.local)
  for (let i = 0; i < 100 && count < 500; i++) await sleep(host, 20)
  ok(count >= 250, `half of 500 packets arrive (${count})`)
  await Promise.all([a, ...senders].map((socket) => socket.close()))
}
