import { describe, expect, test } from 'vitest'
import { parseHcl } from '../../../src/config/hcl/hcl.ts'

const raw = String.raw

describe('what a text stands for:', () => {
  test.each<readonly [text: string, value: unknown]>([
    ['', {}],
    ['# only a comment', {}],
    // Keys, and what may stand between them.
    ['a = 1', { a: 1 }],
    ['a=1', { a: 1 }],
    ['a\n=\n1', { a: 1 }],
    ['a = 1\r\nb = 2\r\n', { a: 1, b: 2 }],
    ['a = 1 b = 2', { a: 1, b: 2 }],
    ['a = 1, b = 2,', { a: 1, b: 2 }],
    ['"a b" = 1', { 'a b': 1 }],
    ['"true" = 1', { true: 1 }],
    ['"" = 1', { '': 1 }],
    [raw`"\u0061" = 1`, { a: 1 }],
    ['a.b-c_1 = 1', { 'a.b-c_1': 1 }],
    ['ключ = 1', { ключ: 1 }],
    ['\ufeffa = 1', { a: 1 }],
    // Plain values.
    ['a = true, b = false', { a: true, b: false }],
    ['a = [0, -1, 31, 0x1F, -0X10, 017, 00]', { a: [0, -1, 31, 31, -16, 15, 0] }],
    [
      'a = [1.5, .5, 5., 1e3, 1E+3, 1.5e-3, -2.5e-1, 09.5]',
      { a: [1.5, 0.5, 5, 1000, 1000, 0.0015, -0.25, 9.5] },
    ],
    ['a = [-0, -0.0, 1e-400]', { a: [0, 0, 0] }],
    ['a = -9223372036854775808', { a: -(2 ** 63) }],
    // Texts.
    ['a = ""', { a: '' }],
    ['a = "é😀\t#//"', { a: 'é😀\t#//' }],
    [raw`a = "\a\b\f\n\r\t\v\\\""`, { a: '\u0007\b\f\n\r\t\v\\"' }],
    [raw`a = "\u00e9\U0001F600\x41\101"`, { a: 'é😀AA' }],
    [raw`a = "\ud83d\ude00 \ud83d \ude00"`, { a: '😀 \ufffd \ufffd' }],
    ['a = "$ ${b {"c"} \\n\n} \\n"', { a: '$ ${b {"c"} \\n\n} \n' }],
    [raw`a = "{{ GetInterfaceIP \"eth0\" }}"`, { a: '{{ GetInterfaceIP "eth0" }}' }],
    // Texts of several lines.
    ['a = <<EOF\nx\n  "y" \\n ${z\nEOF\nb = 1', { a: 'x\n  "y" \\n ${z\n', b: 1 }],
    ['a = <<EOF\nEOF\n', { a: '' }],
    ['a = <<EOF\n\n\nEOF', { a: '\n\n' }],
    ['a = <<E1\r\nx\r\nE1\r\n', { a: 'x\n' }],
    ['a = <<EOF\nEOFX\nXEOF\nEOF \n EOF\n', { a: 'EOFX\nXEOF\nEOF \n ' }],
    ['a = <<-EOF\n    x\n      y\n    EOF\n', { a: 'x\n  y\n' }],
    ['a = <<-EOF\n\tx\n\tEOF\n', { a: 'x\n' }],
    ['a = <<-EOF\n    x\n  y\n    EOF\n', { a: '    x\n  y\n' }],
    ['a = <<-EOF\n  x\nEOF\n', { a: '  x\n' }],
    ['a = [<<A\nx\nA\n, "y"]', { a: ['x\n', 'y'] }],
    // Lists and objects.
    ['a = []', { a: [] }],
    ['a = [1, "x", true, [2], {b = 3}]', { a: [1, 'x', true, [2], { b: 3 }] }],
    ['a = [\n 1,\n 2,\n]', { a: [1, 2] }],
    ['a = [,1,,2]', { a: [1, 2] }],
    ['a = {}', { a: {} }],
    ['a = {b = 1, c = 2,}', { a: { b: 1, c: 2 } }],
    ['a = {b = 1 c { d = 2 }}', { a: { b: 1, c: { d: 2 } } }],
    // Blocks and their labels.
    ['a {}', { a: {} }],
    ['a {\n b { c = 1 }\n}\nd = 2', { a: { b: { c: 1 } }, d: 2 }],
    ['a "x" { b = 1 }', { a: { x: { b: 1 } } }],
    ['"a" x "" { b = 1 }', { a: { x: { '': { b: 1 } } } }],
    // A key that is written more than once.
    ['a = 1\na = 2', { a: 2 }],
    ['a { b = 1 }\na { b = 2 }', { a: [{ b: 1 }, { b: 2 }] }],
    ['a = {b = 1}\na { c = 2 }\na {}', { a: [{ b: 1 }, { c: 2 }, {}] }],
    ['a = [{b = 1}]\na { c = 2 }', { a: [{ b: 1 }, { c: 2 }] }],
    ['a = [1]\na = [2]', { a: [1, 2] }],
    ['k "x" { p = 1 }\nk "y" { p = 2 }', { k: [{ x: { p: 1 } }, { y: { p: 2 } }] }],
    ['k "x" { p = 1 }\nk "x" { q = 2 }', { k: [{ x: { p: 1 } }, { x: { q: 2 } }] }],
    // Comments.
    ['# x\na = 1 # x', { a: 1 }],
    ['// x\na = 1 // x', { a: 1 }],
    ['/* x\n */ a /**/ = /* x */ 1 /* # */', { a: 1 }],
    ['a = [ # x\n 1 // x\n , /* x */ 2 ]', { a: [1, 2] }],
    // JSON is taken where HCL is.
    ['{"a": {"b": [1, null]}}', { a: { b: [1, null] } }],
    ['\ufeff \n{"a": "\\/"}', { a: '/' }],
  ])('%j', (text, value) => {
    const parsed = parseHcl(text)
    expect(parsed.ok ? parsed.value.value : parsed.error).toEqual(value)
  })
})

