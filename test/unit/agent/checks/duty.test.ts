import { describe, expect, it } from 'vitest'

import type { CheckDefinition } from '../../../../src/model/definition.ts'
import type { Host } from '../../../../src/runtime/host.ts'
import { nodeHost } from '../../../../src/runtime/node.ts'
import { definition } from '../../checks/samples.ts'
import { runOnce, withDuty } from './bench.ts'

const ttl: CheckDefinition = definition({ run: { type: 'ttl', ttlMs: 60_000 } })

describe('a TTL check at work', () => {
  it('tells what its owner says, in a turn of its own', () =>
    withDuty(async ({ duty, reports, next, host }) => {
      duty.add(ttl, null)
      const outcome = next('c')
      const beforeMs = host.clock.wallMs()
      expect(duty.heard('c', { status: 'passing', output: 'well' })).toBe(true)
      expect(reports.outcomes).toEqual([])
      expect(await outcome).toEqual({ status: 'passing', output: 'well' })
      const [, said, expiresAtWallMs] = reports.heard[0] ?? []
      expect(said).toEqual({ status: 'passing', output: 'well' })
      expect(expiresAtWallMs).toBeGreaterThan(beforeMs + 59_990)
    }))

  it('cuts what its owner says', () =>
    withDuty(async ({ duty, next }) => {
      duty.add({ ...ttl, outputBytesMax: 20 }, null)
      const outcome = next('c')
      duty.heard('c', { status: 'passing', output: '0123456789012345678901234567890123456789abcdef' })
      expect((await outcome).output).toBe('01234567890123456789 ... (captured 20 of 46 bytes)')
    }))

  it('expires', () =>
    withDuty(async ({ duty, next }) => {
      const outcome = next('c')
      duty.add(definition({ run: { type: 'ttl', ttlMs: 20 }, initialStatus: 'passing' }), null)
      expect(await outcome).toEqual({ status: 'critical', output: 'TTL expired' })
    }))

  it('is not heard of when it is not there', () =>
    withDuty(async ({ duty }) => {
      duty.add(definition(), null)
      expect(duty.heard('c', { status: 'passing', output: '' })).toBe(false)
      expect(duty.heard('x', { status: 'passing', output: '' })).toBe(false)
    }))

  it('begins anew when it has expired while the agent was away', () =>
    withDuty(async ({ duty, next, host }) => {
      const outcome = next('c')
      duty.add(ttl, { status: 'passing', output: 'old', expiresAtWallMs: host.clock.wallMs() - 1 })
      expect(await outcome).toEqual({ status: 'critical', output: '' })
    }))
})

describe('a check that is replaced', () => {
  it('is not told anew because of what was known of it long ago', () =>
    withDuty(async ({ duty, reports, next, host }) => {
      duty.add(ttl, null)
      duty.heard('c', { status: 'passing', output: 'well' })
      duty.add(
        { ...ttl, notes: 'new' },
        { status: 'passing', output: 'old', expiresAtWallMs: host.clock.wallMs() - 1 },
      )
      await next('c')
      await new Promise<void>((resolve) => host.clock.soon(resolve))
      expect(reports.outcomes).toEqual([['c', { status: 'passing', output: 'well' }]])
    }))
})

describe('runs', () => {
  it('that do not end when they are told to are given up', async () => {
    const host = nodeHost()
    const deaf: Host = {
      ...host,
      http: { ...host.http, fetch: () => new Promise<Response>(() => undefined) },
    }
    const found = await runOnce(
      {
        type: 'http',
        url: 'http://127.0.0.1/',
        method: 'GET',
        headers: {},
        body: '',
        followsRedirects: true,
        tls: { skipVerify: false, serverName: '' },
        intervalMs: 10,
        timeoutMs: 50,
      },
      { host: deaf },
    )
    expect(found).toEqual({ status: 'critical', output: 'Timed out (50ms) running check' })
  })

  it('that hang leave the others alone', () =>
    withDuty(
      async ({ duty, next }) => {
        const timing = { intervalMs: 20, timeoutMs: 60_000 }
        const hanging = definition({ id: 'h', run: { type: 'script', args: ['sleep', '60'], ...timing } })
        duty.add(hanging, null)
        for (let i = 0; i < 3; i++) {
          const outcome = next('c')
          const text = `echo ${i}`
          const run = { type: 'script', args: ['sh', '-c', text], ...timing } as const
          duty.add(definition({ run }), null)
          expect(await outcome).toEqual({ status: 'passing', output: `${i}\n` })
        }
      },
      { programsMax: 2 },
    ))

  it('end with the duty', async () => {
    const host = nodeHost()
    let signal: AbortSignal | undefined
    const { promise: begun, resolve } = Promise.withResolvers<void>()
    const watched: Host = {
      ...host,
      http: {
        ...host.http,
        fetch: (_, options) => {
          signal = options.signal
          resolve()
          return new Promise<Response>(() => undefined)
        },
      },
    }
    await withDuty(
      async ({ duty }) => {
        const timing = { intervalMs: 10, timeoutMs: 60_000 }
        duty.add(
          definition({
            run: {
              type: 'http',
              url: 'http://127.0.0.1/',
              method: 'GET',
              headers: {},
              body: '',
              followsRedirects: true,
              tls: { skipVerify: false, serverName: '' },
              ...timing,
            },
          }),
          null,
        )
        await begun
      },
      { host: watched },
    )
    expect(signal?.aborted).toBe(true)
  })
})
