// What an agent says of its node, held against what the catalog says of it.
import { ask, jsonOf } from '../client.ts'
import type { SimNode } from '../node.ts'
import type { World } from '../world.ts'

/** A service in the API's words. */
interface ApiService {
  readonly ID: string
  readonly Service: string
  readonly Tags: readonly string[]
  readonly Meta: object
  readonly Port: number
  readonly Address: string
  readonly EnableTagOverride: boolean
}

/** A check in the API's words. */
interface ApiCheck {
  readonly CheckID: string
  readonly Name: string
  readonly Status: string
  readonly Notes: string
  readonly ServiceID: string
  readonly ServiceName: string
  readonly Type: string
}

/** What somebody says that a node has. */
export interface Said {
  readonly services: ReadonlyMap<string, ApiService>
  readonly checks: ReadonlyMap<string, ApiCheck>
}

/** Both sides. */
export interface View {
  readonly own: Said
  readonly stored: Said
}

/** Asks the agent of a node for what it has, and any agent for what the catalog has of it. */
export async function viewOf(world: World, node: SimNode, through: SimNode): Promise<View> {
  const get = async (from: SimNode, path: string): Promise<unknown> => {
    const answer = await ask(world, from, { path, timeoutMs: 8000 })
    if (answer.status !== 200)
      throw new Error(`${from.name} answers ${path} with ${answer.status} ${answer.body}`)
    return jsonOf(answer)
  }
  const services = await get(node, '/v1/agent/services')
  const checks = await get(node, '/v1/agent/checks')
  const detail = (await get(through, `/v1/catalog/node/${node.name}`)) as {
    readonly Services: unknown
  } | null
  const health = await get(through, `/v1/health/node/${node.name}`)
  const stored = saidOf(Object.values(detail?.Services ?? {}), health as readonly ApiCheck[])
  return { own: saidOf(Object.values(services ?? {}), Object.values(checks ?? {})), stored }
}

/** What the leader writes is no agent's to say. */
function saidOf(services: readonly ApiService[], checks: readonly ApiCheck[]): Said {
  return {
    services: new Map(services.filter(({ ID }) => ID !== 'consul').map((each) => [each.ID, each])),
    checks: new Map(
      checks.filter(({ CheckID }) => CheckID !== 'serfHealth').map((each) => [each.CheckID, each]),
    ),
  }
}

/** How they differ. Output may lag behind, and is not looked at. */
export function differencesOf(node: string, { own, stored }: View): readonly string[] {
  return [
    ...compare(`notSynced: ${node} service`, own.services, stored.services, serviceWords),
    ...compare(`notSynced: ${node} check`, own.checks, stored.checks, checkWords),
  ]
}

function compare<T>(
  what: string,
  own: ReadonlyMap<string, T>,
  stored: ReadonlyMap<string, T>,
  words: (item: T) => string,
): readonly string[] {
  return [...new Set([...own.keys(), ...stored.keys()])].flatMap((id) => {
    const [ours, theirs] = [own.get(id), stored.get(id)].map((item) =>
      item === undefined ? 'nothing' : words(item),
    )
    return ours === theirs ? [] : [`${what} ${id}: the agent has ${ours}, the catalog ${theirs}`]
  })
}

function serviceWords({ Service, Tags, Meta, Port, Address, EnableTagOverride }: ApiService): string {
  return JSON.stringify([Service, Tags ?? [], Meta ?? {}, Port, Address, EnableTagOverride])
}

function checkWords({ Name, Status, Notes, ServiceID, ServiceName, Type }: ApiCheck): string {
  return JSON.stringify([Name, Status, Notes, ServiceID, ServiceName, Type])
}