describe('what is wrong, and where:', () => {
  const end = 'the end of the file'
  test.each<readonly [text: string, line: number, column: number, message: string]>([
    ['a', 1, 2, `"=" or "{" after the key a was expected, found ${end}`],
    ['a =', 1, 4, `a value was expected, found ${end}`],
    ['a = 1\nb = }', 2, 5, 'a value was expected, found "}"'],
    ['a == 1', 1, 4, 'a value was expected, found "="'],
    ['= 1', 1, 1, 'a key was expected, found "="'],
    ['[1]', 1, 1, 'a key was expected, found "["'],
    ['a = 1 }', 1, 7, 'a key was expected, found "}"'],
    ['a = 1,, b = 2', 1, 7, 'a key was expected, found ","'],
    ['1a = 1', 1, 1, 'a key was expected, found the number 1'],
    ['true = 1', 1, 1, 'a key was expected, found true: a key of that name needs quotes'],
    ['<<A\nA\n= 1', 1, 1, 'a key was expected, found a text of several lines'],
    ['a = yes', 1, 5, 'a value was expected, found the word yes: texts stand in quotes'],
    ['a = null', 1, 5, 'a value was expected, found the word null: texts stand in quotes'],
    ['a "b" = 1', 1, 7, '"{" after the label of the block a was expected, found "="'],
    ['a 1', 1, 3, '"=" or "{" after the key a was expected, found the number 1'],
    ['a {} {}', 1, 6, 'a key was expected, found "{"'],
    // Objects and lists.
    ['a {\n b = 1\n', 3, 1, `"}" for the "{" on line 1 was expected, found ${end}`],
    ['a {\n b {\n }\n', 4, 1, `"}" for the "{" on line 1 was expected, found ${end}`],
    ['a = {b}', 1, 7, '"=" or "{" after the key b was expected, found "}"'],
    ['a = {1}', 1, 6, 'a key or "}" was expected, found the number 1'],
    ['a = [1 2]', 1, 8, '"," or "]" was expected, found the number 2'],
    ['a = [x]', 1, 6, 'a value or "]" was expected, found the word x: texts stand in quotes'],
    ['a = [1,\n', 2, 1, `"]" for the "[" on line 1 was expected, found ${end}`],
    ['a = 1\na { b = 1 }', 2, 1, 'a is a block here, but a plain value on line 1'],
    ['a = [1]\na = 2', 2, 1, 'a is a plain value here, but a list on line 1'],
    // Texts.
    ['a = "x', 1, 5, 'this text has no closing quote'],
    ['a = "x\\', 1, 5, 'this text has no closing quote'],
    ['a = "x\ny"', 1, 5, 'this text has no closing quote on its line; longer texts are written as <<EOF'],
    ['a = "${x"', 1, 5, 'this text holds a ${ without its }, and so has no closing quote'],
    [raw`a = "\q"`, 1, 6, 'a backslash before "q" is not an escape that HCL knows'],
    [raw`a = "\u12"`, 1, 6, raw`\u must be followed by 4 hexadecimal digits`],
    [raw`a = "\U0001"`, 1, 6, raw`\U must be followed by 8 hexadecimal digits`],
    [raw`a = "\x4"`, 1, 6, raw`\x must be followed by 2 hexadecimal digits`],
    [raw`a = "\12"`, 1, 6, 'an escape by number must have 3 octal digits'],
    [raw`a = "\xff"`, 1, 6, raw`\xff is a byte and no character; write the character, or \u00ff`],
    [raw`a = "\U00110000"`, 1, 6, raw`\U00110000 is beyond the last character, \U0010FFFF`],
    ["a = 'x'", 1, 5, `"'" has no meaning here: texts stand in double quotes`],
    ['a = <EOF\n', 1, 5, 'a second "<" was expected: texts of several lines begin with <<'],
    ['a = <<\n', 1, 7, 'a word such as EOF was expected after <<'],
    ['a = <<-"A"\n', 1, 8, 'a word such as EOF was expected after <<-'],
    ['a = <<EOF x\n', 1, 10, 'the end of the line was expected after <<EOF, found " "'],
    ['a = <<EOF', 1, 5, 'this text has no end: no line after it holds only EOF'],
    ['a = <<EOF\nx\nEOF x\n', 1, 5, 'this text has no end: no line after it holds only EOF'],
    // Numbers.
    ['a = 08', 1, 5, '08 is not a number: after a leading 0 it is octal, with digits from 0 to 7'],
    ['a = 0x', 1, 5, '0x is not a number: no hexadecimal digit follows it'],
    ['a = 1e+', 1, 5, '1e+ is not a number: its exponent has no digits'],
    ['a = 1e400', 1, 5, '1e400 is too large for a number'],
    ['a = 9223372036854775808', 1, 5, '9223372036854775808 is too large for a number'],
    ['a = +1', 1, 5, '"+" has no meaning here: no number follows it'],
    ['a = 1.5.5', 1, 8, 'a key was expected, found the number 0.5'],
    // Signs that mean nothing.
    ['a: 1', 1, 2, '":" has no meaning here: a key is followed by "="'],
    ['a = 1; b = 2', 1, 6, '";" has no meaning here: put the next key on a line of its own'],
    ['a = 1 /', 1, 7, '"/" has no meaning here: a comment begins with #, // or /*'],
    ['\n/* x', 2, 1, 'this comment has no closing */'],
    ['a = 1\r\n\tb = @', 2, 6, '"@" has no meaning here'],
    ['/* x\ny */ a = "😀" @', 2, 14, '"@" has no meaning here'],
    ['a = "x\0"', 1, 7, 'a character of code 0 is not text'],
    // JSON.
    ['{a = 1}', 1, 2, 'a key in quotes was expected, found "a" (a text that begins with { is read as JSON)'],
  ])('%j: line %i, column %i: %s', (text, line, column, message) => {
    expect(parseHcl(text)).toEqual({ ok: false, error: { line, column, message } })
  })
})

