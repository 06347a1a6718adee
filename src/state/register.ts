// The rules of registration: whose name is whose, what a check needs. Refusals are the reference's sentences.
import { err, ok } from '../lib/result.ts'
import type { Result } from '../lib/result.ts'
import type { CatalogNode, CheckInfo, NodeInfo } from '../model/catalog.ts'
import type { CommandResult, DeregisterCommand, RegisterCommand } from '../model/command.ts'
import {
  deleteCheck,
  deleteNode,
  deleteService,
  nodeById,
  nodeByName,
  putCheck,
  putNode,
  putService,
} from './catalog.ts'
import { fold, foldedKey } from './keys.ts'
import type { Change, Tables } from './tables.ts'

/** What registering a node's record means. */
type NodePlan =
  | { readonly kind: 'keep'; readonly base: CatalogNode }
  /** `base` keeps its createIndex. */
  | { readonly kind: 'put'; readonly base: CatalogNode | undefined }
  /** The node ID is known under another name: that node goes, with all it has. */
  | { readonly kind: 'rename'; readonly base: CatalogNode }

/** Registers a node, its service and its checks; all of it or nothing. */
export function applyRegister(tables: Tables, change: Change, command: RegisterCommand): CommandResult {
  const plan = planRegistration(tables, command)
  if (!plan.ok) return { kind: 'refused', message: `failed inserting node: ${plan.error}` }
  const refusal = refuseChecks(tables, command)
  if (refusal !== undefined) return { kind: 'refused', message: refusal }

  storeNode(tables, change, command.node, plan.value)
  const node = nameOf(plan.value, command.node.name)
  if (command.service !== null) putService(tables, change, node, command.service)
  for (const check of command.checks) putCheck(tables, change, node, { ...check, checkId: checkIdOf(check) })
  return { kind: 'done' }
}

/** The name as the node's record holds it, if it is the same: what many hold is held once. */
function nameOf({ base }: NodePlan, name: string): string {
  return base?.name === name ? base.name : name
}

/** Removes a service, else a check, else the whole node. What is not there is no error. */
export function applyDeregister(tables: Tables, change: Change, command: DeregisterCommand): CommandResult {
  if (command.serviceId !== '') deleteService(tables, change, command.node, command.serviceId)
  else if (command.checkId !== '') deleteCheck(tables, change, command.node, command.checkId)
  else deleteNode(tables, change, command.node)
  return { kind: 'done' }
}

/** Stores a node alone, by the same rules. */
export function registerNode(tables: Tables, change: Change, node: NodeInfo): Result<null, string> {
  const plan = planNode(tables, node)
  if (!plan.ok) return plan
  storeNode(tables, change, node, plan.value)
  return ok(null)
}

function storeNode(tables: Tables, change: Change, node: NodeInfo, plan: NodePlan): void {
  if (plan.kind === 'rename') deleteNode(tables, change, plan.base.name)
  if (plan.kind !== 'keep') putNode(tables, change, node, plan.base)
}

function planRegistration(tables: Tables, command: RegisterCommand): Result<NodePlan, string> {
  const { node, skipNodeUpdate } = command
  const known = skipNodeUpdate ? nodeByName(tables, node.name) : undefined
  return known === undefined ? planNode(tables, node) : ok({ kind: 'keep', base: known })
}

function planNode(tables: Tables, node: NodeInfo): Result<NodePlan, string> {
  const named = nodeByName(tables, node.name)
  const identified = nodeById(tables, node.id)
  if (identified !== undefined && fold(identified.name) !== fold(node.name)) {
    const holder = reservation(tables, node, true)
    if (holder !== undefined) return err(nameTaken(`${quote(node.id)} (${node.address})`, holder))
    return ok({ kind: 'rename', base: identified })
  }
  if (identified === undefined && node.id !== '') {
    const holder = reservation(tables, node, false)
    if (holder !== undefined) return err(nameTaken(quote(node.id), holder))
  }
  return ok({ kind: 'put', base: identified ?? named })
}

/**
 * Why another node's name may not be taken: it has another ID, and its `serfHealth` says that it is alive. A name
 * without `serfHealth` is an external registration and free to take.
 *
 * @param bindsAnonymous whether a healthy holder without an ID counts: for a rename it does
 */
function reservation(tables: Tables, node: NodeInfo, bindsAnonymous: boolean): string | undefined {
  const holder = nodeByName(tables, node.name)
  if (holder === undefined || fold(holder.id) === fold(node.id)) return undefined
  if (holder.id === '' && !bindsAnonymous) return undefined
  const health = tables.checks.get(foldedKey(holder.name, 'serfHealth'))
  if (health === undefined || health.status === 'critical') return undefined
  return `Node name ${node.name} is reserved by node ${holder.id} with name ${holder.name} (${holder.address})`
}

function nameTaken(who: string, holder: string): string {
  return `Error while renaming Node ID: ${who}: ${holder}`
}

/** Checks belong to the node that is registered, and to a service that is on it. */
function refuseChecks(tables: Tables, command: RegisterCommand): string | undefined {
  const node = command.node.name
  for (const check of command.checks) {
    if (check.node !== '' && fold(check.node) !== fold(node)) {
      return `check node ${quote(check.node)} does not match node ${quote(node)}`
    }
    if (check.serviceId === '' || fold(check.serviceId) === fold(command.service?.id ?? '')) continue
    if (!tables.services.has(foldedKey(node, check.serviceId))) {
      return `failed inserting check: Missing service registration on node ${quote(node)}`
    }
  }
  return undefined
}

/** A check without an ID takes its name. */
export function checkIdOf(check: CheckInfo): string {
  return check.checkId === '' ? check.name : check.checkId
}

function quote(text: string): string {
  return JSON.stringify(text)
}
