// Bytes that nobody should send, at every listening port of a server and of a client: they go on answering and do not
// grow. `--seconds 60` for the full form (default 8); `--seed N` repeats what was sent.
import { createSocket } from 'node:dgram'
import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { parseArgs } from 'node:util'
import { seededRandom, type Random } from '../../src/lib/random.ts'
import { equal, runScript, sleep, until } from './harness.ts'
import { hostileBytes } from './hostile-bytes.ts'
import { commonLeader, LocalAgents, membersEverywhere, type LocalAgent } from './local-agents.ts'

const { values } = parseArgs({ options: { seconds: { type: 'string' }, seed: { type: 'string' } } })
const seconds = Number(values.seconds ?? 8)
const seed = Number(values.seed ?? Date.now() % 1_000_000)
/** What an agent may have more after the second half than after the first, which warms it up. */
const growthMibMax = 24

const agents = new LocalAgents()
const tcpPorts = { server: [8300, 8301, 8302, 8500, 8600], client: [8301, 8500, 8600] } as const
const udpPorts = { server: [8301, 8302, 8600], client: [8301, 8600] } as const
const tcpPerPort = 4
const sent = { connections: 0, packets: 0, mib: 0 }
let endsAtMs = 0

function residentMib(agent: LocalAgent): number {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${agent.pid}/status`, 'utf8'))
  return Math.round(Number(line?.[1] ?? 0) / 1024)
}

function openFiles(agent: LocalAgent): number {
  return readdirSync(`/proc/${agent.pid}/fd`).length
}

/** One connection: some messages, then an end, a reset, or a wait for what the agent does. */
function throwAtTcp(ip: string, port: number, random: Random): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect({ host: ip, port, allowHalfOpen: true })
    socket.on('data', () => {})
    socket.once('error', () => socket.destroy())
    socket.once('close', () => resolve())
    // Most are cut short, some stay silent for a while.
    const timer = setTimeout(() => socket.destroy(), random.chance(50) ? 3_000 : 30 + random.below(300))
    socket.once('close', () => clearTimeout(timer))
    socket.once('connect', () => {
      sent.connections++
      for (let left = random.below(4); left > 0; left--) {
        const message = hostileBytes(random, 64 * 1024)
        sent.mib += message.length / 1024 / 1024
        socket.write(message)
      }
      if (random.chance(300)) socket.end()
      else if (random.chance(200)) socket.resetAndDestroy()
    })
  })
}

async function tcpAttacker(ip: string, port: number, random: Random): Promise<void> {
  while (performance.now() < endsAtMs) await throwAtTcp(ip, port, random)
}

async function udpAttacker(ip: string, port: number, random: Random): Promise<void> {
  const socket = createSocket('udp4')
  socket.on('error', () => {})
  while (performance.now() < endsAtMs) {
    for (let burst = 0; burst < 10; burst++) {
      const message = hostileBytes(random, random.chance(20) ? 60_000 : 1_400)
      sent.packets++
      sent.mib += message.length / 1024 / 1024
      socket.send(message, port, ip, () => {})
    }
    await sleep(10)
  }
  socket.close()
}

/** Throws at both agents for a while and asks them all the time; returns the slowest answer. */
async function attack(server: LocalAgent, client: LocalAgent, ms: number, random: Random): Promise<number> {
  endsAtMs = performance.now() + ms
  const attackers: Promise<void>[] = []
  for (const [agent, kind] of [
    [server, 'server'],
    [client, 'client'],
  ] as const) {
    for (const port of udpPorts[kind])
      attackers.push(udpAttacker(agent.ip, port, random.fork(`u${kind}${port}`)))
    for (const port of tcpPorts[kind]) {
      for (let n = 0; n < tcpPerPort; n++)
        attackers.push(tcpAttacker(agent.ip, port, random.fork(`t${kind}${port}/${n}`)))
    }
  }
  let slowestMs = 0
  while (performance.now() < endsAtMs) {
    const startedAt = performance.now()
    for (const agent of [server, client]) {
      equal(await agent.get<string>('/v1/status/leader'), '127.0.93.1:8300', `leader, asked at ${agent.node}`)
    }
    slowestMs = Math.max(slowestMs, performance.now() - startedAt)
    await sleep(100)
  }
  await Promise.all(attackers)
  return Math.round(slowestMs)
}

function picture(found: readonly LocalAgent[]): string {
  return found.map((agent) => `${agent.node} ${residentMib(agent)} MiB, ${openFiles(agent)} files`).join('; ')
}

await runScript(
  async (script) => {
    let server: LocalAgent
    let client: LocalAgent
    let both: readonly LocalAgent[] = []
    const random = seededRandom(seed)
    await script.step('a server and a client', async () => {
      const flags = ['-server', '-bootstrap-expect=1', '-log-level=error']
      server = await agents.startAndWait({ node: 'server', ip: '127.0.93.1', flags })
      const joins = ['-retry-join=127.0.93.1', '-log-level=error']
      client = await agents.startAndWait({ node: 'client', ip: '127.0.93.2', flags: joins })
      both = [server, client]
      await membersEverywhere(both, { server: 1, client: 1 })
      await commonLeader(both)
    })
    console.log(`     seed ${seed}; before: ${picture(both)}`)
    await script.step(
      `noise at all ports for ${seconds} s: they answer all the time and do not grow`,
      async () => {
        const files = both.map(openFiles)
        const first = await attack(server, client, (seconds * 1000) / 2, random.fork('first half'))
        const warm = both.map(residentMib)
        console.log(`     half:  ${picture(both)}`)
        const second = await attack(server, client, (seconds * 1000) / 2, random.fork('second half'))
        console.log(`     after: ${picture(both)}`)
        console.log(
          `     ${sent.connections} connections, ${sent.packets} packets, ${Math.round(sent.mib)} MiB`,
        )
        console.log(`     slowest answer ${Math.max(first, second)} ms`)
        for (const [at, agent] of both.entries()) {
          equal(agent.isRunning(), true, `${agent.node} runs: ${agent.stderr()}`)
          equal(agent.stderr(), '', `what ${agent.node} says on standard error`)
          const grown = residentMib(agent) - (warm[at] ?? 0)
          if (grown > growthMibMax)
            throw new Error(`${agent.node} has grown by ${grown} MiB in the second half`)
          // Those that said nothing are cut after ten seconds; the rest is closed by now.
          await until(
            `${agent.node} has closed its files`,
            () => openFiles(agent) <= (files[at] ?? 0) + 4,
            15_000,
          )
        }
      },
    )
    await script.step('both are alive and work', async () => {
      await membersEverywhere(both, { server: 1, client: 1 })
      const put = await client.request('/v1/kv/after', { method: 'PUT', body: 'it' })
      equal([put.status, (await put.text()).trim()], [200, 'true'])
      equal(await (await server.request('/v1/kv/after?raw&consistent')).text(), 'it')
    })
  },
  () => agents.remove(),
)
