// Ways to spoil what the catalog says of a node behind the back of its agent.
import type { Random } from '../../src/lib/random.ts'
import { ask, jsonOf } from './client.ts'
import type { SimNode } from './node.ts'
import type { World } from './world.ts'

/** What the catalog has said of a node at some time. */
export interface Archive {
  readonly node: string
  readonly services: readonly Readonly<Record<string, unknown>>[]
  readonly checks: readonly Readonly<Record<string, unknown>>[]
}

/** Where, through whom, and with what. */
export interface Spoiled {
  readonly world: World
  readonly through: SimNode
  readonly node: SimNode
  readonly address: string
  readonly random: Random
  /** Of all nodes, in no order. */
  readonly archives: Archive[]
}

/** One way. */
interface Spoiler {
  readonly name: string
  act(spoiled: Spoiled): Promise<void>
}

const ids = ['api-0', 'api-1', 'file-0', 'file-1', 'stray']

/** All ways. */
export const catalogSpoilers: readonly Spoiler[] = [
  { name: 'a service is removed', act: (at) => deregister(at, { ServiceID: at.random.pick(ids) }) },
  { name: 'a check is removed', act: (at) => deregister(at, { CheckID: `service:${at.random.pick(ids)}` }) },
  { name: 'a service is changed', act: (at) => register(at, { Service: changed(at.random) }) },
  {
    name: 'a check is added',
    act: (at) =>
      register(at, { Check: { Name: 'stray', CheckID: `stray-${at.random.below(2)}`, Status: 'passing' } }),
  },
  {
    name: 'a check is changed',
    act: (at) => register(at, { Check: { Name: 'wrong', CheckID: 'node-0', Status: 'warning' } }),
  },
  {
    name: 'the node’s meta data are changed',
    act: (at) => register(at, { NodeMeta: { wrong: 'yes' }, SkipNodeUpdate: false }),
  },
  { name: 'the node is removed', act: (at) => deregister(at, {}) },
  { name: 'what it says is kept', act: keep },
  { name: 'it is as it was before', act: restore },
]

function changed(random: Random): object {
  return { ID: random.pick(ids), Service: 'spoiled', Port: 9999, Tags: ['spoiled'] }
}

async function put({ world, through }: Spoiled, path: string, body: object): Promise<void> {
  await ask(world, through, { method: 'PUT', path, body: JSON.stringify(body), timeoutMs: 8000 })
}

function register(at: Spoiled, more: object): Promise<void> {
  const { node, address } = at
  const body = { ID: node.id, Node: node.name, Address: address, SkipNodeUpdate: true, ...more }
  return put(at, '/v1/catalog/register', body)
}

function deregister(at: Spoiled, more: object): Promise<void> {
  return put(at, '/v1/catalog/deregister', { Node: at.node.name, ...more })
}

async function keep({ world, through, node, archives }: Spoiled): Promise<void> {
  const detail = await ask(world, through, { path: `/v1/catalog/node/${node.name}`, timeoutMs: 8000 })
  const health = await ask(world, through, { path: `/v1/health/node/${node.name}`, timeoutMs: 8000 })
  const services = (jsonOf(detail) ?? { Services: {} }) as { readonly Services: Archive['services'] }
  const checks = (jsonOf(health) ?? []) as Archive['checks']
  archives.push({ node: node.name, services: Object.values(services.Services), checks })
}

/** As a catalog that was restored from an old archive. */
async function restore(at: Spoiled): Promise<void> {
  const archive = at.random.pick(at.archives.filter(({ node }) => node === at.node.name))
  if (archive === undefined) return
  const { services, checks } = archive
  for (const id of ids) await deregister(at, { ServiceID: id })
  for (const Service of services) await register(at, { Service })
  await register(at, { Checks: checks.filter(({ CheckID }) => CheckID !== 'serfHealth') })
}
