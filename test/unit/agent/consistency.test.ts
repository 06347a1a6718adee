// What answers of each consistency promise: their age, their index, and what they cost.
import { describe, expect, it } from 'vitest'
import { ask, jsonOf, type Answer } from '../../sim/client.ts'
import type { Cluster } from '../../sim/cluster.ts'
import type { SimNode } from '../../sim/node.ts'
import { cut, expectConvergence, finish, formed, leaderOf, put } from '../../sim/scenarios/cluster.ts'
import { Bench } from '../../paper/raft-bench.ts'

function read(cluster: Cluster, node: SimNode, more: string): Promise<Answer> {
  return ask(cluster.world, node, { path: `/v1/kv/k?raw&${more}`, timeoutMs: 15_000 })
}

function answered(cluster: Cluster, node: SimNode, more: string): Promise<Answer> {
  return cluster.world.wait(read(cluster, node, more), 16_000)
}

function followerOf(cluster: Cluster): SimNode {
  const found = cluster.servers.find((server) => server !== leaderOf(cluster))
  if (found === undefined) throw new Error('no follower')
  return found
}

function ageOf(answer: Answer): number {
  return Number(answer.header('x-consul-lastcontact'))
}

/** A client that counts in a key; it knows when which number was acknowledged. */
class Counting {
  readonly #cluster: Cluster
  readonly #acknowledged: { readonly atMs: number; readonly value: number }[] = []
  #isOver = false
  readonly ended: Promise<void>

  constructor(cluster: Cluster, node: SimNode) {
    this.#cluster = cluster
    this.ended = this.#run(node)
  }

  async #run(node: SimNode): Promise<void> {
    const { world } = this.#cluster
    for (let value = 1; !this.#isOver; value++) {
      const put = { method: 'PUT', path: '/v1/kv/k', body: `${value}`, timeoutMs: 5000 }
      const { status } = await ask(world, node, put)
      if (status === 200) this.#acknowledged.push({ atMs: world.nowMs, value })
      await new Promise<void>((resolve) => void world.scheduler.after(40_000, resolve))
    }
  }

  /** What was acknowledged before a time. */
  before(atMs: number): number {
    return this.#acknowledged.findLast((each) => each.atMs < atMs)?.value ?? 0
  }

  async end(): Promise<void> {
    this.#isOver = true
    await this.#cluster.world.wait(this.ended, 10_000)
  }
}

/** Reads stale and holds the answer against what it says of its age. */
async function checkAge(cluster: Cluster, node: SimNode, counting: Counting): Promise<Answer> {
  const askedMs = cluster.world.nowMs
  const answer = await answered(cluster, node, 'stale')
  if (answer.status === 200) {
    expect(Number(answer.body)).toBeGreaterThanOrEqual(counting.before(askedMs - ageOf(answer)))
  }
  return answer
}

describe('the age of a stale answer', () => {
  it('is at most a few heartbeats while all is well, and 0 at the leader', async () => {
    const cluster = await formed({ seed: 980, servers: 3 })
    const leader = leaderOf(cluster)
    await put(cluster, leader, 'k', '1')
    await cluster.run(3000)
    for (const node of cluster.servers) {
      const answer = await answered(cluster, node, 'stale')
      expect([answer.status, answer.header('x-consul-knownleader')]).toEqual([200, 'true'])
      expect(ageOf(answer)).toBeLessThanOrEqual(node === leader ? 0 : 400)
    }
    await finish(cluster)
  })

  it('stays small at every follower while writes come without a pause', async () => {
    const cluster = await formed({ seed: 987, servers: 3 })
    const leader = leaderOf(cluster)
    let isOver = false
    const write = async (): Promise<void> => {
      while (!isOver)
        await ask(cluster.world, leader, { method: 'PUT', path: '/v1/kv/k', body: 'x', timeoutMs: 5000 })
    }
    const writers = Promise.all([write(), write()])
    for (let turn = 0; turn < 10; turn++) {
      await cluster.run(100)
      for (const node of cluster.servers)
        expect(ageOf(await answered(cluster, node, 'stale'))).toBeLessThan(600)
    }
    isOver = true
    await cluster.world.wait(writers, 10_000)
    await finish(cluster)
  })

  it('is not less than it is where all words of the leader come late', async () => {
    const cluster = await formed({ seed: 981, servers: 3 })
    const [leader, lagging] = [leaderOf(cluster), followerOf(cluster)]
    const counting = new Counting(cluster, leader)
    await cluster.run(1000)
    const [from, to] = [leader.machine.number, lagging.machine.number]
    let oldestMs = 0
    for (let turn = 0; turn < 60; turn++) {
      if (turn % 10 === 0) cluster.world.links.clog(from, to, cluster.world.scheduler.nowMicros + 450_000)
      await cluster.run(50)
      const answer = await checkAge(cluster, lagging, counting)
      expect(answer.status).toBe(200)
      oldestMs = Math.max(oldestMs, ageOf(answer))
    }
    expect(oldestMs).toBeGreaterThan(400)
    await counting.end()
    await finish(cluster)
  })

  it('is not less than it is at a server that slept', async () => {
    const cluster = await formed({ seed: 982, servers: 3 })
    const [leader, sleeper] = [leaderOf(cluster), followerOf(cluster)]
    const counting = new Counting(cluster, leader)
    for (let turn = 0; turn < 3; turn++) {
      sleeper.pause()
      await cluster.run(5000)
      sleeper.resume()
      for (let look = 0; look < 12; look++) {
        await checkAge(cluster, sleeper, counting)
        await cluster.run(5)
      }
    }
    await counting.end()
    await expectConvergence(cluster, 60_000)
    await finish(cluster)
  })

  it('is not less than it is at a leader that slept and was replaced', async () => {
    const cluster = await formed({ seed: 983, servers: 3 })
    const old = leaderOf(cluster)
    const counting = new Counting(cluster, followerOf(cluster))
    await cluster.run(1000)
    old.pause()
    await cluster.run(5000)
    old.resume()
    for (let look = 0; look < 50; look++) {
      await checkAge(cluster, old, counting)
      await cluster.run(10)
    }
    await counting.end()
    await expectConvergence(cluster, 60_000)
    await finish(cluster)
  })
})

