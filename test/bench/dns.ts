// Questions per second that the answering side handles alone, on one core: `node test/bench/dns.ts` (also bun, deno run -A).
import { asking, questionPacket, stateOf, viewOf } from '../unit/dns/catalog-view.ts'

const entries = Array.from({ length: 200 }, (_, i) => ({
  node: `node-${i}`,
  address: `10.0.${i >> 8}.${i & 255}`,
  service: { name: `service-${i >> 3}`, port: 8000 + i, tags: ['v1'] },
  check: { id: `check-${i}`, status: 'passing' as const },
}))
const ask = asking(viewOf({ dc1: stateOf(entries) }))

const questions = [
  ['node-7.node.consul', 'A', undefined],
  ['service-3.service.consul', 'A', 1232],
  ['service-3.service.consul', 'A', undefined],
  ['service-3.service.consul', 'SRV', 1232],
  ['missing.service.consul', 'A', 1232],
  ['1.0.0.10.in-addr.arpa', 'PTR', undefined],
] as const

for (const [name, type, edns] of questions) {
  const packet = questionPacket(name, type, edns)
  let count = 0
  const untilMs = performance.now() + 1500
  const startMs = performance.now()
  while (performance.now() < untilMs) {
    for (let i = 0; i < 200; i++) await ask(packet)
    count += 200
  }
  const perSecond = Math.round((count * 1000) / (performance.now() - startMs))
  console.log(`${name} ${type} ${edns ?? 'plain'}: ${perSecond}/s`)
}
