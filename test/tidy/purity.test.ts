// Pure folders hold no word of waiting; the pure type-check sees no platform.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { purityViolations, pureFolders } from './purity.ts'
import { root, typescriptBelow } from './source.ts'
import { runTool } from './tools.ts'

test('pure folders do not wait, ask for the time, or switch off type checks', () => {
  expect(typescriptBelow('src').flatMap(purityViolations)).toEqual([])
})

test.each([
  'export async function a(): void {}',
  'const a = await b',
  'let a: Promise<void>',
  'new Date()',
  'new WeakRef(a)',
  '// @ts-ignore',
  '/// <reference types="node" />',
])('a planted %s is reported', (text) => {
  expect(purityViolations({ path: 'src/raft/a.ts', text })).toHaveLength(1)
  expect(purityViolations({ path: 'src/agent/a.ts', text })).toEqual([])
})

test.each(['// await the answer', `const a = 'async'`, 'const a = { async: 1 }', 'message.await'])(
  'a harmless %s is not',
  (text) => {
    expect(purityViolations({ path: 'src/raft/a.ts', text })).toEqual([])
  },
)

test('the pure project holds exactly the pure folders', () => {
  const config = readFileSync(join(root, 'test/tidy/pure.tsconfig.json'), 'utf8')
  const { include } = JSON.parse(config) as { include: readonly string[] }
  expect(include).toEqual(pureFolders.map((folder) => `../../src/${folder}`))
})

test('the canary fails to compile on every line', () => {
  const canary = readFileSync(join(root, 'test/tidy/canary/impure.ts'), 'utf8').split('\n')
  const mustFail = canary.flatMap((text, index) =>
    /node:fs|^ {2}(?!readFileSync)/.test(text) ? [index + 1] : [],
  )
  const { code, output } = runTool('typescript/bin/tsc', ['--noEmit', '-p', 'test/tidy/canary.tsconfig.json'])
  const failed = [...output.matchAll(/impure\.ts\((\d+),/g)].map((match) => Number(match[1]))
  expect(code).not.toBe(0)
  expect(failed).toEqual(mustFail)
})
