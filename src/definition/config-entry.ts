// Configuration entries as they are given, in JSON or out of HCL: from any value to a kind, a name and a complete body,
// or to what is wrong with it in the reference's words.
import { err, ok, type Result } from '../lib/result.ts'
import type { Json, JsonObject } from '../model/catalog.ts'
import { isObject } from './decode.ts'
import { kindOf, readFields, type EntryFaults } from './entry-decode.ts'
import { entryFields, isEntryKind, type EntryFields, type EntryKind } from './entry-fields.ts'
import { entryRules } from './entry-rules.ts'
import { errorsOccurred } from './rules.ts'

/** An entry that may be proposed. */
export interface GivenEntry {
  readonly kind: string
  readonly name: string
  /** As it is stored: complete, without `Kind`, `Name` and the indexes. */
  readonly body: JsonObject
}

/** Reads an entry. Errors: what is wrong with its form, in the reference's words. */
export function decodeConfigEntry(value: Json): Result<GivenEntry, string> {
  if (!isObject(value)) return err(`'' expected a map, got '${kindOf(value)}'`)
  const given = value['Kind'] ?? value['kind']
  if (given === undefined) return err('Payload does not contain a kind/Kind key at the top level')
  if (typeof given !== 'string') return err('Kind value in payload is not a string')
  if (!isEntryKind(given)) return err(unknownKind(given))
  const faults: EntryFaults = { values: [], keys: [] }
  const { Kind: _kind, Name: named, ...body } = readFields(value, headed(given), '', faults)
  for (const name of ['CreateIndex', 'ModifyIndex']) delete (body as Record<string, Json>)[name]
  const problem = problemOf(faults)
  if (problem !== null) return err(problem)
  const name = given === 'proxy-defaults' ? 'global' : typeof named === 'string' ? named : ''
  return ok({ kind: given, name, body })
}

/** The entry with what its kind fills in. Errors: why its settings cannot be, in the reference's words. */
export function checkConfigEntry(entry: GivenEntry): Result<GivenEntry, string> {
  if (!isEntryKind(entry.kind)) return err(unknownKind(entry.kind))
  const checked = entryRules[entry.kind](entry.name, entry.body)
  return checked.ok ? ok({ ...entry, body: checked.value }) : checked
}

/** The refusal of a kind that there is not. */
export function unknownKind(kind: string): string {
  return `invalid config entry kind: ${kind}`
}

function headed(kind: EntryKind): EntryFields {
  return {
    Kind: { type: 'text', presence: 'always' },
    Name: { type: 'text', presence: 'always' },
    ...entryFields[kind],
    Meta: { type: 'textMap', presence: 'filled' },
    CreateIndex: { type: 'integer', presence: 'always' },
    ModifyIndex: { type: 'integer', presence: 'always' },
  }
}

/** Values come first: as long as one cannot be read, unknown keys are not told. */
function problemOf({ values, keys }: EntryFaults): string | null {
  if (values.length > 0) {
    return `${values.length} error(s) decoding:\n\n${values.map((each) => `* ${each}`).join('\n')}`
  }
  if (keys.length === 0) return null
  return errorsOccurred(keys.map((key) => `invalid config key ${aboutKey(key)}`))
}

function aboutKey(key: string): string {
  const quoted = JSON.stringify(key)
  return key.toLowerCase() === 'namespace' ? `${quoted}, namespaces are a consul enterprise feature` : quoted
}
