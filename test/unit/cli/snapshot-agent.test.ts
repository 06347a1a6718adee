// `snapshot agent` with a configuration file: keys of the reference's enterprise edition.
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { archiveOf, stateWith } from '../agent/archive-parts.ts'
import { run, type Outcome } from './console.ts'

let directory = ''
beforeEach(() => (directory = mkdtempSync(join(tmpdir(), 'snapshot-agent-'))))
afterEach(() => rmSync(directory, { recursive: true }))

const archive = new Uint8Array(await archiveOf(stateWith(3)))
const asked: string[] = []

function agent(...args: readonly string[]): Promise<Outcome> {
  asked.length = 0
  return run(['snapshot', 'agent', ...args], {
    answer(_method, url, _body, headers) {
      asked.push(`${url.host} ${url.search} ${headers.get('X-Consul-Token') ?? ''}`)
      return new Response(archive)
    },
  })
}

function file(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

test('one snapshot is saved with interval 0, where the file says', async () => {
  const settings = {
    snapshot_agent: {
      http_addr: '10.0.0.1:8501',
      token: 'secret',
      snapshot: { interval: '0', retain: 5, stale: true, service: 'consul-snapshot' },
      local_storage: { path: join(directory, 'kept') },
    },
  }
  const { code, out } = await agent('-config-file', file('a.json', JSON.stringify(settings)))
  expect(code).toBe(0)
  expect(out).toContain('Saved and verified snapshot to index 3')
  expect(asked).toEqual(['10.0.0.1:8501 ?stale= secret'])
  expect(readdirSync(join(directory, 'kept')).length).toBe(1)
})

test('HCL is read too, and flags count more', async () => {
  const text = `snapshot_agent {
    http_addr = "10.0.0.1:8501"
    snapshot { interval = "0" }
    local_storage { path = "${join(directory, 'kept')}" }
  }`
  const { code } = await agent('-config-file', file('a.hcl', text), '-http-addr=10.0.0.2:8500')
  expect(code).toBe(0)
  expect(asked).toEqual(['10.0.0.2:8500  '])
})

test.each([
  ['{"snapshot_agent":{"snapshot":{"colour":1}}}', 'Cannot use snapshot_agent.snapshot.colour of'],
  ['{"snapshot_agent":{"aws_storage":{"s3_bucket":"b"}}}', 'snapshots are kept in directories only'],
  ['{"snapshot_agent":{"snapshot":{"interval":"10ms"}}}', '-interval cannot be 10ms'],
  ['{"snapshot":{}}', 'it holds no object "snapshot_agent"'],
  ['{', 'a.json:1:2'],
])('%s is refused with a sentence', async (text, sentence) => {
  const { code, err } = await agent('-config-file', file('a.json', text))
  expect(code).toBe(1)
  expect(err).toContain(sentence)
  expect(asked).toEqual([])
})
