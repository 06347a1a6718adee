// Our commands print what the reference's printed, given the answers that those got, and send the same requests.
// Recorded by record-cli.ts; each intended difference is one entry here and one line in docs/compatibility.md.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { run, type Outcome } from '../unit/cli/console.ts'
import { cliFiles, sortedUrl, type CliRecord, type CliRequest } from './cli-lines.ts'

const files = Object.entries(cliFiles).map(([file, lines]) => {
  const text = readFileSync(new URL(`cli/${file}.json`, import.meta.url), 'utf8')
  return { file, lines, records: JSON.parse(text) as readonly CliRecord[] }
})

/** The cells of a table, so that columns can be compared apart from their widths. */
function cells(text: string): readonly (readonly string[])[] {
  return text.split('\n').map((line) => line.split(/ {2,}/))
}

/** Turns our output into what the reference would have printed, or leaves it. */
function withoutDifferences(name: string, outcome: Outcome): { code: number; out: unknown; err: string } {
  const err = outcome.err.replaceAll(/; is an agent running there\? Start one, .* CONSUL_HTTP_ADDR/g, '')
  const isSummary = name.startsWith('members') && outcome.out.includes('  Partition')
  if (isSummary) return { ...outcome, err, out: cells(outcome.out).map((row) => row.toSpliced(7, 1)) }
  if (name.startsWith('operator raft list-peers')) {
    return { ...outcome, err, out: cells(outcome.out).map((row) => row.slice(0, 6)) }
  }
  return { ...outcome, err }
}

/** The recorded output in the same form. */
function inForm(out: string, ours: unknown): unknown {
  return typeof ours === 'string' ? out : cells(out)
}

/**
 * The reference drops -stale on its way to the nodes, where ours sends it; it names a datacenter to an agent that is asked
 * about itself, where it has no meaning; and it leaves `&` in paths as it is, which means the same.
 */
function withoutDetails({ method, url }: Pick<CliRequest, 'method' | 'url'>): string {
  const told = url
    .replace(/^(\/v1\/catalog\/nodes)\?stale=$/, '$1')
    .replace(/^(\/v1\/agent\/self)\?dc=.*$/, '$1')
    .replaceAll('%26', '&')
  return `${method} ${told}`
}

/** The reference ends JSON bodies with a newline, gives entries that are not there yet an index of 0, and leaves out empty texts. */
function withoutForm(body: string): unknown {
  const text = body.replace(/\}\n$/, '}')
  if (!text.startsWith('{"Kind":')) return text
  const {
    CreateIndex: _created,
    ModifyIndex: _modified,
    ...entry
  } = JSON.parse(text) as Record<string, unknown>
  return Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== ''))
}

function serviceForm(body: string): unknown {
  return body === '' ? '' : withoutSilence(JSON.parse(body))
}

/** The reference sends fields of a service that say nothing, equal weights, and its one check as a list. */
function withoutSilence(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSilence)
  if (typeof value !== 'object' || value === null) return value
  const { Check, Checks, Weights, ...fields } = value as Readonly<Record<string, unknown>>
  const checks = [Check, ...(Array.isArray(Checks) ? Checks : [])].filter((check) => says(check))
  const isUsual = JSON.stringify(Weights) === '{"Passing":1,"Warning":1}'
  const all = { ...fields, Checks: checks, ...(!isUsual && { Weights }) }
  return Object.fromEntries(
    Object.entries(all)
      .filter(([, field]) => says(field))
      .map(([name, field]) => [name, withoutSilence(field)]),
  )
}

function says(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0
  return value !== undefined && value !== null && value !== ''
}

describe.each(files)('$file', ({ lines, records }) => {
  test.each(records.map((record, i) => [record.args.join(' '), record, i] as const))(
    '%s',
    async (name, record, i) => {
      const sent: { method: string; url: string; body: string }[] = []
      const outcome = await run(record.args, {
        env: record.args.some((arg) => arg.startsWith('-http-addr'))
          ? {}
          : { CONSUL_HTTP_ADDR: '127.0.47.1:8500' },
        stdin: lines[i]?.stdin ?? '',
        answer(method, url, body) {
          if (url.port === '1') throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
          const recorded = record.requests[sent.length]
          sent.push({ method, url: sortedUrl(url), body })
          return new Response(recorded?.answer, { status: recorded?.status ?? 599 })
        },
      })
      if (lines[i]?.isHelp === true) {
        expect({ code: outcome.code, err: outcome.err !== '' }).toEqual({
          code: record.code,
          err: record.err !== '',
        })
        return
      }
      const ours = withoutDifferences(name, outcome)
      expect(ours).toEqual({ code: record.code, out: inForm(record.out, ours.out), err: record.err })
      expect(sent.map(withoutDetails)).toEqual(record.requests.map(withoutDetails))
      const form = record.args[0] === 'services' ? serviceForm : withoutForm
      expect(sent.map(({ body }) => form(body))).toEqual(record.requests.map(({ body }) => form(body)))
    },
  )

  test('the recording is of the lines as they are', () => {
    expect(records.map(({ args }) => args)).toEqual(lines.map(({ args }) => args))
  })
})
