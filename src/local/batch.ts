// What goes into one entry of the log: the oldest of what differs, with what belongs to it, as far as the limits allow.
import type { CheckInfo, NodeInfo, ServiceInfo } from '../model/catalog.ts'
import type { BatchLimits } from './config.ts'
import type { OwnCheck, OwnService } from './entries.ts'
import type { SingleCommand, SyncedItem } from './events.ts'
import { checkKey, idOf, isServiceKey, nodeKey, serviceKey, type Key, type Ledger } from './ledger.ts'
import type { OwnTable } from './table.ts'

/** A command with what it is about. */
export interface Planned {
  readonly command: SingleCommand
  readonly keys: readonly Key[]
  readonly items: readonly SyncedItem[]
}

/** Commands that are sent together. */
export interface Batch {
  readonly token: string
  readonly planned: readonly Planned[]
}

/** A service or check that was removed here. */
export interface Removed {
  readonly token: string
  /** Of a service: the checks that went with it. */
  readonly checkIds: readonly string[]
}

/** What a batch is made from. */
export interface BatchParts {
  readonly node: NodeInfo
  readonly table: OwnTable
  readonly ledger: Ledger
  /** What was removed and is to be deregistered. */
  readonly removed: ReadonlyMap<Key, Removed>
  readonly limits: BatchLimits
  /** The catalog has another node under our name: nothing else may be written before it is ours. */
  readonly isNodeForeign: boolean
}

/** Takes a batch out of the queue; null if there is nothing to send. All of it has the token of the oldest. */
export function takeBatch(parts: BatchParts): Batch | null {
  return new BatchMaker(parts).make()
}

class BatchMaker {
  readonly #parts: BatchParts
  readonly #planned: Planned[] = []
  readonly #isNodeIn: boolean
  #token: string | null = null
  #characters = 0

  constructor(parts: BatchParts) {
    this.#parts = parts
    this.#isNodeIn = parts.ledger.isIn(nodeKey)
  }

  make(): Batch | null {
    const { ledger, isNodeForeign, limits } = this.#parts
    // The node goes first: everything else refers to it.
    if (ledger.isOut(nodeKey)) this.#takeNode()
    if (!isNodeForeign) {
      for (const key of ledger.queue.keys()) {
        if (this.#planned.length >= limits.commandsMax || this.#characters >= limits.charactersMax) break
        if (this.#token === null || this.#token === this.#tokenOf(key)) this.#take(key)
      }
    }
    return this.#planned.length === 0 ? null : { token: this.#token ?? '', planned: this.#planned }
  }

  #tokenOf(key: Key): string {
    const { table, removed } = this.#parts
    const own = isServiceKey(key) ? table.services.get(idOf(key)) : table.checks.get(idOf(key))
    return (own ?? removed.get(key))?.token ?? ''
  }

  /** Takes a service or a check; the node is in no queue any more. */
  #take(key: Key): void {
    const { table } = this.#parts
    if (isServiceKey(key)) {
      const service = table.services.get(idOf(key))
      return service === undefined ? this.#takeRemoval(key) : this.#takeService(service)
    }
    const check = table.checks.get(idOf(key))
    return check === undefined ? this.#takeRemoval(key) : this.#takeCheck(check)
  }

  #takeNode(): void {
    const { node } = this.#parts
    this.#add('', {
      command: register(node, null, []),
      keys: [nodeKey],
      items: [{ what: 'node', id: '', isRemoval: false }],
    })
  }

  /** A service with those of its checks that are to be sent with the same token. */
  #takeService(service: OwnService): void {
    const { table, ledger, limits } = this.#parts
    const { id } = service.info
    const checks: CheckInfo[] = []
    let characters = lengthOf(service.info)
    for (const checkId of table.checksOf(id)) {
      const check = table.checks.get(checkId)
      if (check === undefined || check.token !== service.token || !ledger.isOut(checkKey(checkId))) continue
      characters += lengthOf(check.info)
      if (checks.length > 0 && characters > limits.charactersMax) break
      checks.push(check.info)
    }
    this.#characters += characters
    this.#add(service.token, {
      command: this.#register(service.info, checks),
      keys: [serviceKey(id), ...checks.map(({ checkId }) => checkKey(checkId))],
      items: [
        { what: 'service', id, isRemoval: false },
        ...checks.map(({ checkId }) => ({ what: 'check', id: checkId, isRemoval: false }) as const),
      ],
    })
  }

  /** A check goes behind its service. */
  #takeCheck({ info, token }: OwnCheck): void {
    const { ledger, table } = this.#parts
    const { serviceId, checkId } = info
    const isServiceDue = ledger.isOut(serviceKey(serviceId)) || ledger.isUnknown(serviceKey(serviceId))
    if (serviceId !== '' && isServiceDue) {
      const service = table.services.get(serviceId)
      // With another token it waits for the next batch.
      if (service?.token !== token) return
      this.#takeService(service)
      if (!ledger.isOut(checkKey(checkId))) return
    }
    this.#characters += lengthOf(info)
    this.#add(token, {
      command: this.#register(null, [info]),
      keys: [checkKey(checkId)],
      items: [{ what: 'check', id: checkId, isRemoval: false }],
    })
  }

  #takeRemoval(key: Key): void {
    const id = idOf(key)
    const isService = isServiceKey(key)
    const { name } = this.#parts.node
    this.#characters += id.length
    this.#add(this.#tokenOf(key), {
      command: {
        kind: 'deregister',
        node: name,
        serviceId: isService ? id : '',
        checkId: isService ? '' : id,
      },
      keys: [key],
      items: [{ what: isService ? 'service' : 'check', id, isRemoval: true }],
    })
  }

  /** The node's own record is left alone while the catalog has it right: nobody else can have taken the name then. */
  #register(service: ServiceInfo | null, checks: readonly CheckInfo[]): SingleCommand {
    return { ...register(this.#parts.node, service, checks), skipNodeUpdate: this.#isNodeIn }
  }

  #add(token: string, planned: Planned): void {
    this.#token ??= token
    this.#planned.push(planned)
    for (const key of planned.keys) this.#parts.ledger.settle(key)
  }
}

function register(
  node: NodeInfo,
  service: ServiceInfo | null,
  checks: readonly CheckInfo[],
): SingleCommand & { readonly kind: 'register' } {
  return { kind: 'register', node, service, checks, skipNodeUpdate: false }
}

/** About how large a thing is when it is written down. */
function lengthOf(info: ServiceInfo | CheckInfo): number {
  return JSON.stringify(info).length
}
