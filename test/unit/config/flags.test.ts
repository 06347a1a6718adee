import { expect, test } from 'vitest'
import { flagMap, FlagValues, parseFlags, type FlagSpec } from '../../../src/config/flags.ts'

const specs: readonly FlagSpec[] = [
  { name: 'bind', kind: 'string', doc: '' },
  { name: 'bootstrap-expect', kind: 'int', doc: '' },
  { name: 'server', kind: 'bool', doc: '' },
  { name: 'wait', kind: 'duration', doc: '' },
  { name: 'join', kind: 'list', doc: '' },
  { name: 'flags', kind: 'uint', doc: '' },
  { name: 'meta', kind: 'pairs', doc: '', separator: ':' },
]

function parse(...args: readonly string[]): unknown {
  const parsed = parseFlags(flagMap(specs), args)
  if (!parsed.ok) return parsed.error.kind === 'help' ? 'help' : parsed.error.message
  return {
    uses: parsed.value.uses.map((use) => [use.spec.name, use.value]),
    positional: parsed.value.positional,
  }
}

test.each([[['-bind', 'x']], [['-bind=x']], [['--bind', 'x']], [['--bind=x']]])(
  '%j is one flag with one value',
  (args) => {
    expect(parse(...args)).toEqual({ uses: [['bind', 'x']], positional: [] })
  },
)

test('a bool takes no next word, only an attached value', () => {
  expect(parse('-server', 'false')).toEqual({ uses: [['server', 'true']], positional: ['false'] })
  expect(parse('-server=0')).toEqual({ uses: [['server', 'false']], positional: [] })
  expect(parse('-server=T')).toEqual({ uses: [['server', 'true']], positional: [] })
})

test('values may be empty, hold = and look like flags', () => {
  expect(parse('-bind=')).toEqual({ uses: [['bind', '']], positional: [] })
  expect(parse('-bind=a=b')).toEqual({ uses: [['bind', 'a=b']], positional: [] })
  expect(parse('-bind', '-server')).toEqual({ uses: [['bind', '-server']], positional: [] })
})

test('flags end at the first word, at a lone dash and after --', () => {
  expect(parse('-server', 'a', '-bind=x')).toEqual({
    uses: [['server', 'true']],
    positional: ['a', '-bind=x'],
  })
  expect(parse('-', '-server')).toEqual({ uses: [], positional: ['-', '-server'] })
  expect(parse('--', '-server')).toEqual({ uses: [], positional: ['-server'] })
})

test('a flag given again is kept in order', () => {
  const parsed = parseFlags(flagMap(specs), ['-join', 'a', '-bind=1', '-join=b', '-bind=2'])
  const values = new FlagValues(parsed.ok ? parsed.value.uses : [])
  expect([values.list('join'), values.string('bind'), values.has('server')]).toEqual([['a', 'b'], '2', false])
})

test.each([
  ['-h', 'help'],
  ['--help', 'help'],
  ['-nope', 'flag provided but not defined: -nope'],
  ['--nope=1', 'flag provided but not defined: -nope'],
  ['-bind', 'flag needs an argument: -bind'],
  ['---bind', 'bad flag syntax: ---bind'],
  ['-=x', 'bad flag syntax: -=x'],
  ['-server=x', 'invalid boolean value "x" for -server: parse error'],
  ['-bootstrap-expect=x', 'invalid value "x" for flag -bootstrap-expect: it must be a whole number'],
  ['-flags=-1', 'invalid value "-1" for flag -flags: it must be a whole number that is not negative'],
  [
    '-wait=5',
    'invalid value "5" for flag -wait: it must be a duration with a unit, such as "10s" or "1h30m"',
  ],
  ['-meta=x', 'invalid value "x" for flag -meta: Missing ":" value in argument: x'],
])('%s: %s', (arg, message) => {
  expect(parse(arg)).toBe(message)
})
