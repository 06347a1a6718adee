// No banned word stands in any file, and the check reports what is planted.
import { expect, test } from 'vitest'
import { filesBelow } from './source.ts'
import { wordViolations } from './words.ts'

test('no file of the repository holds a banned word', () => {
  const binary = /\.(?:png|gz|zip|bin|snap)$/
  expect(
    filesBelow('.')
      .filter(({ path }) => !binary.test(path))
      .flatMap(wordViolations),
  ).toEqual([])
})

test.each([
  ['src/lib/a.ts', '// FIXME: wrong'],
  ['src/lib/a.ts', '// TODO: later'],
  ['src/lib/a.ts', '// TODO(anna): later'],
  ['test/unit/lib/a.test.ts', 'setTimeout(done, 10)'],
  ['test/sim/world.ts', 'await sleep(10)'],
  ['test/unit/lib/a.test.ts', `vi.mock('./b.ts')`],
  ['test/unit/lib/a.test.ts', `test.only('x', () => {})`],
  ['package-lock.json', '"resolved": "https://registry.npmjs.org/a"'],
  ['README.md', 'see house.md'],
  ['src/state/a.ts', '// Reference semantics §7.'],
  ['src/lib/a.ts', '// as in /work/notes'],
  ['src/lib/a.ts', '<<<<<<< HEAD'],
])('a planted word in %s is reported: %s', (path, text) => {
  expect(wordViolations({ path, text })).toHaveLength(1)
})

test.each([
  ['src/lib/a.ts', '// TODO(anna): drop this path when no release before 0.3 is supported'],
  ['test/e2e/a.e2e.ts', 'setTimeout(done, 10)'],
  ['src/runtime/node.ts', 'setTimeout(done, 10)'],
  ['test/unit/lib/a.test.ts', '// no setTimeout( here'],
  ['src/state/a.ts', '// Cited as SWIM §4.2 and by the semantics of the reference.'],
  ['README.md', 'set up network namespaces with ip netns'],
])('a harmless word in %s is not: %s', (path, text) => {
  expect(wordViolations({ path, text })).toEqual([])
})
