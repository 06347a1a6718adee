// The commands of configuration entries where the recordings of the reference end: what is sent, in which spelling.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { run } from './console.ts'

let directory = ''
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-'))
})
afterEach(() => rmSync(directory, { recursive: true }))

function file(text: string): string {
  const path = join(directory, 'entry')
  writeFileSync(path, text)
  return path
}

describe('config write', () => {
  test.each([
    ['HCL', 'kind = "service-defaults"\nname = "web"\nmesh_gateway { mode = "local" }\n'],
    ['JSON', '{"Kind":"service-defaults","Name":"web","MeshGateway":{"Mode":"local"}}'],
  ])('sends what a file holds in %s', async (_what, text) => {
    const sent: string[] = []
    const { code, out } = await run(['config', 'write', file(text)], {
      answer: (_method, _url, body) => {
        sent.push(body)
        return new Response('true')
      },
    })
    expect([code, out.trim()]).toEqual([0, 'Config entry written: service-defaults/web'])
    expect(JSON.parse(sent[0] ?? '')).toEqual({
      Kind: 'service-defaults',
      Name: 'web',
      Protocol: '',
      MeshGateway: { Mode: 'local' },
      Expose: {},
    })
  })

  test('names the place of a fault', async () => {
    const path = file('Kind = "service-defaults"\nName =\n')
    const { code, err } = await run(['config', 'write', path], { answer: () => new Response('true') })
    expect(code).toBe(1)
    expect(err).toContain(`Failed to decode config entry input: ${path}:`)
  })

  test('a compare-and-set that does not apply is a failure', async () => {
    const path = file('{"Kind":"service-defaults","Name":"web"}')
    const { code, err } = await run(['config', 'write', '-cas', '-modify-index', '7', path], {
      answer: (_method, url) => new Response(String(url.searchParams.get('cas') !== '7')),
    })
    expect([code, err.trim()]).toEqual([1, 'Config entry not updated: service-defaults/web'])
  })
})

describe('config delete', () => {
  test('with -cas tells whether it was carried out', async () => {
    const args = ['config', 'delete', '-kind', 'service-defaults', '-name', 'web', '-cas']
    const { code, err } = await run(args, { answer: () => new Response('false') })
    expect([code, err.trim()]).toEqual([1, 'Config entry not deleted: service-defaults/web'])
  })
})
