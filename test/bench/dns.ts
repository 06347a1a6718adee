// Processor time of the answering side alone, for one answer: `node test/bench/dns.ts` (also bun, deno run -A).
import { addTo, answererOf, client, holdingView, questionPacket, stateOf } from '../unit/dns/catalog-view.ts'

const state = stateOf([{ node: 'first', address: '10.0.0.1' }])
for (const [service, count] of [
  ['web', 3],
  ['big', 100],
] as const) {
  for (let i = 0; i < count; i++) {
    addTo(state, {
      node: `${service}-node-${i}`,
      address: `10.1.${count}.${i + 1}`,
      service: { name: service, port: 8000 + i, tags: ['v1'] },
      check: { id: `${service}-check`, status: 'passing' },
    })
  }
}
const nowSeconds = (): number => Math.floor(Date.now() / 1000)
const answerer = answererOf(holdingView(state, { nowSeconds }))

const questions = [
  ['big-node-7.node.consul', 'A', undefined],
  ['missing.service.consul', 'A', undefined],
  ['web.service.consul', 'A', undefined],
  ['web.service.consul', 'SRV', undefined],
  ['big.service.consul', 'A', undefined],
  ['big.service.consul', 'SRV', undefined],
  ['big.service.consul', 'A', 4096],
  ['big.service.consul', 'SRV', 4096],
  ['5.100.1.10.in-addr.arpa', 'PTR', undefined],
] as const

async function microsOf(count: number, one: () => Promise<unknown> | undefined): Promise<number> {
  for (let i = 0; i < count; i++) await one()
  const before = process.cpuUsage()
  for (let i = 0; i < count; i++) {
    const waiting = one()
    if (waiting !== undefined) await waiting
  }
  const { user, system } = process.cpuUsage(before)
  return (user + system) / count
}

for (const [name, type, edns] of questions) {
  const packet = questionPacket(name, type, edns)
  const ask = (): Promise<unknown> => answerer.ask(packet, 'udp', client)
  const held = await microsOf(300_000, () => (answerer.now(packet, 'udp') === null ? ask() : undefined))
  const asked = await microsOf(3000, ask)
  console.log(
    `${name} ${type} ${edns ?? 'plain'}: held ${held.toFixed(2)} µs, looked up ${asked.toFixed(1)} µs`,
  )
}
