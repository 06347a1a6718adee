// Servers that stay away for long, one after the other, while autopilot takes them out and lets them in again: as long
// as only one is away at a time, the others always decide, and nothing that was acknowledged is lost.
import { describe, expect, it } from 'vitest'
import { seededRandom } from '../../../src/lib/random.ts'
import { ask, jsonOf } from '../client.ts'
import type { Cluster } from '../cluster.ts'
import type { SimNode } from '../node.ts'
import { expectConvergence, finish, formed, get, leaderOf, nodeOf, put } from './cluster.ts'

/** Writes a key every now and then; fails when nothing is decided for so long. */
const silenceMsMax = 10_000

async function writeFor(cluster: Cluster, ms: number, written: string[]): Promise<void> {
  const untilMs = cluster.world.nowMs + ms
  let lastMs = cluster.world.nowMs
  while (cluster.world.nowMs < untilMs) {
    const key = `k${written.length}`
    if (await put(cluster, nodeOf(cluster, 'c1'), key, key)) {
      written.push(key)
      lastMs = cluster.world.nowMs
    }
    expect(cluster.world.nowMs - lastMs, 'time without a decision').toBeLessThan(silenceMsMax)
    await cluster.run(1500)
  }
}

async function voterCount(cluster: Cluster): Promise<number> {
  const path = '/v1/operator/autopilot/state'
  const asked = ask(cluster.world, leaderOf(cluster), { path, timeoutMs: 5000 })
  const state = jsonOf(await cluster.world.wait(asked, 6000)) as { readonly Voters: readonly string[] }
  return state.Voters.length
}

/** Ends a node, waits, and starts it again. */
async function away(cluster: Cluster, node: SimNode, ms: number, written: string[]): Promise<void> {
  node.crash('power')
  await writeFor(cluster, ms, written)
  node.start()
}

describe('servers that stay away', () => {
  it.each([1100, 1101, 1102, 1103])('one after the other, of five (seed %i)', async (seed) => {
    const cluster = await formed({ seed, servers: 5, clients: 1 })
    const random = seededRandom(seed).fork('away')
    const written: string[] = []
    const counts = new Set<number>()
    for (let turn = 0; turn < 10; turn++) {
      const node = cluster.servers[random.below(5)]
      if (node === undefined) throw new Error('five servers')
      await away(cluster, node, random.between(2000, 80_000), written)
      counts.add(await voterCount(cluster))
      // Often sooner than a new server's probation ends.
      await writeFor(cluster, random.between(1000, 20_000), written)
    }
    expect(counts).toContain(4)
    await expectConvergence(cluster, 60_000)
    await writeFor(cluster, 30_000, written)
    expect(await voterCount(cluster)).toBe(5)
    for (const key of written) expect(await get(cluster, nodeOf(cluster, 'c1'), key)).toBe(key)
    await finish(cluster)
  })

  it('one after the other, of three, with a few seconds in between', async () => {
    const cluster = await formed({ seed: 1104, servers: 3, clients: 1 })
    const written: string[] = []
    for (const node of [...cluster.servers, ...cluster.servers]) {
      await away(cluster, node, 60_000, written)
      await writeFor(cluster, 5000, written)
    }
    await expectConvergence(cluster, 60_000)
    await writeFor(cluster, 20_000, written)
    expect(await voterCount(cluster)).toBe(3)
    await finish(cluster)
  })

  it('two of five for good: three are left, and bear one more', async () => {
    const cluster = await formed({ seed: 1110, servers: 5, clients: 1 })
    const written: string[] = []
    const [one, two, three] = cluster.servers.filter((node) => node !== leaderOf(cluster))
    if (one === undefined || two === undefined || three === undefined) throw new Error('four followers')
    one.crash('kill')
    two.crash('kill')
    await writeFor(cluster, 30_000, written)
    expect(await voterCount(cluster)).toBe(3)
    three.crash('kill')
    await writeFor(cluster, 60_000, written)
    // One of the three that are left has failed: two decide on, and its seat is kept for a while, then given up.
    expect(await voterCount(cluster)).toBe(2)
    await finish(cluster)
  })

  it('two of four: nobody is taken out, for they may hold what is decided', async () => {
    const cluster = await formed({ seed: 1111, servers: 4, clients: 1 })
    await cluster.run(5000)
    const [one, two] = cluster.servers.filter((node) => node !== leaderOf(cluster))
    if (one === undefined || two === undefined) throw new Error('three followers')
    one.crash('kill')
    two.crash('kill')
    await cluster.run(90_000)
    one.start()
    const written: string[] = []
    expect(await cluster.until(() => cluster.leader() !== undefined, 20_000)).toBe(true)
    await writeFor(cluster, 5000, written)
    await finish(cluster)
  })
})
