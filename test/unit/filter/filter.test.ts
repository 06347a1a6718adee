import { describe, expect, test } from 'vitest'
import { compileFilter } from '../../../src/filter/filter.ts'
import {
  type StructShape,
  listOf,
  mapOf,
  struct,
  text,
  textMap,
  texts,
  truth,
  whole,
  within,
} from '../../../src/filter/shape.ts'
import { stepsMax } from '../../../src/filter/work.ts'

interface Place {
  readonly port: number
}

interface Thing {
  readonly name: string
  readonly size: number
  readonly isOn: boolean
  readonly tags: readonly string[]
  readonly meta: Readonly<Record<string, string>>
  readonly places: Readonly<Record<string, Place>>
  readonly checks: readonly { readonly status: string }[]
}

const placeShape: StructShape<Place> = struct({ Port: whole((place) => place.port) })
const shape: StructShape<Thing> = struct({
  Name: text((thing) => thing.name),
  Size: whole((thing) => thing.size),
  On: truth((thing) => thing.isOn),
  Tags: texts((thing) => thing.tags),
  Meta: textMap((thing) => thing.meta),
  Places: mapOf(placeShape, (thing) => thing.places),
  Inner: within<Thing, Thing>(struct({ Size: whole((thing) => thing.size) }), (thing) => thing),
  Checks: listOf<Thing, { readonly status: string }>(
    struct({ Status: text((check) => check.status) }),
    (thing) => thing.checks,
  ),
})

const one: Thing = {
  name: 'one',
  size: 80,
  isOn: true,
  tags: ['a', 'b'],
  meta: { rack: 'r1', 'dotted.key': 'x', __proto__pollution: '1' },
  places: { lan: { port: 8 } },
  checks: [{ status: 'passing' }, { status: 'critical' }],
}
const two: Thing = { name: 'two', size: -1, isOn: false, tags: [], meta: {}, places: {}, checks: [] }

function names(expression: string): string {
  const filter = compileFilter(expression, shape)
  if (!filter.ok) return filter.error
  const kept = filter.value.select([one, two])
  return kept.ok ? kept.value.map(({ name }) => name).join(' ') : kept.error
}

describe('an expression finds', () => {
  test.each([
    ['Name == one', 'one'],
    ['Name != one', 'two'],
    ['not Name == one', 'two'],
    ['Name == one or Name == two', 'one two'],
    ['Name == one and Size == 80', 'one'],
    ['Size == "0x50"', 'one'],
    ['Size == -1', 'two'],
    ['Inner.Size == 80', 'one'],
    ['On == T', 'one'],
    ['On != true', 'two'],
    ['w in Name', 'two'],
    ['Name not contains n', 'two'],
    ['Name matches "^(one|three)$"', 'one'],
    ['Name not matches "w"', 'one'],
    ['a in Tags', 'one'],
    ['a not in Tags', 'two'],
    ['A in Tags', ''],
    ['Tags is empty', 'two'],
    ['rack in Meta', 'one'],
    ['Meta is not empty', 'one'],
    ['Meta.rack == r1', 'one'],
    ['Meta["dotted.key"] == x', 'one'],
    ['Places.lan.Port == 8', 'one'],
    ['lan not in Places', 'two'],
    ['Checks is empty', 'two'],
    ['Checks.Status == passing', 'one'],
    ['Checks.Status != passing', 'one'],
    ['not Checks.Status == passing', 'two'],
  ])('%s', (expression, found) => {
    expect(names(expression)).toBe(found)
  })

  test.each([
    ['Meta.none == x', ''],
    ['Meta.none == ""', ''],
    ['Meta.none != x', 'one two'],
    ['x in Meta.none', ''],
    ['x not in Meta.none', 'one two'],
    ['Meta.none matches ""', ''],
    ['Meta.none not matches ""', 'one two'],
    ['Places.wan.Port == 8', ''],
    ['Places.wan.Port != 8', 'one two'],
    ['Meta.constructor matches ""', ''],
    ['toString in Meta', ''],
    [
      'Meta["__proto__"] is empty',
      'Failed to create boolean expression evaluator: Invalid match operator "Is Empty" for selector "Meta.__proto__"',
    ],
  ])('%s, of what a map does not have', (expression, found) => {
    expect(names(expression)).toBe(found)
  })
})

describe('an expression that does not fit is refused', () => {
  test.each([
    ['None == x', 'Selector "None" is not valid'],
    ['name == x', 'Selector "name" is not valid'],
    ['Checks.None.X == x', 'Selector "Checks.None" is not valid'],
    ['Name.X == x', 'Selector "Name.X" is not valid'],
    ['Name == x or None == x', 'Selector "None" is not valid'],
    ['Name is empty', 'Invalid match operator "Is Empty" for selector "Name"'],
    ['Size matches "x"', 'Invalid match operator "Matches" for selector "Size"'],
    ['Tags == a', 'Invalid match operator "Equal" for selector "Tags"'],
    ['x not in Checks', 'Invalid match operator "Not In" for selector "Checks"'],
    ['Inner != x', 'Invalid match operator "Not Equal" for selector "Inner"'],
    [
      'Size == abc',
      'Failed to coerce value "abc" for selector "Size": strconv.ParseInt: parsing "abc": invalid syntax',
    ],
    [
      'Size == 9223372036854775808',
      'Failed to coerce value "9223372036854775808" for selector "Size": ' +
        'strconv.ParseInt: parsing "9223372036854775808": value out of range',
    ],
    [
      'On == 2',
      'Failed to coerce value "2" for selector "On": strconv.ParseBool: parsing "2": invalid syntax',
    ],
    [
      'Name matches "("',
      'Failed to compile regular expression "(": error parsing regexp: missing closing ): `(`',
    ],
    ['Name ==', '1:8 (7): no match found, expected: "-", "0", "\\"", "`", [ \\t\\r\\n], [1-9] or [a-zA-Z]'],
  ])('%s', (expression, sentence) => {
    expect(names(expression)).toBe(`Failed to create boolean expression evaluator: ${sentence}`)
  })
})

describe('work', () => {
  const pattern = '(a?){500}a{500}'
  const filter = compileFilter(`Name matches "${pattern}"`, shape)

  test('within the steps for one answer is done', () => {
    expect(filter.ok && filter.value.select([{ ...one, name: 'a'.repeat(400) }])).toEqual({
      ok: true,
      value: [],
    })
  })

  test('past them is refused', () => {
    const long = { ...one, name: 'a'.repeat(stepsMax / 100) }
    const result = filter.ok ? filter.value.select([long]) : filter
    expect(result.ok ? '' : result.error).toContain(`takes more than ${stepsMax} steps for 1 values`)
  })
})
