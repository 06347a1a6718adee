// `validate` reads both languages of configuration files, and says where a file is wrong.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { run } from './console.ts'

const directory = mkdtempSync(join(tmpdir(), 'validate-'))
afterAll(() => {
  rmSync(directory, { recursive: true })
})

function file(name: string, text: string): string {
  const path = join(directory, name)
  writeFileSync(path, text)
  return path
}

const json = file('a.json', `{"data_dir": "${directory}/data"}`)

test.each([
  ['hcl', 'b.hcl', 'bind_addr = "127.0.0.1" # here\nports { http = -1 }', []],
  ['hcl by force', 'b.conf', 'bind_addr = "127.0.0.1"\ndata_dir = "/nosuch"', ['-config-format=hcl']],
])('%s is valid', async (_, name, text, flags) => {
  const files = flags.length > 0 ? [file(name, text)] : [json, file(name, text)]
  expect(await run(['validate', ...flags, ...files])).toEqual({
    code: 0,
    out: 'Configuration is valid!\n',
    err: '',
  })
})

test('a fault has its line and column', async () => {
  const outcome = await run(['validate', json, file('c.hcl', 'ports {\n  http = 8500\n  dns : 8600\n}')])
  expect(outcome).toMatchObject({ code: 1, out: '' })
  expect(outcome.err).toContain('":" has no meaning here: a key is followed by "="')
  expect(outcome.err).toContain(`${directory}/c.hcl:3:7`)
})

test('a wrong type has its line and key', async () => {
  const outcome = await run(['validate', json, file('d.hcl', 'ports {\n  http = "8500"\n}')])
  expect(outcome.err).toContain('ports.http must be a port number, not "8500"')
  expect(outcome.err).toContain(`${directory}/d.hcl:2`)
})
