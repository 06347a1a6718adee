// What the scenarios share: a cluster that has formed, and the end that every scenario must come to.
import { expect } from 'vitest'
import { checkClean } from '../checkers/resources.ts'
import { Cluster, tinyLimits, type ClusterOptions } from '../cluster.ts'
import { ask } from '../client.ts'
import type { SimNode } from '../node.ts'

/** A cluster that has elected a leader and whose members all know each other. */
export async function formed(options: ClusterOptions): Promise<Cluster> {
  const cluster = new Cluster({ limits: tinyLimits, ...options })
  cluster.startAll()
  const isFormed = await cluster.converge(60_000)
  expect(isFormed, [...cluster.violations, ...cluster.describe()].join('\n')).toBe(true)
  return cluster
}

/** Nothing was violated and everybody agrees again within a bound. */
export async function expectConvergence(cluster: Cluster, ms: number): Promise<void> {
  const converged = await cluster.converge(ms)
  expect(cluster.violations).toEqual([])
  expect(converged, cluster.describe().join('\n')).toBe(true)
}

/** Stops all agents; nothing may be left open. */
export async function finish(cluster: Cluster): Promise<void> {
  const stopped = cluster.running.map((node) => node.process)
  for (const { agent } of cluster.running) if (agent !== null) await cluster.world.wait(agent.stop(), 30_000)
  await cluster.run(31_000)
  for (const process of stopped) if (process !== null) checkClean(process)
  expect(cluster.violations).toEqual([])
}

/** Writes a key through a node; true when it was acknowledged. */
export async function put(cluster: Cluster, node: SimNode, key: string, value: string): Promise<boolean> {
  const asked = ask(cluster.world, node, {
    method: 'PUT',
    path: `/v1/kv/${key}`,
    body: value,
    timeoutMs: 10_000,
  })
  const answer = await cluster.world.wait(asked, 11_000)
  return answer.status === 200 && answer.body === 'true'
}

/** The value of a key, read with consistency through a node; undefined when there is none or no answer. */
export async function get(cluster: Cluster, node: SimNode, key: string): Promise<string | undefined> {
  const asked = ask(cluster.world, node, { path: `/v1/kv/${key}?raw&consistent`, timeoutMs: 10_000 })
  const answer = await cluster.world.wait(asked, 11_000)
  return answer.status === 200 ? answer.body : undefined
}

/** A node by name. */
export function nodeOf(cluster: Cluster, name: string): SimNode {
  const node = cluster.nodes.find((each) => each.name === name)
  if (node === undefined) throw new Error(`no node ${name}`)
  return node
}

/** The node that leads. */
export function leaderOf(cluster: Cluster): SimNode {
  const leader = cluster.leader()
  if (leader === undefined) throw new Error('no leader')
  return leader
}

/** Cuts all ways between two sets of nodes, both directions. */
export function cut(cluster: Cluster, left: readonly SimNode[], right: readonly SimNode[]): void {
  for (const a of left) {
    for (const b of right) {
      cluster.world.links.cut(a.machine.number, b.machine.number)
      cluster.world.links.cut(b.machine.number, a.machine.number)
    }
  }
}
