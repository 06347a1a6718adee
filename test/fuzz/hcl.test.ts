// Configuration and policies come from people and from the network: whatever their text is, it ends as a value or as a
// sentence with a place, and soon.
import { expect, test } from 'vitest'
import { parseHcl } from '../../src/config/hcl/hcl.ts'
import { readConfigText } from '../../src/config/file.ts'
import { seededRandom, type Random } from '../../src/lib/random.ts'
import { languageSnippets, settingSnippets } from '../parity/hcl-snippets.ts'

const examples = [...languageSnippets, ...settingSnippets]

/** Reads a text twice over, as a document and as a file of settings, and holds the answer against its text. */
function read(text: string): boolean {
  const parsed = parseHcl(text)
  readConfigText('/fuzz.hcl', text, 'hcl')
  if (parsed.ok) {
    expect(JSON.parse(JSON.stringify(parsed.value.value))).toEqual(parsed.value.value)
    return true
  }
  const { line, column, message } = parsed.error
  const lines = text.split('\n')
  expect(message).not.toBe('')
  expect(line >= 1 && line <= lines.length, JSON.stringify(text)).toBe(true)
  expect(column >= 1 && column <= (lines[line - 1]?.length ?? 0) + 1, JSON.stringify(text)).toBe(true)
  return false
}

function randomText(random: Random, length: number): string {
  const bytes = Uint8Array.from({ length }, () => random.below(256))
  return new TextDecoder().decode(bytes)
}

/** A piece of one example put over a piece of another, or a sign of the language in the middle of one. */
function mutated(random: Random): string {
  const pick = (): string => examples[random.below(examples.length)] ?? ''
  const signs = [
    '{',
    '}',
    '[',
    ']',
    '=',
    ',',
    '"',
    '${',
    '\\',
    '<<A\n',
    '<<-',
    '\n',
    '#',
    '/*',
    '*/',
    '-',
    '0x',
    '\0',
    '\ud800',
  ]
  let text = pick()
  for (let rounds = 1 + random.below(6); rounds > 0; rounds--) {
    const at = random.below(text.length + 1)
    const end = at + random.below(4)
    const piece = random.below(3) === 0 ? pick() : (signs[random.below(signs.length)] ?? '')
    text = text.slice(0, at) + piece + text.slice(random.below(2) === 0 ? at : end)
  }
  return text
}

test('random bytes never throw', () => {
  const random = seededRandom(1)
  for (let round = 0; round < 5000; round++) read(randomText(random, random.below(60)))
})

test('mutated examples never throw, and some of them still mean something', () => {
  const random = seededRandom(2)
  let accepted = 0
  for (let round = 0; round < 20_000; round++) if (read(mutated(random))) accepted++
  expect(accepted).toBeGreaterThan(300)
})

test('every example cut anywhere is a value or a sentence', () => {
  for (const text of examples) for (let cut = 0; cut <= text.length; cut++) read(text.slice(0, cut))
})

/** Texts in which a careless reader would look at everything again and again. */
const hostile: Readonly<Record<string, (n: number) => string>> = {
  'open texts': (n) => 'a = "${'.repeat(n),
  'open quotes': (n) => `a = ${'"'.repeat(n)}`,
  backslashes: (n) => `a = "${'\\'.repeat(n)}`,
  'one long text': (n) => `a = "${'x$ '.repeat(n)}"`,
  'texts of several lines without an end': (n) => 'a = <<A\n'.repeat(n),
  'lines that look like the end': (n) => `a = <<-A\n${'  B A\n'.repeat(n)} A\n`,
  'open comments': (n) => '/*'.repeat(n),
  'closed comments': (n) => '/**/'.repeat(n),
  digits: (n) => `a = ${'9'.repeat(Math.min(n, 300))}.${'9'.repeat(n)}`,
  'a large whole number': (n) => `a = ${'9'.repeat(n)}`,
  commas: (n) => `a = [${','.repeat(n)}]`,
  'blocks of one name': (n) => 'a { b = 1 }\n'.repeat(n),
  keys: (n) => Array.from({ length: n }, (_, i) => `k${i} = ${i}\n`).join(''),
  labels: (n) => `a ${'"x" '.repeat(n)}{}`,
  'a long key around many': (n) => `${'k'.repeat(n)} {\n${'a { b = 1 }\n'.repeat(n)}}`,
  'open lists': (n) => `a = ${'['.repeat(n)}`,
  'a word': (n) => 'a'.repeat(n),
  'white space': (n) => `a = ${' \n'.repeat(n)}`,
}

test.each(Object.keys(hostile))('hostile: %s, in bounded time', (name) => {
  const text = hostile[name]?.(100_000) ?? ''
  const start = performance.now()
  parseHcl(text)
  // Whoever looks at all of it for every sign of it needs minutes.
  expect(performance.now() - start).toBeLessThan(10_000)
})
