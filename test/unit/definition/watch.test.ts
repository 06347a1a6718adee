import { describe, expect, it } from 'vitest'
import { readFileDefinitions } from '../../../src/definition/file.ts'
import type { Json } from '../../../src/model/catalog.ts'

const rules = {
  outputBytesMax: 4096,
  scripts: 'nowhere',
  sidecarPorts: { min: 21_000, max: 21_255 },
} as const

function read(value: Json): ReturnType<typeof readFileDefinitions> {
  return readFileDefinitions([{ kind: 'watch', value, path: 'watches' }], rules)
}

function problemsOf(value: Json): readonly string[] {
  return read(value).problems.map(({ path, message }) => `${path} | ${message}`)
}

describe('watches of a file', () => {
  it('have programs, commands of the shell and URLs as handlers', () => {
    const { watches, problems } = read([
      { type: 'key', key: 'a', args: ['cat', '-'] },
      { type: 'checks', state: 'critical', handler: 'cat', stale: true, datacenter: 'dc2', token: 't' },
      {
        type: 'service',
        service: 'web',
        tag: 'v1',
        passingonly: true,
        handler_type: 'http',
        http_handler_config: { path: 'https://x/y', timeout: '3s', header: { a: ['b', 'c'] } },
      },
    ])
    expect(problems).toEqual([])
    expect(watches.map(({ handler }) => handler)).toEqual([
      { kind: 'program', args: ['cat', '-'] },
      { kind: 'shell', command: 'cat' },
      {
        kind: 'http',
        url: 'https://x/y',
        method: 'POST',
        timeoutMs: 3000,
        headers: { a: ['b', 'c'] },
        skipVerify: false,
      },
    ])
    expect(watches[1]).toMatchObject({ stale: true, datacenter: 'dc2', token: 't' })
    expect(watches[2]?.subject).toMatchObject({ service: 'web', tags: ['v1'], passingOnly: true })
  })

  it.each([
    [{ args: ['x'] }, 'watches[0] | Watch type must be specified'],
    [{ type: 'x', args: ['x'] }, /^watches\[0\] \| Unsupported watch type: x/],
    [{ type: 'connect_roots', args: ['x'] }, /not supported/],
    [{ type: 'key', args: ['x'] }, 'watches[0] | Must specify a single key to watch'],
    [{ type: 'key', key: 'a', service: 'b', args: ['x'] }, 'watches[0] | Invalid parameters: [service]'],
    [{ type: 'checks', state: 'bad', args: ['x'] }, /Unsupported state: bad/],
    [{ type: 'nodes' }, /Handler must be given/],
    [{ type: 'nodes', handler: 'a', args: ['b'] }, /Only one of handler and args/],
    [{ type: 'nodes', handler_type: 'x' }, /Handler type 'x' not recognized/],
    [{ type: 'nodes', handler_type: 'http' }, /Requires 'path'/],
    [{ type: 'nodes', handler_type: 'http', http_handler_config: { path: 'ftp://x' } }, /is no URL/],
    [{ type: 'nodes', args: ['x'], colour: 1 }, 'watches[0].colour | invalid config key watches[0].colour'],
    [{ type: 7 }, 'watches[0].type | watches[0].type must be a text in quotes, not 7'],
  ])('%j is refused', (watch, message) => {
    const [problem] = problemsOf([watch as Json])
    if (typeof message === 'string') expect(problem).toBe(message)
    else expect(problem).toMatch(message)
  })
})
