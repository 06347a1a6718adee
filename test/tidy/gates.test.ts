// The gates that are tools: each must report what it is there for. One planted file per rule of the house.
import { expect, test } from 'vitest'
import { plant, runTool } from './tools.ts'

const lines = (count: number, text: string): string => `${text}\n`.repeat(count)
const branches = lines(13, '  if (a === 1) b += 1')

/** A file that breaks one rule, and the rule's name in the linter's report. */
const violations: readonly (readonly [rule: string, path: string, text: string])[] = [
  ['max-lines-per-function', 'src/lib/long.ts', `export function f(): void {\n${lines(70, '  g()')}}\n`],
  ['max-lines', 'src/lib/longer.ts', lines(501, '// A line.')],
  [
    'complexity',
    'src/lib/branches.ts',
    `export function f(a: number): number {\n  let b = 0\n${branches}  return b\n}\n`,
  ],
  ['max-params', 'src/lib/params.ts', 'export function f(a: 1, b: 2, c: 3, d: 4, e: 5): void {}\n'],
  [
    'max-depth',
    'src/lib/deep.ts',
    'export function f(a: boolean): void {\n  if (a) { if (a) { if (a) { if (a) { f(a) } } } }\n}\n',
  ],
  ['no-floating-promises', 'src/agent/floating.ts', 'export async function f(): Promise<void> {\n  f()\n}\n'],
  [
    'no-misused-promises',
    'src/agent/misused.ts',
    'export function f(a: Promise<void>): number {\n  return a ? 1 : 2\n}\n',
  ],
  [
    'switch-exhaustiveness-check',
    'src/lib/switch.ts',
    `export function f(a: 'b' | 'c'): void {\n  switch (a) {\n    case 'b':\n      break\n  }\n}\n`,
  ],
  [
    'no-cycle',
    'src/agent/cycle-a.ts',
    `import { b } from './cycle-b.ts'\nexport const a = (): void => b()\n`,
  ],
  ['no-default-export', 'src/agent/default.ts', 'export default 1\n'],
  ['consistent-type-imports', 'src/agent/types.ts', `import { A } from './a-type.ts'\nexport type B = A\n`],
  ['no-explicit-any', 'src/agent/any.ts', 'export const a: any = 1\n'],
  ['no-non-null-assertion', 'src/agent/null.ts', 'export const f = (a?: string): string => a!\n'],
  ['only-throw-error', 'src/agent/throw.ts', `export function f(): void {\n  throw 'x'\n}\n`],
  ['no-console', 'src/agent/console.ts', `console.log('x')\n`],
  ['filename-case', 'src/agent/fileName.ts', 'export const a = 1\n'],
  ['no-restricted-globals', 'src/raft/clock.ts', 'export const a: number = Date.now()\n'],
  ['no-restricted-properties', 'src/gossip/draw.ts', 'export const a: number = Math.random()\n'],
  ['no-restricted-properties', 'src/gossip/log.ts', 'export const a: number = Math.log(2)\n'],
  ['no-restricted-properties', 'src/state/locale.ts', `export const a: number = 'a'.localeCompare('b')\n`],
  [
    'Unused',
    'src/agent/unused-disable.ts',
    '// oxlint-disable-next-line no-console -- no reason\nexport const a = 1\n',
  ],
]

test('the linter reports each planted violation', () => {
  const files = violations.map(([, path, text]) => ({ path, text }))
  const helpers = [
    {
      path: 'src/agent/cycle-b.ts',
      text: `import { a } from './cycle-a.ts'\nexport const b = (): void => a()\n`,
    },
    { path: 'src/agent/a-type.ts', text: 'export type A = 1\n' },
  ]
  const planted = plant([...files, ...helpers])
  try {
    const { code, output } = runTool('oxlint/bin/oxlint', ['--format=unix', '.'], planted.path)
    expect(code).not.toBe(0)
    const reports = output.split('\n')
    const missed = violations.filter(
      ([rule, path]) => !reports.some((line) => line.includes(`${path}:`) && line.includes(rule)),
    )
    expect(missed.map(([rule, path]) => `${path} ${rule}`)).toEqual([])
  } finally {
    planted.remove()
  }
})

test('the bans of pure folders leave the other folders alone', () => {
  const text = 'export const a: number = Date.now() + Math.random()\n'
  const planted = plant([{ path: 'src/agent/clock.ts', text }])
  try {
    expect(runTool('oxlint/bin/oxlint', ['--format=unix', '.'], planted.path).code).toBe(0)
  } finally {
    planted.remove()
  }
})

test('the formatter reports a planted semicolon', () => {
  const planted = plant([{ path: 'src/lib/a.ts', text: `export const a = "b";\n` }])
  try {
    const { code, output } = runTool('oxfmt/bin/oxfmt', ['--check', '.'], planted.path)
    expect(code).not.toBe(0)
    expect(output).toContain('src/lib/a.ts')
  } finally {
    planted.remove()
  }
})

test.each([
  ['an unchecked index', 'export const f = (a: readonly string[]): string => a[0]\n'],
  ['undefined for absent', 'export const a: { b?: string } = { b: undefined }\n'],
  ['an enum', 'export enum A {\n  b,\n}\n'],
  ['an export without a type', 'export const a = Math.max(1, 2)\n'],
  ['an unused name', 'const a = 1\nexport const b = 1\n'],
  ['a missing file', `export type { A } from './nowhere.ts'\n`],
])('the compiler reports %s', (_, text) => {
  const planted = plant([{ path: 'src/lib/a.ts', text }])
  try {
    expect(runTool('typescript/bin/tsc', ['--noEmit', '-p', '.'], planted.path).output).toContain(
      'src/lib/a.ts',
    )
  } finally {
    planted.remove()
  }
})

test('the dead-code gate reports an unused file, export and package', () => {
  const planted = plant([
    { path: 'src/entry/node.ts', text: `import { used } from '../lib/used.ts'\nused()\n` },
    { path: 'src/lib/used.ts', text: 'export const used = (): void => {}\nexport const idle = 1\n' },
    { path: 'src/lib/unused.ts', text: 'export const a = 1\n' },
  ])
  try {
    const { code, output } = runTool('knip/bin/knip.js', ['--no-progress'], planted.path)
    expect(code).not.toBe(0)
    expect(output).toContain('src/lib/unused.ts')
    expect(output).toMatch(/idle\s+src\/lib\/used\.ts/)
    expect(output).toMatch(/hono\s+package\.json/)
  } finally {
    planted.remove()
  }
})
