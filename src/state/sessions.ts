// Sessions: what they need to begin, what ends them, and what becomes of the keys that they have locked.
import type { CatalogCheck } from '../model/catalog.ts'
import type { CommandResult, SessionCommand } from '../model/command.ts'
import { sessionIdProblem, type Session, type SessionInfo } from '../model/session.ts'
import { fold, foldedKey } from './keys.ts'
import { keysLockedBy, removeKey, unlockKey } from './kv-tables.ts'
import { delayLock, lockDelayMsMax } from './lock-delay.ts'
import { valuesUnder } from './ordered-map.ts'
import { endQueriesOfSession } from './prepared-queries.ts'
import type { Change, Tables } from './tables.ts'
import { nodeSessionsTopic, sessionTopic, tableTopic } from './topics.ts'

const nanosPerMs = 1_000_000

/** Carries out a change of the sessions. */
export function applySession(tables: Tables, change: Change, command: SessionCommand): CommandResult {
  if (command.kind === 'sessionCreate') return createSession(tables, change, command.session)
  const session = sessionById(tables, command.id)
  const problem = session === undefined ? sessionIdProblem(command.id) : null
  if (problem !== null) return { kind: 'refused', message: problem }
  if (session !== undefined) endSession(tables, change, session)
  return { kind: 'done' }
}

/** A session by its ID. */
export function sessionById(tables: Tables, id: string): Session | undefined {
  return tables.sessions.get(fold(id))
}

/** Ends a session: its locks go, by release or with their keys, and cannot be taken again for its lock delay. */
export function endSession(tables: Tables, change: Change, session: Session): void {
  deleteSession(tables, change, session)
  endQueriesOfSession(tables, change, session.id)
  const delayMs = Math.min(Math.ceil(session.lockDelayNanos / nanosPerMs), lockDelayMsMax)
  for (const key of keysLockedBy(tables, session.id)) {
    const entry = tables.kvByKey.get(key)
    if (entry === undefined) continue
    if (session.behavior === 'delete') removeKey(tables, change, key)
    else unlockKey(tables, change, entry)
    if (delayMs > 0) delayLock(tables, key, change.wallMs + delayMs)
  }
}

/** Ends the sessions of a node that goes. */
export function endSessionsOfNode(tables: Tables, change: Change, node: string): void {
  if (tables.sessions.size === 0) return
  for (const session of valuesUnder(tables.sessionsByNode, foldedKey(node)))
    endSession(tables, change, session)
}

/** Ends the sessions that depend on a check that is critical or gone. */
export function endSessionsOfCheck(tables: Tables, change: Change, check: CatalogCheck): void {
  if (tables.sessions.size === 0) return
  const prefix = foldedKey(check.node, check.checkId)
  for (const id of valuesUnder(tables.sessionsByCheck, prefix)) {
    const session = sessionById(tables, id)
    if (session !== undefined) endSession(tables, change, session)
  }
}

/** Puts a session into the tables, as it is. */
export function insertSession(tables: Tables, session: Session): void {
  tables.sessions.set(fold(session.id), session)
  tables.sessionsByNode.set(foldedKey(session.node, session.id), session)
  for (const check of checksOf(session)) {
    tables.sessionsByCheck.set(foldedKey(session.node, check, session.id), session.id)
  }
}

function createSession(tables: Tables, change: Change, info: SessionInfo): CommandResult {
  const problem = refuse(tables, info)
  if (problem !== undefined) return { kind: 'refused', message: problem }
  insertSession(tables, { ...info, createIndex: change.index, modifyIndex: change.index })
  touch(tables, change, info)
  change.sessions.push({ id: info.id, ttlMs: info.ttlMs })
  return { kind: 'done' }
}

function refuse(tables: Tables, info: SessionInfo): string | undefined {
  if (sessionById(tables, info.id) !== undefined) return `Session ID ${JSON.stringify(info.id)} is in use`
  if (!tables.nodes.has(foldedKey(info.node))) return 'Missing node registration'
  for (const id of checksOf(info)) {
    const check = tables.checks.get(foldedKey(info.node, id))
    if (check === undefined) return `Missing check '${id}' registration`
    if (check.status === 'critical') return `Check '${id}' is in critical state`
  }
  return undefined
}

function deleteSession(tables: Tables, change: Change, session: Session): void {
  tables.sessions.delete(fold(session.id))
  tables.sessionsByNode.delete(foldedKey(session.node, session.id))
  for (const check of checksOf(session)) {
    tables.sessionsByCheck.delete(foldedKey(session.node, check, session.id))
  }
  touch(tables, change, session)
  change.sessions.push({ id: session.id, ttlMs: null })
}

/** All checks that a session depends on; some may be there twice. */
function checksOf(session: SessionInfo): readonly string[] {
  return [...session.nodeChecks, ...session.serviceChecks.map((check) => check.id)]
}

function touch(tables: Tables, change: Change, session: SessionInfo): void {
  tables.marks.sessions = change.index
  change.topics.add(tableTopic('sessions'))
  change.topics.add(sessionTopic(session.id))
  change.topics.add(nodeSessionsTopic(session.node))
}