describe('a server that has just started', () => {
  it('never shows less than it says, and soon answers', async () => {
    const cluster = await formed({ seed: 984, servers: 3 })
    const node = followerOf(cluster)
    const counting = new Counting(cluster, leaderOf(cluster))
    for (let turn = 0; turn < 3; turn++) {
      await cluster.run(1000)
      node.crash('kill')
      await cluster.run(3000)
      node.start()
      for (let look = 0; look < 20; look++) {
        await checkAge(cluster, node, counting)
        await cluster.run(50)
      }
      const answer = await checkAge(cluster, node, counting)
      expect([answer.status, ageOf(answer) < 600]).toEqual([200, true])
    }
    await counting.end()
    await expectConvergence(cluster, 60_000)
    await finish(cluster)
  })
})

describe('max_stale', () => {
  it('is kept: an older answer is asked of the leader, or refused where there is none', async () => {
    const cluster = await formed({ seed: 985, servers: 3 })
    const node = followerOf(cluster)
    expect(await put(cluster, leaderOf(cluster), 'k', '1')).toBe(true)
    await cluster.run(1000)
    const fresh = await answered(cluster, node, 'max_stale=1ms')
    expect([fresh.status, fresh.body, ageOf(fresh)]).toEqual([200, '1', 0])
    cut(
      cluster,
      [node],
      cluster.servers.filter((server) => server !== node),
    )
    await cluster.run(10_000)
    expect((await answered(cluster, node, 'max_stale=5s')).status).toBe(500)
    const old = await answered(cluster, node, 'max_stale=60s')
    expect([old.status, old.body, old.header('x-consul-knownleader')]).toEqual([200, '1', 'false'])
    expect(ageOf(old)).toBeGreaterThan(9000)
    cluster.world.links.heal()
    await expectConvergence(cluster, 60_000)
    await finish(cluster)
  })
})

async function requestsAt(cluster: Cluster, node: SimNode): Promise<number> {
  const answer = await cluster.world.wait(
    ask(cluster.world, node, { path: '/v1/agent/metrics', timeoutMs: 5000 }),
    6000,
  )
  const metrics = jsonOf(answer) as { readonly Counters: readonly { Name: string; Count: number }[] }
  return metrics.Counters.find(({ Name }) => Name.endsWith('rpc.request'))?.Count ?? 0
}

describe('many consistent reads', () => {
  it('share rounds at the leader', () => {
    const bench = new Bench()
    bench.becomeSettledLeader()
    bench.sent = []
    for (let request = 1; request <= 1000; request++) bench.feed({ kind: 'readIndex', request })
    for (let turn = 0; bench.of('readReady').length < 1000 && turn < 10; turn++) {
      for (const { message } of bench.take('appendEntries')) bench.acknowledge('b', 2, message.readRound)
    }
    expect(bench.of('readReady')).toHaveLength(1000)
    const rounds = new Set(bench.of('send').map(({ message }) => 'readRound' in message && message.readRound))
    // One for the first, and one for all that came while it was under way.
    expect(rounds.size).toBeLessThanOrEqual(4)
  })

  it('through a follower cost the leader a few questions', async () => {
    const cluster = await formed({ seed: 986, servers: 3 })
    const [leader, node] = [leaderOf(cluster), followerOf(cluster)]
    expect(await put(cluster, leader, 'k', '1')).toBe(true)
    await cluster.run(11_000)
    const before = await requestsAt(cluster, leader)
    const asked = Array.from({ length: 190 }, () => read(cluster, node, 'consistent'))
    const answers = await cluster.world.wait(Promise.all(asked), 16_000)
    expect(new Set(answers.map(({ status, body }) => `${status} ${body}`))).toEqual(new Set(['200 1']))
    expect((await requestsAt(cluster, leader)) - before).toBeLessThan(10)
    await finish(cluster)
  })
})
