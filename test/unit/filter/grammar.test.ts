import { describe, expect, test } from 'vitest'
import { expressionLengthMax, nestingMax, parseExpression } from '../../../src/filter/grammar.ts'
import type { Expression } from '../../../src/filter/syntax.ts'

function parsed(text: string): Expression {
  const result = parseExpression(text)
  if (!result.ok) throw new Error(result.error)
  return result.value
}

function refusal(text: string): string {
  const result = parseExpression(text)
  return result.ok ? 'accepted' : result.error
}

const is = (name: string, value = 'x'): Expression => ({
  kind: 'match',
  selector: [name],
  operator: 'equal',
  value,
})

describe('an expression', () => {
  test.each([
    ['a == x', ['a'], 'equal', 'x'],
    ['a!=x', ['a'], 'notEqual', 'x'],
    ['a.b["c.d"].e == x', ['a', 'b', 'c.d', 'e'], 'equal', 'x'],
    ['x in a', ['a'], 'in', 'x'],
    ['a contains x', ['a'], 'in', 'x'],
    ['"x" not in a', ['a'], 'notIn', 'x'],
    ['a not contains x', ['a'], 'notIn', 'x'],
    ['a is empty', ['a'], 'isEmpty', ''],
    ['a is not empty', ['a'], 'isNotEmpty', ''],
    ['a matches `^x\\d$`', ['a'], 'matches', String.raw`^x\d$`],
    ['a not matches "x"', ['a'], 'notMatches', 'x'],
    ['a == -1.50', ['a'], 'equal', '-1.50'],
    [String.raw`a == "\u00e9\t\x41\101"`, ['a'], 'equal', 'é\tAA'],
    [String.raw`a == "\xc3\xa9"`, ['a'], 'equal', 'é'],
    ['a == b.c["d"]', ['a'], 'equal', 'b.c.d'],
    ['in in in', ['in'], 'in', 'in'],
    ['not in a', ['a'], 'in', 'not'],
  ] as const)('%s', (text, selector, operator, value) => {
    expect(parsed(text)).toEqual({ kind: 'match', selector, operator, value })
  })

  test('`and` holds closer than `or`, `not` closer than `and`, parentheses closest', () => {
    const or = { kind: 'or', terms: [is('a'), { kind: 'and', terms: [is('b'), is('c')] }] }
    expect(parsed('a == x or b == x and c == x')).toEqual(or)
    expect(parsed('not a == x and b == x')).toEqual({
      kind: 'and',
      terms: [{ kind: 'not', term: is('a') }, is('b')],
    })
    expect(parsed('not ( a == x and b == x )')).toEqual({
      kind: 'not',
      term: { kind: 'and', terms: [is('a'), is('b')] },
    })
  })
})

describe('what is no expression', () => {
  test('is told with the place and with all that could stand there', () => {
    expect(refusal('Node = n1')).toBe(
      '1:6 (5): no match found, expected: "!=", "==", "contains", "in", "is", "matches", "not" or [ \\t\\r\\n]',
    )
    expect(refusal('a == x\n and\n b')).toBe(
      '3:3 (14): no match found, expected: "!=", ".", "==", "[", [ \\t\\r\\n] or [a-zA-Z0-9_]',
    )
  })

  test('is told by all of its mistakes that no other reading could mend', () => {
    expect(refusal(String.raw`a == "\d" or b == "x`)).toBe(
      '1:6 (5): rule "string": invalid syntax\n1:21 (20): rule "string": Unterminated string literal',
    )
    expect(refusal('(a == x')).toBe('1:8 (7): rule "grouping": Unmatched parentheses')
    expect(refusal('a[b] == x')).toBe('1:3 (2): rule "index": Invalid index')
    expect(refusal('a == 080')).toBe('1:7 (6): rule "number": Invalid number literal')
    expect(refusal('x in "a"')).toBe('1:6 (5): rule "match": Invalid selector')
  })

  test('places count characters, and bytes in parentheses', () => {
    expect(refusal('a == "é😀" x')).toContain('1:11 (14): no match found')
  })
})

describe('limits', () => {
  test('on the length', () => {
    const text = `a == ${'x'.repeat(expressionLengthMax - 5)}`
    expect(parsed(text).kind).toBe('match')
    expect(refusal(`${text}x`)).toBe('The expression has 8193 characters, and 8192 is the limit')
  })

  test.each(['(', 'not '])('on nesting by %s', (opening) => {
    const nested = (levels: number): string =>
      opening.repeat(levels) + 'a == x' + (opening === '(' ? ')'.repeat(levels) : '')
    expect(parsed(nested(nestingMax - 1)).kind).toBeTruthy()
    expect(refusal(nested(nestingMax))).toBe(`The expression nests deeper than ${nestingMax} levels`)
    expect(refusal(nested(1500))).toBe(`The expression nests deeper than ${nestingMax} levels`)
  })

  test('parentheses that are never closed are read in time that grows with their number', () => {
    expect(refusal(`${'('.repeat(99)}a == x`)).toContain('Unmatched parentheses')
  })

  test('a thousand terms are read', () => {
    expect(parsed(Array.from({ length: 1000 }, () => 'a==x').join(' or ')).kind).toBe('or')
  })
})
