// Chains and gateways are held against the reference in test/parity; here is what no recording shows.
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../../src/model/catalog.ts'
import type { Command } from '../../../src/model/command.ts'
import { createState } from '../../../src/state/state.ts'
import { applyAll } from './fixtures.ts'

function put(
  configKind: string,
  name: string,
  body: JsonObject,
  expectedIndex: number | null = null,
): Command {
  return { kind: 'configEntrySet', configKind, name, body, expectedIndex }
}

function remove(configKind: string, name: string, expectedIndex: number | null = null): Command {
  return { kind: 'configEntryDelete', configKind, name, expectedIndex }
}

const applied = { kind: 'decided', applied: true, fencingToken: 0 }
const notApplied = { ...applied, applied: false }

describe('configuration entries', () => {
  it.each([
    ['0 where there is none', remove('service-defaults', 'x', 0), applied],
    ['0 where there is one', put('service-defaults', 'WEB', {}, 0), notApplied],
    ['its index', put('service-defaults', 'web', {}, 1), applied],
    ['another index', put('service-defaults', 'web', {}, 2), notApplied],
    ['its index, to delete', remove('service-defaults', 'web', 1), applied],
    ['another index, to delete', remove('service-defaults', 'web', 2), notApplied],
  ])('compare and set: %s', (_what, command, result) => {
    const state = createState()
    applyAll(state, put('service-defaults', 'web', { Protocol: 'http' }))
    expect(applyAll(state, command).result).toEqual(result)
  })

  it('wake who waits for the entry, its kind, or all', () => {
    const { changed } = applyAll(createState(), put('service-defaults', 'Web', {}))
    expect([...changed].sort()).toEqual(['e:service-defaults', 'e:service-defaults/web', 't:config'])
  })

  it('that are refused change nothing', () => {
    const state = createState()
    const { result, changed } = applyAll(state, put('service-router', 'web', { Routes: null }))
    expect(result.kind).toBe('refused')
    expect(changed).toEqual([])
    expect(state.query({ kind: 'configEntries', configKind: '' }).value).toEqual([])
  })

  it('may lead to each other by more ways than could be walked', () => {
    const state = createState()
    applyAll(state, put('proxy-defaults', 'global', { Config: { protocol: 'http' } }))
    for (let level = 60; level > 0; level--) {
      const Splits = ['a', 'b'].map((next) => ({ Weight: 50, Service: `${next}${level + 1}` }))
      for (const name of ['a', 'b']) {
        expect(applyAll(state, put('service-splitter', `${name}${level}`, { Splits })).result).toEqual(
          applied,
        )
      }
    }
    const circle = put('service-splitter', 'a61', { Splits: [{ Weight: 100, Service: 'b1' }] })
    expect(applyAll(state, circle).result).toMatchObject({ message: expect.stringContaining('circular') })
  })

  it('are held against all chains that lead to them in one walk, not in one for each', () => {
    const state = createState()
    applyAll(state, put('proxy-defaults', 'global', { Config: { protocol: 'http' } }))
    const width = 16
    const splits = (level: number): JsonObject => ({
      Splits: Array.from({ length: width }, (_, i) => ({ Weight: 1, Service: `s${level}-${i}` })),
    })
    for (let level = 10; level > 0; level--) {
      for (let i = 0; i < width; i++)
        applyAll(state, put('service-splitter', `s${level}-${i}`, splits(level + 1)))
    }
    for (let i = 0; i < 40; i++)
      expect(applyAll(state, put('service-splitter', 's10-0', splits(11 + i))).result).toEqual(applied)
    expect(applyAll(state, put('service-splitter', 's10-0', splits(1))).result).toMatchObject({
      message: expect.stringContaining('circular'),
    })
  })

  it.each([
    ['service-resolver', (to: string): JsonObject => ({ Redirect: { Service: to } })],
    ['service-splitter', (to: string): JsonObject => ({ Splits: [{ Weight: 100, Service: to }] })],
  ])('of %s stand in lines of bounded length: every server must be able to follow them', (kind, body) => {
    const state = createState()
    applyAll(state, put('proxy-defaults', 'global', { Config: { protocol: 'http' } }))
    let length = 0
    let result: unknown = applied
    while (length < 200) {
      result = applyAll(state, put(kind, `s${length}`, body(`s${length - 1}`))).result
      if (!Object.hasOwn(result as object, 'applied')) break
      length++
    }
    expect(length).toBe(129)
    expect(result).toMatchObject({ message: expect.stringContaining('is longer than 128 steps') })
  })

  it('are not refused for a chain that they have no part in', () => {
    const state = createState()
    applyAll(
      state,
      put('service-defaults', 'a', { Protocol: 'http' }),
      put('service-router', 'a', { Routes: [{ Destination: { Service: 'b' } }] }),
    )
    expect(applyAll(state, put('service-defaults', 'c', { Protocol: 'grpc' })).result).toEqual(applied)
  })

  it('are refused for chains that come to them over others', () => {
    const state = createState()
    const http = { Protocol: 'http' }
    for (const name of ['a', 'b', 'c']) applyAll(state, put('service-defaults', name, http))
    applyAll(
      state,
      put('service-resolver', 'b', { Redirect: { Service: 'C' } }),
      put('service-router', 'a', { Routes: [{ Destination: { Service: 'B' } }] }),
    )
    expect(applyAll(state, put('service-defaults', 'c', { Protocol: 'tcp' })).result).toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(/^discovery chain "[ab]" uses inconsistent protocols/) as string,
    })
    expect(applyAll(state, remove('service-router', 'a')).result).toEqual(applied)
    expect(applyAll(state, remove('service-resolver', 'b')).result).toEqual(applied)
    expect(applyAll(state, put('service-defaults', 'c', { Protocol: 'tcp' })).result).toEqual(applied)
  })

  it('are refused for what others make of them', () => {
    const state = createState()
    applyAll(
      state,
      put('service-defaults', 'a', { Protocol: 'http' }),
      put('service-defaults', 'b', { Protocol: 'http' }),
      put('service-router', 'a', { Routes: [{ Destination: { Service: 'b' } }] }),
    )
    expect(applyAll(state, remove('service-defaults', 'b')).result).toEqual({
      kind: 'refused',
      message: 'discovery chain "a" uses inconsistent protocols; service "b" has "tcp" which is not "http"',
    })
  })
})
