// Records the reference's whole packets into wire.json. Not part of any test run:
//   node test/parity/dns/record-wire.ts PATH-OF-THE-REFERENCE-EXECUTABLE
// It runs a server of each of two datacenters on 127.0.92.1 and 127.0.92.2 with a resolver on 127.0.92.3:53 (as root),
// and stops them by their process ids.
import { type ChildProcess, spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import { upstreamReply, type WireExchange, wirePacket, wireReply } from './wire-packets.ts'
import { here, type Preparation, queries, there, type WireVariant, wireVariants } from './wire-setup.ts'

const executable = process.argv[2] ?? ''
if (executable === '') throw new Error('Name the reference executable as first argument')
const [dc1, dc2, stub] = ['127.0.92.1', '127.0.92.2', '127.0.92.3']

function framed(packet: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([packet.length >> 8, packet.length & 255]), packet])
}

function serveStub(): () => void {
  const udp = createSocket('udp4', (bytes, from) => {
    const reply = upstreamReply(bytes)
    if (reply) udp.send(reply, from.port, from.address)
  })
  udp.bind(53, stub)
  const tcp = createServer((socket) =>
    socket.on('data', (bytes) => {
      const reply = upstreamReply(bytes.subarray(2))
      if (reply) socket.write(framed(reply))
    }),
  ).listen(53, stub)
  return () => {
    udp.close()
    tcp.close()
  }
}

function askUdp(packet: Uint8Array): Promise<Uint8Array | null> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    const finish = (bytes: Uint8Array | null): void => {
      ended.abort()
      socket.close()
      resolve(bytes)
    }
    const ended = new AbortController()
    void pause(3000, null, { signal: ended.signal }).then(finish, () => undefined)
    socket.once('message', finish)
    socket.send(packet, 8600, dc1)
  })
}

function askTcp(packet: Uint8Array): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const socket = connect(8600, dc1, () => socket.write(framed(packet)))
    let received = Buffer.alloc(0)
    socket.on('error', reject)
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes])
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return
      socket.destroy()
      resolve(received.subarray(2))
    })
  })
}

async function until(url: string, isThere: (found: readonly unknown[]) => boolean): Promise<void> {
  for (let i = 0; i < 300; i++) {
    await pause(100)
    const found: unknown = await fetch(url)
      .then((response) => response.json())
      .catch(() => [])
    if (Array.isArray(found) && isThere(found)) return
  }
  throw new Error(`The reference did not come so far: ${url}`)
}

async function prepare(ip: string, { at, body }: Preparation): Promise<void> {
  const method = at === '/v1/query' ? 'POST' : 'PUT'
  const response = await fetch(`http://${ip}:8500${at}`, { method, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${at} ${response.status} ${await response.text()}`)
}

async function record(variant: WireVariant): Promise<readonly WireExchange[]> {
  const directory = mkdtempSync(join(tmpdir(), 'record-dns-'))
  const settings = JSON.stringify({ ...variant.settings, disable_coordinates: true }).replace('STUB', stub)
  writeFileSync(join(directory, 'settings.json'), settings)
  const start = (ip: string, dc: string): ChildProcess => {
    const of = (name: string): string => join(directory, `${dc}-${name}`)
    const flags = `-server -bootstrap -node=s-${dc} -datacenter=${dc} -bind=${ip} -client=${ip} -log-level=err`
    const more = ['-data-dir', of('data'), '-config-file', join(directory, 'settings.json')]
    const wan = ['-retry-join-wan', dc1]
    return spawn(executable, ['agent', ...flags.split(' '), ...more, ...wan], { stdio: 'inherit' })
  }
  const servers = [start(dc1, 'dc1'), start(dc2, 'dc2')]
  try {
    for (const ip of [dc1, dc2])
      await until(`http://${ip}:8500/v1/health/service/consul?passing`, (found) => found.length > 0)
    await until(`http://${dc1}:8500/v1/catalog/datacenters`, (found) => found.length === 2)
    for (const each of there) await prepare(dc2, each)
    for (const each of [...here, ...queries]) await prepare(dc1, each)
    await until(`http://${dc1}:8500/v1/health/service/far?dc=dc2`, (found) => found.length > 0)
    await pause(1000)
    const recorded: WireExchange[] = []
    for (const question of variant.questions) {
      const packet = wirePacket(question)
      const bytes = await (question.transport === 'tcp' ? askTcp(packet) : askUdp(packet))
      recorded.push({ question, reply: wireReply(bytes) })
    }
    return recorded
  } finally {
    for (const server of servers) server.kill('SIGKILL')
    await Promise.all(servers.map((server) => new Promise((resolve) => server.once('exit', resolve))))
    rmSync(directory, { recursive: true, force: true })
  }
}

const stopStub = serveStub()
const all: Record<string, readonly WireExchange[]> = {}
for (const variant of wireVariants) all[variant.name] = await record(variant)
stopStub()
const lines = Object.entries(all).map(
  ([name, recorded]) =>
    `  ${JSON.stringify(name)}: [\n${recorded.map((each) => `    ${JSON.stringify(each)}`).join(',\n')}\n  ]`,
)
writeFileSync(join(import.meta.dirname, 'wire.json'), `{\n${lines.join(',\n')}\n}\n`)