test('knows the line of every key, of labels and of the items of repeated blocks', () => {
  const text =
    'ports {\n http = 1\n}\na "l" {\n x = 1\n}\ns {\n n = 1\n}\ns {\n n = 2\n}\nl = [\n {\n  y = 1 }]'
  const parsed = parseHcl(text)
  expect(parsed.ok && Object.fromEntries(parsed.value.lineByPath)).toEqual({
    ports: 1,
    'ports.http': 2,
    a: 4,
    'a.l': 4,
    'a.l.x': 5,
    s: 10,
    's[0]': 7,
    's[0].n': 8,
    's[1]': 10,
    's[1].n': 11,
    l: 13,
    'l[0].y': 15,
  })
})

test.each([
  ['lists', 'a = '.concat('['.repeat(100_000))],
  ['objects', 'a = {'.repeat(100_000)],
  ['blocks', 'a {'.repeat(100_000)],
  ['labels', `${'a '.repeat(100_000)}{}`],
])('hostile depth is refused: %s', (_, text) => {
  const parsed = parseHcl(text)
  expect(!parsed.ok && parsed.error.message).toBe('it is nested more than 64 levels deep')
})

test('depth up to the limit is read', () => {
  expect(parseHcl(`a = ${'['.repeat(64)}${']'.repeat(64)}`).ok).toBe(true)
  expect(parseHcl(`a = ${'['.repeat(65)}${']'.repeat(65)}`).ok).toBe(false)
})

test('hostile size is refused', () => {
  const parsed = parseHcl('#'.repeat(16 * 1024 * 1024 + 1))
  expect(!parsed.ok && parsed.error.message).toBe('it is longer than 16 million characters')
})

test('a key that objects have anyway is a key like others', () => {
  const parsed = parseHcl('__proto__ { x = 1 }\nconstructor = 1')
  expect(JSON.stringify(parsed.ok && parsed.value.value)).toBe('{"__proto__":{"x":1},"constructor":1}')
})
