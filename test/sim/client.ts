// A person with curl: requests to the agents' HTTP APIs, bounded in virtual time.
import type { SimNode } from './node.ts'
import type { World } from './world.ts'

/** An answer, or what came instead: status 0 with a reason. */
export interface Answer {
  readonly status: number
  readonly body: string
  readonly index: number
  /** The value of a header, or ''. */
  header(name: string): string
}

/** What to ask. */
export interface Ask {
  readonly method?: string
  readonly path: string
  readonly body?: string
  readonly timeoutMs: number
}

/** Asks a node's agent. Never rejects. */
export async function ask(world: World, node: SimNode, request: Ask): Promise<Answer> {
  const abort = new AbortController()
  const cancel = world.scheduler.after(request.timeoutMs * 1000, () => abort.abort())
  try {
    const response = await world.fetch(node.machine, node.url + request.path, {
      method: request.method ?? 'GET',
      ...(request.body === undefined ? {} : { body: request.body }),
      signal: abort.signal,
    })
    const reading = response.text()
    world.scheduler.trackTransient(reading)
    const body = await reading
    const header = (name: string): string => response.headers.get(name) ?? ''
    return { status: response.status, body, index: Number(header('x-consul-index')), header }
  } catch (error) {
    const body = error instanceof Error ? error.message : String(error)
    return { status: 0, body, index: 0, header: () => '' }
  } finally {
    cancel()
  }
}

/** The JSON of a good answer, or undefined. */
export function jsonOf(answer: Answer): unknown {
  if (answer.status !== 200) return undefined
  try {
    return JSON.parse(answer.body) as unknown
  } catch {
    return undefined
  }
}
