import { describe, expect, it } from 'vitest'
import { checkConfigEntry, decodeConfigEntry } from '../../../src/definition/config-entry.ts'
import { snakeCase } from '../../../src/definition/entry-decode.ts'
import { entryFields, type EntryFields } from '../../../src/definition/entry-fields.ts'
import type { Json, JsonObject } from '../../../src/model/catalog.ts'
import { limits } from '../../../src/model/limits.ts'

function bodyOf(value: Json): JsonObject {
  const entry = decodeConfigEntry(value)
  if (!entry.ok) throw new Error(entry.error)
  const checked = checkConfigEntry(entry.value)
  if (!checked.ok) throw new Error(checked.error)
  return checked.value.body
}

/** A value for every field, in snake case; what came out must hold all of them under their names. */
function sample(fields: EntryFields): { readonly given: JsonObject; readonly read: JsonObject } {
  const given: Record<string, Json> = {}
  const read: Record<string, Json> = {}
  for (const [name, field] of Object.entries(fields)) {
    const [g, r] = sampleOf(field)
    given[snakeCase(name)] = g
    read[name] = r
  }
  return { given, read }
}

const scalars: Readonly<Record<string, Json>> = {
  text: 'x',
  flag: true,
  integer: 3,
  number: 1.5,
  duration: '1.5s',
  texts: ['a', 'b'],
  integers: [1, 2],
  textMap: { a: 'b' },
  json: { a: [1, { b: null }] },
}

function sampleOf(field: EntryFields[string]): readonly [Json, Json] {
  if (!('fields' in field)) return [scalars[field.type] ?? null, scalars[field.type] ?? null]
  const { given, read } = sample(field.fields)
  if (field.type === 'object') return [given, read]
  return field.type === 'list' ? [[given], [read]] : [{ k: given }, { k: read }]
}

describe('configuration entries', () => {
  it.each(Object.entries(entryFields))('%s: every field is read in snake case', (kind, fields) => {
    const { given, read } = sample(fields)
    const entry = decodeConfigEntry({ ...given, kind, name: 'n', meta: { a: 'b' } })
    expect(entry).toEqual({
      ok: true,
      value: { kind, name: kind === 'proxy-defaults' ? 'global' : 'n', body: { ...read, Meta: { a: 'b' } } },
    })
  })

  it.each(Object.entries(entryFields))('%s: what is stored is read as itself', (kind, fields) => {
    const { read } = sample(fields)
    const entry = decodeConfigEntry({ ...read, Kind: kind, Name: 'n' })
    expect(entry).toMatchObject({ ok: true, value: { body: read } })
  })

  it('are complete when nothing is given', () => {
    expect(bodyOf({ Kind: 'service-defaults', Name: 'w' })).toEqual({
      Protocol: '',
      MeshGateway: {},
      Expose: {},
    })
  })

  it('of what is exported keep its consumers', () => {
    const services = [
      { name: 'web', consumers: [{ peer: 'east' }, { Peer: 'west' }] },
      { Name: '*', Consumers: { Peer: 'x' } },
    ]
    expect(bodyOf({ Kind: 'exported-services', Name: 'default', Services: services })).toEqual({
      Services: [
        { Name: 'web', Consumers: [{ Peer: 'east' }, { Peer: 'west' }] },
        { Name: '*', Consumers: [{ Peer: 'x' }] },
      ],
    })
  })

  it.each<[Json, string]>([
    [{ Name: '' }, 'Services[0]: service name cannot be empty'],
    [{ Name: 'web' }, 'Services[0]: must have at least one consumer'],
    [{ Name: 'web', Namespace: 'n' }, 'Services[0]: namespaces are a consul enterprise feature'],
    [{ Name: 'web', Consumers: [{}] }, 'Services[0].Consumers[0]: must name a Peer'],
    [
      { Name: 'web', Consumers: [{ Peer: 'a' }, { Peer: '*' }] },
      'Services[0].Consumers[1]: exporting to all peers (wildcard) is not supported',
    ],
    [
      { Name: 'web', Consumers: [{ Partition: 'p' }] },
      'Services[0].Consumers[0]: partitions are a consul enterprise feature',
    ],
    [
      { Name: 'web', Consumers: [{ Peer: 'a', SamenessGroup: 's' }] },
      'Services[0].Consumers[0]: sameness groups are a consul enterprise feature',
    ],
  ])('of what is exported: %j is refused', (service, why) => {
    expect(() => bodyOf({ Kind: 'exported-services', Name: 'default', Services: [service] })).toThrow(why)
  })

  it('of what is exported have one name', () => {
    expect(() => bodyOf({ Kind: 'exported-services', Name: 'web' })).toThrow(
      'exported-services Name must be "default"',
    )
  })

  it.each([
    [limits.exportPeersMax, false],
    [limits.exportPeersMax + 1, true],
  ])('of what is exported name up to 256 peers: %i', (count, isRefused) => {
    const peers = Array.from({ length: count }, (_, i) => ({ Peer: `p${i}` }))
    const Services = ['a', 'b'].map((Name) => ({ Name, Consumers: peers }))
    const entry = { kind: 'exported-services', name: 'default', body: { Services } }
    expect(checkConfigEntry(entry).ok).toBe(!isRefused)
  })

  it('take blocks of HCL, which come as lists of one', () => {
    const entry = { Kind: 'service-defaults', Name: 'w', mesh_gateway: [{ mode: 'local' }] }
    expect(bodyOf(entry)).toMatchObject({ MeshGateway: { Mode: 'local' } })
  })

  it('refuse names that an object could not hold', () => {
    const value = JSON.parse('{"Kind":"service-defaults","Name":"w","Meta":{"__proto__":"x"}}') as Json
    expect(decodeConfigEntry(value)).toMatchObject({ ok: false })
  })

  it('leave such names out of what is opaque', () => {
    const value = JSON.parse('{"Kind":"proxy-defaults","Config":{"a":{"__proto__":{"x":1}}}}') as Json
    expect(bodyOf(value)).toMatchObject({ Config: { a: {} } })
  })
})
