// Ours reads HCL as the reference does: the same texts are refused, on the same lines, and the others mean the same.
// Recorded by record-hcl.ts; each intended difference is one entry here and in a line of docs/compatibility.md.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseHcl } from '../../src/config/hcl/hcl.ts'
import { load, machine } from '../unit/config/machine.ts'
import { languageSnippets, settingSnippets, type HclRecord, type HclRecording } from './hcl-snippets.ts'

const recording = JSON.parse(
  readFileSync(new URL('hcl/recorded.json', import.meta.url), 'utf8'),
) as HclRecording

const begins = 'a text without an end is reported where it begins'
const types = 'a key written twice with values of two types'
const missing = 'a missing value at the end of the file'
const json = 'JSON in an HCL file'
const endWord = 'EOF not indented, or without a line break at the end of the file'
const bytes = 'replacement characters, or a panic'
const twice = 'a list of one in a list of one'
const mark = 'a byte order mark'

/** The texts that are read differently on purpose, and the line of docs/compatibility.md that says so. */
const differences: ReadonlyMap<string, string> = new Map([
  ['a = "x\ny"', begins],
  ['a = <<EOF\n', begins],
  ['a = <<EOF\nx\n', begins],
  ['a = 1\na = "x"', types],
  ['a = "x"\na = true', types],
  ['a = 1\na = 1.5', types],
  ['a { y = 2 }\na = [1]', types],
  ['a =', missing],
  ['a = # c\n', missing],
  ['{"a": 1,}', json],
  ['{"a": [1,]}', json],
  ['{"a": 1} x', json],
  ['{"a": 1', json],
  [String.raw`{"a": "\u00e9\/"}`, json],
  ['a = <<EOF\nx\nEOF', endWord],
  ['a = <<-EOF\n  x\nEOF\n', endWord],
  [String.raw`a = "\ud83d\ude00"`, 'one character, as in JSON'],
  [String.raw`a = "\xff"`, bytes],
  [String.raw`a = "\377"`, bytes],
  [String.raw`a = "\UFFFFFFFF"`, bytes],
  ['\ufeffa = 1', mark],
  ['\ufeff{"a":1}', mark],
  ['node_name = [["a"]]', twice],
  ['retry_join = [["127.0.0.1"]]', twice],
])

/** A value in which a list of one is what it holds, as the reference makes it where anything is allowed. */
function unwrapped(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 1 ? unwrapped(value[0]) : value.map(unwrapped)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unwrapped(inner)]))
}

/** Our reading in the form of the recorded one. */
function reading(text: string, record: HclRecord): unknown {
  const parsed = parseHcl(text)
  if (!parsed.ok) return { accepted: false, line: record.line === null ? null : parsed.error.line }
  return { accepted: true, ...('value' in record ? { value: unwrapped(parsed.value.value) } : {}) }
}

function recordedReading(record: HclRecord): unknown {
  if (!record.accepted) return { accepted: false, line: record.line }
  return { accepted: true, ...('value' in record ? { value: unwrapped(record.value) } : {}) }
}

test.each(recording.language.map((record) => [record.text, record] as const))('%j', (text, record) => {
  if (differences.has(text)) expect(reading(text, record)).not.toEqual(recordedReading(record))
  else expect(reading(text, record)).toEqual(recordedReading(record))
})

describe('a setting:', () => {
  test.each(recording.settings.map((record) => [record.text, record] as const))(
    '%j',
    async (text, record) => {
      const host = machine({ '/base.hcl': 'data_dir = "/d"\nbind_addr = "127.0.0.1"', '/text.hcl': text })
      const result = await load(['-config-file=/base.hcl', '-config-file=/text.hcl'], host)
      const isSame = 'nodeName' in result === record.accepted
      expect(isSame, JSON.stringify(result)).toBe(!differences.has(text))
    },
  )
})

test('the recording is of the texts as they are', () => {
  expect(recording.language.map(({ text }) => text)).toEqual(languageSnippets)
  expect(recording.settings.map(({ text }) => text)).toEqual(settingSnippets)
})
