// Watches: what somebody wants to be told of, and who is told. One vocabulary for the command line and for agents.

/** Kinds of things that can be watched. */
export type WatchType =
  | 'key'
  | 'keyprefix'
  | 'services'
  | 'nodes'
  | 'service'
  | 'checks'
  | 'event'
  /** A service of the agent itself, by id. */
  | 'agent_service'

/** What is watched. Absent texts are ''. */
export interface WatchSubject {
  readonly type: WatchType
  /** Of `key`. */
  readonly key: string
  /** Of `keyprefix`. */
  readonly prefix: string
  /** Of `service`, and of `checks` in place of a state. */
  readonly service: string
  /** Of `service`: all of them must be there. */
  readonly tags: readonly string[]
  readonly passingOnly: boolean
  /** Of `checks`; '' is any. */
  readonly state: string
  /** Of `event`; '' is all. */
  readonly name: string
  /** Of `agent_service`. */
  readonly serviceId: string
  /** Of `service`, `checks`, `nodes` and `services`: an expression that each item must fulfil. */
  readonly filter: string
}

/** A watch that an agent keeps up (`watches`). */
export interface WatchDefinition {
  readonly subject: WatchSubject
  /** '' is the agent's own. */
  readonly datacenter: string
  readonly token: string
  /** Any server may answer. */
  readonly stale: boolean
  readonly handler: WatchHandler
}

/** Who is told of a change. */
export type WatchHandler =
  /** Gets the answer as JSON on its standard input, and the index as CONSUL_INDEX. */
  | { readonly kind: 'program'; readonly args: readonly string[] }
  /** The same, by the shell. */
  | { readonly kind: 'shell'; readonly command: string }
  /** Gets the answer as JSON in the body, and the index as X-Consul-Index. */
  | {
      readonly kind: 'http'
      readonly url: string
      readonly method: string
      readonly timeoutMs: number
      readonly headers: Readonly<Record<string, readonly string[]>>
      readonly skipVerify: boolean
    }

/** The fields of a subject that each type takes. */
export const watchTakes: Readonly<Record<WatchType, readonly (keyof WatchSubject)[]>> = {
  key: ['key'],
  keyprefix: ['prefix'],
  services: ['filter'],
  nodes: ['filter'],
  service: ['service', 'tags', 'passingOnly', 'filter'],
  checks: ['service', 'state', 'filter'],
  event: ['name'],
  agent_service: ['serviceId'],
}

/** States that checks can be watched in. */
export const watchStates: readonly string[] = ['any', 'passing', 'warning', 'critical']

/** The field that a type cannot do without, and what it is called. */
const neededBy: Readonly<
  Partial<Record<WatchType, { readonly field: keyof WatchSubject; readonly word: string }>>
> = {
  key: { field: 'key', word: 'key' },
  keyprefix: { field: 'prefix', word: 'prefix' },
  service: { field: 'service', word: 'service' },
  agent_service: { field: 'serviceId', word: 'service_id' },
}

/** What is missing or does not fit in a subject, in the reference's words; null if it can be watched. */
export function watchFault(subject: WatchSubject): string | null {
  const { type, service, state } = subject
  const needed = neededBy[type]
  if (needed !== undefined && subject[needed.field] === '') {
    return `Must specify a single ${needed.word} to watch`
  }
  if (type !== 'checks') return null
  if (service !== '' && state !== '') return 'Cannot specify service and state'
  if (state !== '' && !watchStates.includes(state)) {
    return `Unsupported state: ${state}; there are ${watchStates.join(', ')}`
  }
  return null
}
