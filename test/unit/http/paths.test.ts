// Paths as the reference's router sees them.
import { expect, test } from 'vitest'
import { cleanPath, decodePath, hasUnprintable, isClean } from '../../../src/http/paths.ts'

test.each([
  ['/v1/kv/a', true, '/v1/kv/a'],
  ['/v1/kv/', true, '/v1/kv/'],
  ['/v1/kv/.a', true, '/v1/kv/.a'],
  ['/v1/kv/a..b', true, '/v1/kv/a..b'],
  ['/v1/kv//a', false, '/v1/kv/a'],
  ['/v1/kv/./a', false, '/v1/kv/a'],
  ['/v1/kv/../a', false, '/v1/a'],
  ['/v1/kv/a/..', false, '/v1/kv'],
  ['//', false, '/'],
])('%s is clean: %s', (path, clean, cleaned) => {
  expect(isClean(path)).toBe(clean)
  expect(cleanPath(path)).toBe(cleaned)
})

test.each([
  ['/a b', false],
  ['/aé😀', false],
  ['/a\u00a0', true],
  ['/a\u0000', true],
  ['/a\u007f', true],
  ['/a\u2028', true],
  ['/a\ufffd', false],
])('%j has unprintable characters: %s', (path, unprintable) => {
  expect(hasUnprintable(path)).toBe(unprintable)
})

test('broken escapes decode to nothing', () => {
  expect([decodePath('/%41'), decodePath('/%zz'), decodePath('/%ff')]).toEqual(['/A', undefined, undefined])
})
