import { expect, test } from 'vitest'
import { painter, renderJson, renderTable, wrap } from '../../../src/cli/output.ts'
import { nodeHost } from '../../../src/runtime/node.ts'

test('columns are as wide as their widest cell, two spaces apart, without blanks at line ends', () => {
  expect(
    renderTable([
      ['Node', 'Address', 'DC'],
      ['a', '10.0.0.1', 'dc1'],
      ['long-name', 'x', ''],
    ]),
  ).toBe('Node       Address   DC\na          10.0.0.1  dc1\nlong-name  x')
})

test('an empty cell in the middle keeps its column', () => {
  expect(
    renderTable([
      ['a', '', 'c'],
      ['', 'bb', 'c'],
    ]),
  ).toBe('a      c\n   bb  c')
})

test('characters outside ASCII count once', () => {
  expect(
    renderTable([
      ['é😀', 'b'],
      ['aaa', 'b'],
    ]),
  ).toBe('é😀   b\naaa  b')
})

test('painting does not change widths', () => {
  const painted = renderTable(
    [
      ['a', 'b'],
      ['aa', 'b'],
    ],
    (cell) => `<${cell}>`,
  )
  expect(painted).toBe('<a>   <b>\n<aa>  <b>')
})

test('JSON has the indent of the reference and all digits of big numbers', () => {
  const value = { a: [], b: { c: 18446744073709551615n }, d: [1, 'x', null], e: {}, f: undefined }
  expect(renderJson(value)).toBe(
    '{\n    "a": [],\n    "b": {\n        "c": 18446744073709551615\n    },\n    "d": [\n        1,\n        "x",\n        null\n    ],\n    "e": {}\n}',
  )
})

test.each([
  [{ isTerminal: true, env: {} }, true],
  [{ isTerminal: false, env: {} }, false],
  [{ isTerminal: true, env: { NO_COLOR: '1' } }, false],
  [{ isTerminal: true, env: { NO_COLOR: '' } }, true],
  [{ isTerminal: true, env: { TERM: 'dumb' } }, false],
])('colour only where a terminal shows it and nobody declined: %j', ({ isTerminal, env }, isColoured) => {
  const real = nodeHost()
  const paint = painter({ console: { ...real.console, isTerminal }, system: { ...real.system, env } })
  expect(paint('red', 'x')).toBe(isColoured ? '\u001b[31mx\u001b[0m' : 'x')
})

test('text is wrapped at blanks', () => {
  expect(wrap('one two three four', 10, '  ')).toBe('  one two\n  three\n  four')
})
