// Streams: what RPC, gossip's push/pull and DNS over TCP rely on.

import type { Host, TcpConnection, TcpListener } from '../../../src/runtime/host.ts'
import {
  type ConformanceCase,
  Recorder,
  Skip,
  type World,
  deferred,
  equal,
  ok,
  pattern,
  rejectsWith,
  sleep,
  until,
  within,
} from '../harness.ts'

interface Pair {
  readonly client: Recorder
  readonly server: Recorder
  readonly listener: TcpListener
  end(): Promise<void>
}

async function connectPair(host: Host, ip: string): Promise<Pair> {
  const accepted = deferred<Recorder>()
  const listener = await host.tcp.listen({ ip, port: 0 }, (connection) =>
    accepted.resolve(new Recorder(connection)),
  )
  const client = new Recorder(await host.tcp.connect(listener.local, { timeoutMs: 2000 }))
  const server = await within(host, 2000, accepted.promise)
  return {
    client,
    server,
    listener,
    async end() {
      client.connection.destroy()
      server.connection.destroy()
      await within(host, 2000, Promise.all([client.closed.promise, server.closed.promise]))
      await listener.close()
    },
  }
}

async function echoOnce(host: Host, ip: string): Promise<void> {
  const pair = await connectPair(host, ip)
  pair.server.onData = (bytes) => pair.server.connection.write(bytes)
  pair.client.connection.write(pattern(1000))
  await until(host, 'the echo is there', () => pair.client.bytesSeen === 1000)
  equal(pair.client.bytes, pattern(1000), 'echo')
  await pair.end()
}

/** Writes all of it, waiting for drain as the contract says; returns how often it had to. */
async function writeAll(host: Host, to: Recorder, bytes: Uint8Array): Promise<number> {
  let waits = 0
  for (let at = 0; at < bytes.length; at += 64 * 1024) {
    const drains = to.drains
    if (to.connection.write(bytes.slice(at, at + 64 * 1024))) continue
    waits++
    await until(host, 'the queue is drained', () => to.drains > drains)
  }
  return waits
}

/** The questions about streams. */
export function tcpCases(host: Host, world: World): readonly ConformanceCase[] {
  return [...connecting(host, world), ...transferring(host, world), ...closing(host, world)]
}

function connecting(host: Host, world: World): readonly ConformanceCase[] {
  const { ip } = world
  return [
    { name: 'tcp: bytes go there and back', run: () => echoOnce(host, ip) },
    {
      name: 'tcp: v6 works',
      async run() {
        if (world.ip6 === undefined) throw new Skip('no IPv6 here')
        await echoOnce(host, world.ip6)
      },
    },
    {
      name: 'tcp: both ends know both addresses',
      async run() {
        const pair = await connectPair(host, ip)
        equal(pair.client.connection.remote, pair.listener.local, 'remote of the client')
        equal(pair.server.connection.remote, pair.client.connection.local, 'remote of the server')
        equal(pair.server.connection.local, pair.listener.local, 'local of the server')
        await pair.end()
      },
    },
    {
      name: 'tcp: a port where nobody listens is ECONNREFUSED',
      async run() {
        const listener = await host.tcp.listen({ ip, port: 0 }, () => {})
        await listener.close()
        await rejectsWith('ECONNREFUSED', host.tcp.connect(listener.local, { timeoutMs: 2000 }))
      },
    },
    {
      name: 'tcp: a silent address is ETIMEDOUT in time',
      run: () => silentAddress(host, world),
    },
    {
      name: 'tcp: an abort ends an attempt, with its reason, and leaves no socket behind',
      run: () => abortedAttempts(host, world),
    },
    {
      name: 'tcp: a taken port is EADDRINUSE',
      async run() {
        const listener = await host.tcp.listen({ ip, port: 0 }, () => {})
        await rejectsWith(
          'EADDRINUSE',
          host.tcp.listen(listener.local, () => {}),
        )
        await listener.close()
      },
    },
    {
      name: 'tcp: an address of another machine is EADDRNOTAVAIL',
      run: async () =>
        void (await rejectsWith(
          'EADDRNOTAVAIL',
          host.tcp.listen({ ip: '192.0.2.7', port: 0 }, () => {}),
        )),
    },
    {
      name: 'tcp: a closed listener refuses, and its connections live on',
      async run() {
        const pair = await connectPair(host, ip)
        await pair.listener.close()
        await rejectsWith('ECONNREFUSED', host.tcp.connect(pair.listener.local, { timeoutMs: 2000 }))
        pair.client.connection.write(pattern(10))
        await until(host, 'bytes still arrive', () => pair.server.bytesSeen === 10)
        await pair.end()
      },
    },
    {
      name: 'tcp: a connection can come from a chosen local address',
      async run() {
        const seen = deferred<string>()
        const listener = await host.tcp.listen({ ip, port: 0 }, (connection) => {
          seen.resolve(connection.remote.ip)
          new Recorder(connection).connection.destroy()
        })
        const localIp = ip.startsWith('127.') ? '127.0.0.91' : ip
        const client = new Recorder(await host.tcp.connect(listener.local, { timeoutMs: 2000, localIp }))
        equal(await within(host, 2000, seen.promise), localIp, 'remote')
        client.connection.destroy()
        await listener.close()
      },
    },
  ]
}

