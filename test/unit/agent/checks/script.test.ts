import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

import type { CheckDefinition, CheckOutcome } from '../../../../src/model/definition.ts'
import { runOnce } from './bench.ts'

function script(
  text: string,
  timeoutMs = 5000,
  changes: Partial<CheckDefinition> = {},
): Promise<CheckOutcome> {
  return runOnce({ type: 'script', args: ['sh', '-c', text], intervalMs: 50, timeoutMs }, changes)
}

function isRunning(pid: number): boolean {
  try {
    // A zombie has ended, whoever has yet to wait for it.
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return false
  }
}

describe('a script check', () => {
  it('passes with exit status 0, and tells what the script printed', async () => {
    expect(await script('echo hi; echo err >&2')).toEqual({ status: 'passing', output: 'hi\nerr\n' })
  })

  it('warns with exit status 1', async () => {
    expect(await script('echo hi; exit 1')).toEqual({ status: 'warning', output: 'hi\n' })
  })

  it('is critical with any other exit status', async () => {
    expect(await script('exit 2')).toEqual({ status: 'critical', output: '' })
  })

  it('is critical when a signal ends it', async () => {
    expect(await script('echo z; kill -9 $$')).toEqual({ status: 'critical', output: 'z\n' })
  })

  it('is critical when there is no such program', async () => {
    const at = { intervalMs: 50, timeoutMs: 1000 }
    expect(await runOnce({ type: 'script', args: ['/nope/nope'], ...at })).toEqual({
      status: 'critical',
      output: 'fork/exec /nope/nope: no such file or directory',
    })
    expect((await runOnce({ type: 'script', args: ['nopenope'], ...at })).output).toBe(
      'exec: "nopenope": executable file not found in $PATH',
    )
    expect((await runOnce({ type: 'script', args: ['/tmp'], ...at })).output).toBe(
      'fork/exec /tmp: permission denied',
    )
  })

  it('keeps the last bytes of its output', async () => {
    expect(await script('seq 1 10000', 5000, { outputBytesMax: 20 })).toEqual({
      status: 'passing',
      output: 'Captured 20 of 48894 bytes\n...\n997\n9998\n9999\n10000\n',
    })
  })
})

describe('a hostile script', () => {
  it('that ignores SIGTERM is killed with its children when its time is over', async () => {
    const found = await script("trap '' TERM; sleep 50 & echo $!; sleep 50", 300)
    expect(found.status).toBe('critical')
    expect(found.output).toMatch(/^Timed out \(300ms\) running check\n\n\d+\n$/)
    const child = Number(/(\d+)\n$/.exec(found.output)?.[1])
    expect(child).toBeGreaterThan(1)
    await expect.poll(() => isRunning(child)).toBe(false)
  })

  it('that leaves a child behind with its output open loses that child', async () => {
    const found = await script('sleep 50 & echo $!')
    expect(found.status).toBe('passing')
    await expect.poll(() => isRunning(Number(found.output))).toBe(false)
  })

  it('that prints without end costs little memory and not much time', async () => {
    const before = process.memoryUsage().rss
    const usage = process.cpuUsage()
    const found = await script('yes', 1000)
    expect(found.status).toBe('critical')
    expect(found.output).toMatch(/^Timed out \(1s\) running check\n\nCaptured 4096 of \d+ bytes\n\.\.\.\n/)
    expect(process.memoryUsage().rss - before).toBeLessThan(64 * 1024 * 1024)
    expect(process.cpuUsage(usage).user / 1000).toBeLessThan(600)
  })
})
