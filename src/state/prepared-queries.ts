// Prepared queries: what may be stored, what ends them, and which one answers to a name.
import type { CommandResult, QueryCommand } from '../model/command.ts'
import type { PreparedQuery } from '../model/prepared-query.ts'
import { uuidProblem } from '../model/session.ts'
import { fold, foldedKey } from './keys.ts'
import { valuesUnder } from './ordered-map.ts'
import type { Change, Tables } from './tables.ts'
import { preparedQueryTopic, tableTopic } from './topics.ts'

/** Carries out a change of the prepared queries. */
export function applyQuery(tables: Tables, change: Change, command: QueryCommand): CommandResult {
  if (command.kind === 'preparedQueryDelete') {
    deleteQuery(tables, change, command.id)
    return { kind: 'done' }
  }
  const { query } = command
  const problem = refuse(tables, query)
  if (problem !== undefined) return { kind: 'refused', message: problem }
  const known = tables.preparedQueries.get(fold(query.id))
  if (known !== undefined) removeQuery(tables, known)
  insertQuery(tables, {
    ...query,
    createIndex: known?.createIndex ?? change.index,
    modifyIndex: change.index,
  })
  touch(tables, change, query.id)
  return { kind: 'done' }
}

/** The query of this ID, else of this name, else the template with the longest name that this one begins with. */
export function resolveQuery(tables: Tables, nameOrId: string): PreparedQuery | null {
  const name = fold(nameOrId)
  const found = tables.preparedQueries.get(name)
  if (found !== undefined) return found
  const named = tables.queriesByName.get(name)
  if (named !== undefined) return tables.preparedQueries.get(named) ?? null
  if (tables.templatesByPrefix.size === 0) return null
  for (let length = name.length; length >= 0; length--) {
    const key = tables.templatesByPrefix.get(name.slice(0, length))
    if (key !== undefined) return tables.preparedQueries.get(key) ?? null
  }
  return null
}

/** Ends the queries of a session that ends. */
export function endQueriesOfSession(tables: Tables, change: Change, session: string): void {
  if (tables.queriesBySession.size === 0) return
  for (const key of valuesUnder(tables.queriesBySession, foldedKey(session))) deleteQuery(tables, change, key)
}

/** Puts a query into the tables, as it is. */
export function insertQuery(tables: Tables, query: PreparedQuery): void {
  const key = fold(query.id)
  tables.preparedQueries.set(key, query)
  if (query.template !== null) tables.templatesByPrefix.set(fold(query.name), key)
  if (query.name !== '') tables.queriesByName.set(fold(query.name), key)
  if (query.session !== '') tables.queriesBySession.set(foldedKey(query.session, query.id), key)
}

function removeQuery(tables: Tables, query: PreparedQuery): void {
  tables.preparedQueries.delete(fold(query.id))
  if (query.template !== null) tables.templatesByPrefix.delete(fold(query.name))
  if (query.name !== '') tables.queriesByName.delete(fold(query.name))
  if (query.session !== '') tables.queriesBySession.delete(foldedKey(query.session, query.id))
}

function deleteQuery(tables: Tables, change: Change, id: string): void {
  const query = tables.preparedQueries.get(fold(id))
  if (query === undefined) return
  removeQuery(tables, query)
  touch(tables, change, id)
}

/** Names are unique, may not look like the ID of another query, and the session is there. */
function refuse(
  tables: Tables,
  { id, name, session, template }: Pick<PreparedQuery, 'id' | 'name' | 'session' | 'template'>,
): string | undefined {
  if (name !== '') {
    if (isOther(tables.queriesByName.get(fold(name)), id))
      return `name '${name}' aliases an existing query name`
    if (tables.preparedQueries.has(fold(name))) return `name '${name}' aliases an existing query ID`
  } else if (template !== null && isOther(tables.templatesByPrefix.get(''), id)) {
    return 'a query template with an empty name already exists'
  }
  if (session === '' || tables.sessions.has(fold(session))) return undefined
  const problem = uuidProblem(session)
  return problem === null ? `invalid session "${session}"` : `invalid session: index error: ${problem}`
}

function isOther(key: string | undefined, id: string): boolean {
  return key !== undefined && key !== fold(id)
}

function touch(tables: Tables, change: Change, id: string): void {
  tables.marks.preparedQueries = change.index
  change.topics.add(tableTopic('queries'))
  change.topics.add(preparedQueryTopic(id))
}