/** Connects until nobody answers: a process that is stopped has a few connections accepted by the kernel. */
async function silentAddress(host: Host, world: World): Promise<void> {
  const { ip, port, stop } = await silentPlace(host, world, 'silent-timeout')
  for (let i = 0; i < 8; i++) {
    const startMs = host.clock.nowMs()
    const outcome = await host.tcp.connect({ ip, port }, { timeoutMs: 300 }).catch((error: unknown) => error)
    if (!(outcome instanceof Error)) continue
    const tookMs = host.clock.nowMs() - startMs
    await stop()
    await rejectsWith('ETIMEDOUT', Promise.reject(outcome))
    ok(tookMs >= 299 && tookMs < 1500, `300 ms are kept (${tookMs})`)
    return
  }
  await stop()
  throw new Skip('the kernel accepts every connection')
}

async function abortedAttempts(host: Host, world: World): Promise<void> {
  const { ip, port, stop } = await silentPlace(host, world, 'silent-abort')
  const reason = new Error('enough')
  const before = await openFiles(host)
  let aborted = 0
  for (let i = 0; i < 8; i++) {
    const abort = new AbortController()
    const attempt = host.tcp.connect({ ip, port }, { timeoutMs: 20_000, signal: abort.signal })
    const outcome = attempt.catch((error: unknown) => error)
    await sleep(host, 30)
    abort.abort(reason)
    const found = await within(host, 1000, outcome)
    if (found === reason) aborted++
    else if (!(found instanceof Error)) new Recorder(found as TcpConnection).connection.destroy()
  }
  await sleep(host, 50)
  const after = await openFiles(host)
  await stop()
  if (aborted === 0) throw new Skip('the kernel accepts every connection')
  ok(after <= before, `open files: ${before} before, ${after} after`)
}

/** How many files and sockets this process has open, where that can be seen. */
async function openFiles(host: Host): Promise<number> {
  if (host.runtime === 'sim' || host.system.os !== 'linux') return 0
  return (await host.files.list('/proc/self/fd')).length
}

async function silentPlace(
  host: Host,
  world: World,
  name: string,
): Promise<{ ip: string; port: number; stop: () => Promise<unknown> }> {
  if (world.silentIp !== undefined) return { ip: world.silentIp, port: 9, stop: () => Promise.resolve() }
  if (world.silentListener === undefined) throw new Skip('no silent address here')
  const path = `${world.directory}/${name}`
  const child = await host.processes.start(world.silentListener(path), {})
  await until(host, 'it listens', async () => (await host.files.list(world.directory)).includes(name))
  const port = Number(new TextDecoder().decode(await host.files.read(path)))
  return {
    ip: world.ip,
    port,
    stop() {
      child.kill('SIGKILL')
      return child.ended
    },
  }
}

