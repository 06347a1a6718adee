import { describe, expect, it } from 'vitest'
import { createApp } from '../../../src/http/app.ts'
import { remembered } from '../../../src/http/render.ts'
import { RenderedBodies } from '../../../src/http/rendered.ts'
import { createStateBackend } from './state-backend.ts'

describe('kept bodies', () => {
  it('are made once for a value and a form of it', () => {
    const bodies = new RenderedBodies()
    const value = ['a']
    let made = 0
    const make = (): string => `body ${++made}`
    const [render, other] = [(): string => '', (): string => 'x']
    const first = bodies.of(value, render, false, make)
    expect(bodies.of(value, render, false, make)).toBe(first)
    expect(bodies.of(value, render, true, make).text).toBe('body 2')
    expect(bodies.of(value, other, false, make).text).toBe('body 3')
    expect(bodies.of(['a'], render, false, make).text).toBe('body 4')
    expect([bodies.of(value, render, true, make).text, made]).toEqual(['body 2', 4])
  })

  it('go when they have not been asked for while much else was', () => {
    const bodies = new RenderedBodies()
    const [used, unused] = [['used'], ['unused']]
    const render = (): string => ''
    const large = 'x'.repeat(256 * 1024)
    const keptUsed = bodies.of(used, render, false, () => 'used')
    const keptUnused = bodies.of(unused, render, false, () => 'unused')
    for (let i = 0; i < 160; i++) {
      bodies.of([i], render, false, () => large)
      expect(bodies.of(used, render, false, () => 'used')).toBe(keptUsed)
    }
    expect(bodies.of(unused, render, false, () => 'unused')).not.toBe(keptUnused)
  })

  it('are kept from the second time on when they are large', () => {
    const bodies = new RenderedBodies()
    const value = ['many']
    const render = (): string => ''
    const text = 'x'.repeat(256 * 1024 + 1)
    const [first, second, third] = [1, 2, 3].map(() => bodies.of(value, render, false, () => text))
    expect(second).not.toBe(first)
    expect(third).toBe(second)
  })
})

it('the text of a record is made anew the second time, and kept from then on', () => {
  let made = 0
  const render = remembered(({ name }: { readonly name: string }) => `${name} ${++made}`)
  const [one, two] = [{ name: 'one' }, { name: 'two' }]
  expect([one, one, one, two, two, two].map(render)).toEqual([
    'one 1',
    'one 2',
    'one 2',
    'two 3',
    'two 4',
    'two 4',
  ])
})

describe('an answer that several get', () => {
  async function ask(
    app: ReturnType<typeof createApp>,
    coding: string,
  ): Promise<{ readonly encoding: string | null; readonly index: string | null; readonly text: string }> {
    const request = new Request('http://agent/v1/kv/large', { headers: { 'Accept-Encoding': coding } })
    const response = await app(request, { ip: '127.0.0.1', port: 1 })
    const encoding = response.headers.get('content-encoding')
    const plain =
      encoding === null || response.body === null
        ? response
        : new Response(response.body.pipeThrough(new DecompressionStream('gzip')))
    return { encoding, index: response.headers.get('x-consul-index'), text: await plain.text() }
  }

  it('is compressed for those alone that take it so, and follows the value', async () => {
    const backend = createStateBackend()
    const app = createApp(backend)
    const put = (letter: string): void => {
      const value = new Uint8Array(20_000).fill(letter.charCodeAt(0))
      backend.apply({ kind: 'kvSet', key: 'large', value, flags: 0n, ttlMs: 0 })
    }
    put('a')
    const first = await ask(app, 'gzip')
    const second = await ask(app, 'identity')
    const third = await ask(app, 'gzip')
    expect([first.encoding, second.encoding, third.encoding]).toEqual(['gzip', null, 'gzip'])
    expect(new Set([first.text, second.text, third.text]).size).toBe(1)
    put('b')
    const changed = await ask(app, 'gzip')
    expect([changed.index, changed.text === first.text]).toEqual(['2', false])
  })
})
