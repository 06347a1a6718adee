import { describe, expect, it } from 'vitest'
import type { Command } from '../../../src/model/command.ts'
import type { PreparedQueryInfo } from '../../../src/model/prepared-query.ts'
import { createState } from '../../../src/state/state.ts'
import { preparedQuery } from '../codec/samples.ts'
import { applyAll, node, register, session } from './fixtures.ts'

const { createIndex: _created, modifyIndex: _modified, ...sample } = preparedQuery
const sessionId = '6f4c1a52-9f3e-4f0a-8a1b-2d9d3a6f7c11'

function put(id: string, over: Partial<PreparedQueryInfo> = {}): Command {
  return { kind: 'preparedQuerySet', query: { ...sample, id, session: '', template: null, ...over } }
}

const template = { type: 'name_prefix_match', regexp: '', removeEmptyTags: false } as const

describe('prepared queries', () => {
  it.each([
    ['a name that another one has', put('q2', { name: 'A' }), "name 'A' aliases an existing query name"],
    ['as a template', put('q2', { name: 'a', template }), "name 'a' aliases an existing query name"],
    ['the ID of another one as a name', put('q2', { name: 'q1' }), "name 'q1' aliases an existing query ID"],
    [
      'a second template of all names',
      put('q2', { name: '', template }),
      'a query template with an empty name already exists',
    ],
    ['a session that is none', put('q2', { session: sessionId }), `invalid session "${sessionId}"`],
    [
      'a session that cannot be one',
      put('q2', { session: 'zz' }),
      'invalid session: index error: UUID must be 36 characters',
    ],
  ])('are refused with %s', (_what, command, message) => {
    const state = createState()
    applyAll(state, put('q1', { name: 'a' }), put('q9', { name: '', template }))
    expect(applyAll(state, command).result).toEqual({ kind: 'refused', message })
    expect(state.query({ kind: 'preparedQueries' }).value).toHaveLength(2)
  })

  it('keep their CreateIndex when they are replaced, and give their old name free', () => {
    const state = createState()
    applyAll(state, put('q1', { name: 'a' }), put('q1', { name: 'b' }), put('q2', { name: 'a' }))
    expect(state.query({ kind: 'preparedQuery', id: 'Q1' }).value).toMatchObject({
      name: 'b',
      createIndex: 1,
      modifyIndex: 2,
    })
    expect(state.query({ kind: 'preparedQueryResolve', nameOrId: 'A' }).value?.id).toBe('q2')
  })

  it('end with their session', () => {
    const state = createState()
    applyAll(state, register(node('n1')), session(sessionId), put('q1', { name: 'a', session: sessionId }))
    const { changed } = applyAll(state, { kind: 'sessionDestroy', id: sessionId })
    expect(state.query({ kind: 'preparedQueries' })).toEqual({ index: 4, value: [] })
    expect(changed).toContain('q:q1')
  })
})