function transferring(host: Host, world: World): readonly ConformanceCase[] {
  const { ip } = world
  return [
    {
      name: 'tcp: bytes sent before the handlers are set are not lost',
      async run() {
        const listener = await host.tcp.listen({ ip, port: 0 }, (connection) => {
          const server = new Recorder(connection)
          server.connection.write(pattern(100))
        })
        const connection = await host.tcp.connect(listener.local, { timeoutMs: 2000 })
        const client = new Recorder(connection)
        await until(host, 'the greeting is there', () => client.bytesSeen === 100)
        client.connection.destroy()
        await listener.close()
      },
    },
    {
      name: 'tcp: 20 MB arrive in order under back-pressure',
      async run() {
        const pair = await connectPair(host, ip)
        const sent = pattern(20 * 1024 * 1024)
        // The reader stops now and then.
        let stops = 0
        pair.server.onData = () => {
          if (++stops % 50 !== 0) return
          pair.server.connection.pause()
          host.clock.wakeAt(host.clock.nowMs() + 2, () => pair.server.connection.resume())
        }
        await writeAll(host, pair.client, sent)
        pair.client.connection.end()
        await within(host, 10_000, pair.server.ended.promise)
        equal(pair.server.bytesSeen, sent.length, 'length')
        ok(isSame(pair.server.bytes, sent), 'the bytes are the ones sent')
        await pair.end()
      },
    },
    {
      name: 'tcp: a reader that stops makes write return false and the queue grow',
      async run() {
        const pair = await connectPair(host, ip)
        pair.server.connection.pause()
        let isOpen = true
        for (let i = 0; i < 1000 && isOpen; i++) {
          isOpen = pair.client.connection.write(pattern(64 * 1024))
          if (i % 16 === 15) await sleep(host, 1)
        }
        ok(!isOpen, 'write returns false in the end')
        ok(pair.client.connection.queuedBytes > 0, 'bytes are queued')
        const seen = pair.server.bytesSeen
        await sleep(host, 30)
        ok(pair.server.bytesSeen - seen <= 64 * 1024, 'a paused reader gets nothing more')
        pair.server.connection.resume()
        await until(host, 'it drains', () => pair.client.drains > 0)
        await until(host, 'the queue is empty', () => pair.client.connection.queuedBytes === 0)
        await pair.end()
      },
    },
    {
      name: 'tcp: many small writes arrive in order',
      async run() {
        const pair = await connectPair(host, ip)
        for (let i = 0; i < 2000; i++) pair.client.connection.write(new Uint8Array([i & 0xff, i >>> 8]))
        await until(host, 'all is there', () => pair.server.bytesSeen === 4000)
        const bytes = pair.server.bytes
        for (let i = 0; i < 2000; i++)
          equal((bytes[2 * i] ?? 0) + 256 * (bytes[2 * i + 1] ?? 0), i, 'position')
        await pair.end()
      },
    },
  ]
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

function closing(host: Host, { ip }: World): readonly ConformanceCase[] {
  const closed = (one: Recorder): Promise<unknown> => within(host, 2000, one.closed.promise)
  return [
    {
      name: 'tcp: the server can answer after the client has ended',
      async run() {
        const pair = await connectPair(host, ip)
        pair.client.connection.write(pattern(10))
        pair.client.connection.end()
        await within(host, 2000, pair.server.ended.promise)
        await sleep(host, 20)
        pair.server.connection.write(pattern(300_000))
        pair.server.connection.end()
        await within(host, 2000, pair.client.ended.promise)
        equal(pair.client.bytesSeen, 300_000, 'answer')
        equal(await closed(pair.client), undefined, 'error of the client')
        equal(await closed(pair.server), undefined, 'error of the server')
        await pair.end()
      },
    },
    {
      name: 'tcp: the client can go on after the server has ended',
      async run() {
        const pair = await connectPair(host, ip)
        pair.server.connection.end()
        await within(host, 2000, pair.client.ended.promise)
        pair.client.connection.write(pattern(300_000))
        await until(host, 'the bytes are there', () => pair.server.bytesSeen === 300_000)
        pair.client.connection.end()
        await Promise.all([closed(pair.client), closed(pair.server)])
        await pair.end()
      },
    },
    {
      name: 'tcp: end sends what is queued first',
      async run() {
        const pair = await connectPair(host, ip)
        pair.server.connection.pause()
        const sent = pattern(8 * 1024 * 1024)
        pair.client.connection.write(sent)
        pair.client.connection.end()
        await sleep(host, 20)
        pair.server.connection.resume()
        await within(host, 5000, pair.server.ended.promise)
        equal(pair.server.bytesSeen, sent.length, 'length')
        await pair.end()
      },
    },
    {
      name: 'tcp: writing after end is ignored',
      async run() {
        const pair = await connectPair(host, ip)
        pair.client.connection.end()
        pair.client.connection.write(pattern(10))
        pair.client.connection.end()
        await within(host, 2000, pair.server.ended.promise)
        equal(pair.server.bytesSeen, 0, 'bytes')
        await pair.end()
        pair.client.connection.write(pattern(10))
      },
    },
    {
      name: 'tcp: destroy closes both ends, each told exactly once',
      async run() {
        const pair = await connectPair(host, ip)
        pair.client.connection.destroy()
        pair.client.connection.destroy()
        await within(host, 2000, Promise.race([pair.server.closed.promise, pair.server.ended.promise]))
        pair.server.connection.destroy()
        await Promise.all([closed(pair.client), closed(pair.server)])
        await sleep(host, 20)
        equal([pair.client.closes, pair.server.closes], [1, 1], 'closes')
        await pair.end()
      },
    },
    {
      name: 'tcp: a close is told after the call that caused it',
      async run() {
        const pair = await connectPair(host, ip)
        pair.client.connection.destroy()
        equal(pair.client.closes, 0, 'closes told inside destroy')
        pair.server.connection.end()
        equal(pair.server.closes, 0, 'closes told inside end')
        await pair.end()
        equal([pair.client.closes, pair.server.closes], [1, 1], 'closes')
      },
    },
    {
      name: 'tcp: no data comes after destroy',
      async run() {
        const pair = await connectPair(host, ip)
        pair.server.onData = () => pair.server.connection.destroy()
        for (let i = 0; i < 50; i++) pair.client.connection.write(pattern(64 * 1024))
        await closed(pair.server)
        equal(pair.server.parts.length, 1, 'deliveries')
        await pair.end()
      },
    },
    {
      name: 'tcp: a peer that breaks off while we write is told as a close',
      async run() {
        const pair = await connectPair(host, ip)
        pair.server.connection.destroy()
        for (let i = 0; i < 200 && pair.client.closes === 0; i++) {
          pair.client.connection.write(pattern(64 * 1024))
          await sleep(host, 2)
        }
        await closed(pair.client)
        equal(pair.client.closes, 1, 'closes')
        await pair.end()
      },
    },
    { name: 'tcp: 200 connections at once', run: () => manyConnections(host, ip) },
  ]
}

async function manyConnections(host: Host, ip: string): Promise<void> {
  const servers: Recorder[] = []
  const listener = await host.tcp.listen({ ip, port: 0 }, (connection) => {
    const server = new Recorder(connection)
    server.onData = (bytes) => connection.write(bytes)
    servers.push(server)
  })
  const connecting: Promise<TcpConnection>[] = []
  for (let i = 0; i < 200; i++) connecting.push(host.tcp.connect(listener.local, { timeoutMs: 5000 }))
  const clients = (await Promise.all(connecting)).map((connection) => new Recorder(connection))
  for (const client of clients) client.connection.write(pattern(10))
  await until(host, 'all have their echo', () => clients.every((client) => client.bytesSeen === 10))
  for (const client of clients) client.connection.destroy()
  await until(host, 'all are gone', () => clients.every((client) => client.closes === 1))
  for (const server of servers) server.connection.destroy()
  await listener.close()
}
