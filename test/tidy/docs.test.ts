// Exported names are documented, and the check reports what is planted.
import { expect, test } from 'vitest'
import { docViolations } from './docs.ts'
import { typescriptBelow } from './source.ts'

test('every exported name of src/, build/ and scripts/ has a doc comment, every file a header', () => {
  expect(typescriptBelow('src', 'build', 'scripts').flatMap(docViolations)).toEqual([])
})

test.each([
  'export const a = 1',
  'export function a(): void {}',
  'export async function a(): Promise<void> {}',
  'export interface A {}',
  'export type A = 1',
  'export class A {}',
  'export abstract class A {}',
  '// only a line comment\nexport const a = 1',
  '/* no doc comment */\nexport const a = 1',
  `export { a } from './a.ts'`,
  `export * from './a.ts'`,
])('a planted %s is reported', (code) => {
  expect(docViolations({ path: 'src/lib/a.ts', text: `// Header.\n\n${code}\n` })).toHaveLength(1)
})

test('a planted file without a header is reported', () => {
  expect(docViolations({ path: 'src/lib/a.ts', text: `import { b } from './b.ts'\n` })).toHaveLength(1)
})

test('documented names, overloads and code in strings are not', () => {
  const text = [
    '// Header.',
    '/** One. */',
    'export function a(b: string): void',
    'export function a(b: number): void',
    'const text = `',
    'export const c = 1',
    '`',
    '/** Serves `/v1/agent/*`. */',
    'export const e = 1',
    '/**',
    ' * Many lines.',
    ' */',
    'export type D = 1',
  ].join('\n')
  expect(docViolations({ path: 'src/lib/a.ts', text })).toEqual([])
})
