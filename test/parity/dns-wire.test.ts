// The reference's whole packets against those of our agents: two datacenters in the simulator, with a resolver behind
// them. Each question is put twice, so that what is answered from memory is compared too.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import type { Agent } from '../../src/agent/agent.ts'
import type { Host, UdpSocket } from '../../src/runtime/host.ts'
import { World } from '../sim/world.ts'
import { get, machineIn, startAgent } from '../unit/agent/agents.ts'
import { differenceOf } from './dns/wire-differences.ts'
import {
  upstreamReply,
  type WireExchange,
  wirePacket,
  type WireReply,
  wireReply,
} from './dns/wire-packets.ts'
import { here, type Preparation, queries, there, type WireQuestion, wireVariants } from './dns/wire-setup.ts'

const recorded = JSON.parse(readFileSync(new URL('dns/wire.json', import.meta.url), 'utf8')) as Record<
  string,
  readonly WireExchange[]
>

const recordedAt = '127.0.92.1'

interface Lab {
  readonly ask: (question: WireQuestion) => Promise<WireReply>
}

async function prepare(world: World, agent: Agent, { at, body }: Preparation): Promise<void> {
  const method = at === '/v1/query' ? 'POST' : 'PUT'
  const request = new Request(`http://agent${at}`, { method, body: JSON.stringify(body) })
  const response = await world.wait(Promise.resolve(agent.app(request, { ip: '10.0.0.99', port: 1 })), 20_000)
  if (!response.ok) throw new Error(`${at} ${response.status}`)
}

async function until(world: World, isSo: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 100; i++) {
    if (await isSo()) return
    await world.run(200)
  }
  throw new Error('It did not come so far')
}

/** The resolver that knows what lies outside. */
async function serveUpstream(world: World, host: Host, ip: string): Promise<void> {
  const udp = await world.wait(
    host.udp.bind({ ip, port: 53 }, (bytes, from) => {
      const reply = upstreamReply(bytes)
      if (reply) udp.send(reply, from)
    }),
    1000,
  )
  const listening = host.tcp.listen({ ip, port: 53 }, (connection) =>
    connection.handle({
      onData: whole((packet) => {
        const reply = upstreamReply(packet)
        if (reply) connection.write(framed(reply))
      }),
      onClose: () => undefined,
    }),
  )
  await world.wait(listening, 1000)
}

/** Hands the first packet of a stream on when all of it is there. */
function whole(take: (packet: Uint8Array) => void): (bytes: Uint8Array) => void {
  let held = Buffer.alloc(0)
  return (bytes) => {
    held = Buffer.concat([held, bytes])
    if (held.length >= 2 && held.length >= 2 + held.readUInt16BE(0)) take(new Uint8Array(held.subarray(2)))
  }
}

function framed(packet: Uint8Array): Uint8Array {
  return new Uint8Array([packet.length >> 8, packet.length & 255, ...packet])
}

async function lab(settings: Readonly<Record<string, unknown>>): Promise<Lab> {
  const world = new World({ seed: 92 })
  const [one, two, stub, client] = ['s-dc1', 's-dc2', 'stub', 'client'].map((name) => machineIn(world, name))
  if (!one || !two || !stub || !client) throw new Error('four machines')
  await serveUpstream(world, world.boot(stub).host, stub.ip)
  const text = JSON.stringify(settings).replace('STUB', stub.ip)
  const [agent, other] = [one, two].map((machine, i) => {
    machine.disk.write('/data/settings.json', new TextEncoder().encode(text), 0o644, 0)
    const flags = ['-server', '-bootstrap', '-datacenter', `dc${i + 1}`, '-retry-join-wan', one.ip]
    return startAgent(world, machine, [...flags, '-config-file', '/data/settings.json']).agent
  })
  if (!agent || !other) throw new Error('two agents')
  const [a, b] = await world.wait(Promise.all([agent, other]), 20_000)
  const nodes = async (of: Agent, path: string, count: number): Promise<boolean> => {
    const found = await get(world, of, path)
    return Array.isArray(found) && found.length === count
  }
  for (const each of [a, b]) await until(world, () => nodes(each, '/v1/health/service/consul?passing', 1))
  await until(world, () => nodes(a, '/v1/catalog/datacenters', 2))
  for (const each of there) await prepare(world, b, each)
  for (const each of [...here, ...queries]) await prepare(world, a, each)
  await until(world, () => nodes(a, '/v1/health/service/far?dc=dc2', 1))

  const { host } = world.boot(client)
  const at = { ip: one.ip, port: 8600 }
  const overUdp = async (packet: Uint8Array): Promise<Uint8Array> => {
    let socket: UdpSocket | undefined
    const reply = new Promise<Uint8Array>((resolve) => {
      void host.udp
        .bind({ ip: client.ip, port: 0 }, (bytes) => resolve(bytes.slice()))
        .then((bound) => (socket = bound).send(packet, at))
    })
    const bytes = await world.wait(reply, 5000)
    await world.wait(socket?.close() ?? Promise.resolve(), 1000)
    return bytes
  }
  const overTcp = async (packet: Uint8Array): Promise<Uint8Array> => {
    const connection = await world.wait(host.tcp.connect(at, { timeoutMs: 1000 }), 2000)
    const reply = new Promise<Uint8Array>((resolve) => {
      connection.handle({ onData: whole(resolve), onClose: () => undefined })
      connection.write(framed(packet))
    })
    const bytes = await world.wait(reply, 5000)
    connection.destroy()
    return bytes
  }
  return {
    ask: async (question) => {
      const packet = wirePacket(question)
      const bytes = await (question.transport === 'tcp' ? overTcp(packet) : overUdp(packet))
      // Where the servers themselves live differs.
      const text = JSON.stringify(wireReply(bytes))
      return JSON.parse(text.replace(/(s-dc1\.node\.\S+ \d+ A )[\d.]+/g, `$1${recordedAt}`)) as WireReply
    },
  }
}

/** Of an answer that was drawn by lot only the number and the form count. */
function shapeOf(reply: WireReply): unknown {
  return reply && { ...reply, answers: reply.answers.length, additionals: reply.additionals.length }
}

describe.each(wireVariants)('$name', ({ name, settings }) => {
  const made = lab(settings)
  for (const { question, reply } of recorded[name] ?? []) {
    const { transport = 'udp', type, edns = '', subnet = '', flags = '' } = question
    it(`${question.name} ${type} ${transport} ${edns} ${subnet} ${flags}`, async () => {
      const { ask } = await made
      const isDrawn = reply?.flags.includes('tc') === true
      const expected = differenceOf(question, reply)
      for (let i = 0; i < 2; i++) {
        const ours = await ask(question)
        if (isDrawn) expect(shapeOf(ours)).toEqual(shapeOf(expected))
        else expect(ours).toEqual(expected)
      }
    })
  }
})
