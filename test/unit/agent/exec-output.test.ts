import { describe, expect, it } from 'vitest'
import { ExecOutput } from '../../../src/agent/exec-output.ts'
import { decodeExecJob, decodeExecPayload } from '../../../src/agent/exec-job.ts'
import { TestClock } from './samples.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (data: Uint8Array): string => new TextDecoder().decode(data)

/** Output whose pieces are kept; `isTaken` says what becomes of each. */
function output(isTaken = true): { clock: TestClock; pieces: string[]; names: string[]; out: ExecOutput } {
  const clock = new TestClock()
  const pieces: string[] = []
  const names: string[] = []
  const out = new ExecOutput(clock, 60_000, (name, data) => {
    names.push(name)
    pieces.push(text(data))
    return Promise.resolve(isTaken)
  })
  return { clock, pieces, names, out }
}

describe('output of a remote job', () => {
  it('what comes within half a second is one piece', async () => {
    const { clock, pieces, names, out } = output()
    void out.add(bytes('a\n'))
    clock.pass(499)
    void out.add(bytes('b\n'))
    expect(pieces).toEqual([])
    clock.pass(1)
    await out.end()
    expect([pieces, names]).toEqual([['a\nb\n'], ['out/00000']])
  })

  it('more than 4 KiB goes at once, in pieces of that size', async () => {
    const { pieces, names, out } = output()
    void out.add(bytes('x'.repeat(10_000)))
    await out.end()
    expect(pieces.map((piece) => piece.length)).toEqual([4096, 4096, 1808])
    expect(names).toEqual(['out/00000', 'out/00001', 'out/00002'])
  })

  it('what is left goes with the end', async () => {
    const { pieces, out } = output()
    void out.add(bytes('last'))
    await out.end()
    expect(pieces).toEqual(['last'])
  })

  it('without output there is a sign of life, more often than the asker waits', async () => {
    const { clock, pieces, out } = output()
    clock.pass(30_000)
    await Promise.resolve()
    await Promise.resolve()
    clock.pass(30_000)
    await out.end()
    expect(pieces).toEqual(['', ''])
  })

  it('after the end there is none', async () => {
    const { clock, pieces, out } = output()
    await out.end()
    clock.pass(300_000)
    expect([pieces, clock.armed]).toEqual([[], 0])
  })

  it('when the session is gone nothing more is written', async () => {
    const { pieces, out } = output(false)
    void out.add(bytes('x'.repeat(10_000)))
    await out.end()
    void out.add(bytes('y'))
    await out.end()
    expect(pieces).toHaveLength(1)
  })

  it('when the session is gone there is no sign of life either, however long the job goes on', async () => {
    const { clock, pieces } = output(false)
    for (let i = 0; i < 10; i++) {
      clock.pass(30_000)
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect([pieces, clock.armed]).toEqual([[''], 0])
  })

  it('a job that writes faster than is written has to wait', async () => {
    const { pieces, out } = output()
    expect(out.add(new Uint8Array(8192))).toBeUndefined()
    const held = out.add(new Uint8Array(300 * 1024))
    expect(held).toBeInstanceOf(Promise)
    await held
    expect(pieces.join('').length).toBeGreaterThan(40 * 1024)
    await out.end()
    expect(pieces.join('')).toHaveLength(308 * 1024)
  })

  it('whoever waits goes on when the session is gone', async () => {
    const { out } = output(false)
    await out.add(new Uint8Array(300 * 1024))
    expect(out.add(new Uint8Array(300 * 1024))).toBeUndefined()
    await out.end()
  })

  it('past a mebibyte that waits output is dropped, and that is said', async () => {
    const { pieces, out } = output()
    void out.add(new Uint8Array(1024 * 1024 + 77).fill(0x78))
    await out.end()
    expect(pieces.join('')).toHaveLength(1024 * 1024 + '\n[77 bytes of output were dropped]\n'.length)
    expect(pieces.at(-1)).toContain('77 bytes')
  })
})

describe('the payload of an event of execution', () => {
  it('names a prefix and a session', () => {
    expect(decodeExecPayload(bytes('{"Prefix":"_rexec","Session":"s"}'))).toEqual({
      prefix: '_rexec',
      session: 's',
    })
  })

  it.each([
    '',
    'null',
    '5',
    '{}',
    '{"Prefix":"p"}',
    '{"Prefix":5,"Session":"s"}',
    '{"Prefix":"","Session":"s"}',
  ])('%s is none', (payload) => {
    expect(decodeExecPayload(bytes(payload))).toBeNull()
  })
})

describe('a job', () => {
  it.each([
    ['{"Command":"ls -l","Wait":2000000000}', ['/bin/sh', '-c', 'ls -l'], 2000],
    ['{"Args":["ls","-l"],"Wait":500000}', ['ls', '-l'], 1],
    ['{"Command":"x"}', ['/bin/sh', '-c', 'x'], 2000],
  ])('%s', (job, command, waitMs) => {
    expect(decodeExecJob(bytes(job))).toEqual({ command, script: null, waitMs })
  })

  it('may be a script', () => {
    const job = decodeExecJob(bytes('{"Script":"ZWNobyBzCg==","Wait":1000000}'))
    expect(job?.script).toEqual(bytes('echo s\n'))
  })

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"Command":""}',
    '{"Command":5}',
    '{"Args":[5]}',
    '{"Args":[]}',
    '{"Script":"*"}',
  ])('%s is none', (job) => {
    expect(decodeExecJob(bytes(job))).toBeNull()
  })
})
