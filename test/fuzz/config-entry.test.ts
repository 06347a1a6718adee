// Configuration entries of any form: they are read or refused, and what is read is read again as itself.
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { checkConfigEntry, decodeConfigEntry } from '../../src/definition/config-entry.ts'
import { entryFields, type EntryFields, type EntryScalar } from '../../src/definition/entry-fields.ts'
import type { Json } from '../../src/model/catalog.ts'

const scalar: fc.Arbitrary<Json> = fc.oneof(
  fc.constantFrom<Json>(null, true, 'x', '', '5s', '-1s', 'http', '*', '/a', 3, 1.5, -1, 100, 1e300),
  fc.string({ maxLength: 5 }),
)
const anything = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>

/** What fits, in one of the spellings that are taken. */
const fitting: Readonly<Record<EntryScalar, fc.Arbitrary<Json>>> = {
  text: fc.constantFrom<Json>('x', '', 3, true, null, 'http'),
  flag: fc.constantFrom<Json>(true, 'false', 1, '', null),
  integer: fc.constantFrom<Json>(3, '7', -1, 1.5, '', null, true),
  number: fc.constantFrom<Json>(100, 50.5, '50'),
  duration: fc.constantFrom<Json>('5s', '', '1h30m', 5, null, 0),
  texts: fc.constantFrom<Json>(['a', 'B'], 'a', [], null),
  integers: fc.constantFrom<Json>([503, '504'], 5, null),
  textMap: fc.constantFrom<Json>({ b: 'x', a: 1 }, {}, null),
  json: anything.map((value): Json => ({ value })),
}

/** Nearly always of the form of the fields, so that something is read now and then. */
function valueOf(fields: EntryFields, depth: number): fc.Arbitrary<Json> {
  const members: Record<string, fc.Arbitrary<Json>> = {}
  for (const [name, field] of Object.entries(fields)) {
    const hostile = { weight: 1, arbitrary: fc.oneof(scalar, anything) }
    if (!('fields' in field))
      members[name] = fc.oneof({ weight: 60, arbitrary: fitting[field.type] }, hostile)
    else if (depth > 0) {
      const inner = valueOf(field.fields, depth - 1)
      const form =
        field.type === 'object'
          ? inner
          : field.type === 'list'
            ? fc.array(inner, { maxLength: 2 })
            : fc.dictionary(fc.constantFrom('v1', 'v2', '*'), inner, { maxKeys: 2 })
      members[name] = fc.oneof({ weight: 60, arbitrary: form }, hostile)
    }
  }
  return fc.record(members, { requiredKeys: [] }) as fc.Arbitrary<Json>
}

it.each(Object.entries(entryFields))('%s', (kind, fields) => {
  let read = 0
  fc.assert(
    fc.property(valueOf(fields, 3), fc.constantFrom('', 'web', 'default'), (body, name) => {
      const entry = decodeConfigEntry({ ...(body as Record<string, Json>), Kind: kind, Name: name })
      const checked = entry.ok ? checkConfigEntry(entry.value) : entry
      if (!checked.ok) {
        expect(checked.error).not.toBe('')
        return
      }
      read++
      const again = decodeConfigEntry({ ...checked.value.body, Kind: kind, Name: checked.value.name })
      expect(again).toEqual({ ok: true, value: checked.value })
      expect(checkConfigEntry(checked.value)).toEqual(checked)
    }),
    { numRuns: 300 },
  )
  expect(read, 'entries that are read').toBeGreaterThan(4)
})

it('anything else', () => {
  fc.assert(
    fc.property(anything, (value) => {
      const entry = decodeConfigEntry(value)
      if (!entry.ok) expect(entry.error).not.toBe('')
    }),
  )
})
