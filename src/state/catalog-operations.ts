// Operations of transactions on nodes, services and checks. Sentences are the reference's.
import { err, ok, type Result } from '../lib/result.ts'
import type { CatalogCheck, CatalogNode, CatalogService } from '../model/catalog.ts'
import type { TxnOperation, TxnResult } from '../model/transaction.ts'
import {
  deleteCheck,
  deleteNode,
  deleteService,
  nodeById,
  nodeByName,
  putCheck,
  putService,
} from './catalog.ts'
import { foldedKey } from './keys.ts'
import { checkIdOf, registerNode } from './register.ts'
import type { Change, Tables } from './tables.ts'

type Outcome = Result<readonly TxnResult[], string>
type CatalogOperation = Extract<TxnOperation, { readonly kind: 'node' | 'service' | 'check' }>
type Of<K> = Extract<TxnOperation, { readonly kind: K }>

/** One kind of thing: how it is found, stored, removed and named. */
interface Handling<T> {
  readonly name: string
  find(): T | undefined
  result(found: T): TxnResult
  /** Stores it; an error is a sentence. */
  put(): Result<null, string>
  remove(found: T): void
}

/** Carries out an operation on the catalog. */
export function applyCatalogOperation(tables: Tables, change: Change, operation: CatalogOperation): Outcome {
  switch (operation.kind) {
    case 'node':
      return run(operation, nodeHandling(tables, change, operation))
    case 'service':
      return run(operation, serviceHandling(tables, change, operation))
    default:
      return run(operation, checkHandling(tables, change, operation))
  }
}

function run<T extends { readonly modifyIndex: number }>(
  operation: CatalogOperation,
  handling: Handling<T>,
): Outcome {
  const known = handling.find()
  switch (operation.verb) {
    case 'get':
      return known === undefined ? err(`${handling.name} doesn't exist`) : ok([handling.result(known)])
    case 'cas':
      // Index 0 means: only if it is absent.
      if ((known?.modifyIndex ?? 0) === operation.index) return put(handling)
      return err(`failed to set ${handling.name}, index is stale`)
    case 'set':
      return put(handling)
    case 'delete':
      if (known !== undefined) handling.remove(known)
      return ok([])
    default:
      // Unlike a key's, what is absent cannot be deleted with an index.
      if (known === undefined || known.modifyIndex !== operation.index) {
        return err(`failed to delete ${handling.name}, index is stale`)
      }
      handling.remove(known)
      return ok([])
  }
}

function put<T>(handling: Handling<T>): Outcome {
  const stored = handling.put()
  const found = handling.find()
  if (!stored.ok) return stored
  return found === undefined ? ok([]) : ok([handling.result(found)])
}

function nodeHandling(tables: Tables, change: Change, operation: Of<'node'>): Handling<CatalogNode> {
  const { node } = operation
  return {
    name: `node ${quote(node.name)}`,
    find: () => nodeById(tables, node.id) ?? nodeByName(tables, node.name),
    result: (found) => ({ kind: 'node', node: found }),
    put: () => registerNode(tables, change, node),
    remove: (found) => deleteNode(tables, change, found.name),
  }
}

function serviceHandling(tables: Tables, change: Change, operation: Of<'service'>): Handling<CatalogService> {
  const { node, service } = operation
  return {
    name: `service ${quote(service.id)} on node ${quote(node)}`,
    find: () => tables.services.get(foldedKey(node, service.id)),
    result: (found) => ({ kind: 'service', service: found }),
    put: () => {
      const owner = nodeByName(tables, node)
      if (owner === undefined) return err('Missing node registration')
      putService(tables, change, owner.name, service)
      return ok(null)
    },
    remove: () => deleteService(tables, change, node, service.id),
  }
}

function checkHandling(tables: Tables, change: Change, operation: Of<'check'>): Handling<CatalogCheck> {
  const { check } = operation
  const checkId = checkIdOf(check)
  return {
    name: `check ${quote(checkId)} on node ${quote(check.node)}`,
    find: () => tables.checks.get(foldedKey(check.node, checkId)),
    result: (found) => ({ kind: 'check', check: found }),
    put: () => {
      const owner = nodeByName(tables, check.node)
      if (owner === undefined) return err('Missing node registration')
      if (check.serviceId !== '' && !tables.services.has(foldedKey(owner.name, check.serviceId))) {
        return err('Missing service registration')
      }
      putCheck(tables, change, owner.name, { ...check, checkId })
      return ok(null)
    },
    remove: () => deleteCheck(tables, change, check.node, checkId),
  }
}

function quote(text: string): string {
  return JSON.stringify(text)
}
