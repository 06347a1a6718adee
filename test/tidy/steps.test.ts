// scripts/check and scripts/test count right: no failure, crash, hang or missing report may end up as a pass.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { runStep } from '../../scripts/steps/run-step.ts'
import type { Step } from '../../scripts/steps/step.ts'
import { formatTally, parseTally, parseVitest, sum } from '../../scripts/steps/tally.ts'

/** A step that runs a piece of JavaScript. */
function step(counting: Step['counting'], code: string, more: Partial<Step> = {}): Step {
  return { name: 'planted', command: [process.execPath, '-e', code], counting, ...more }
}

describe('a step', () => {
  test.each<readonly [what: string, step: Step, tally: string]>([
    ['a gate that passes', step('gate', ''), '1 passed, 0 failed'],
    ['a gate that fails', step('gate', 'process.exit(3)'), '0 passed, 1 failed'],
    ['a gate that does not exist', { ...step('gate', ''), command: ['./nowhere'] }, '0 passed, 1 failed'],
    [
      'a script that counts',
      step('lines', 'console.log("7 passed, 0 failed, 2 skipped")'),
      '7 passed, 0 failed, 2 skipped',
    ],
    ['a script that counts nothing', step('lines', 'console.log("done")'), '0 passed, 1 failed'],
    [
      'a script that crashes at the end',
      step('lines', 'console.log("7 passed, 0 failed"); process.exit(1)'),
      '7 passed, 1 failed',
    ],
    [
      'a script that hangs',
      step('lines', 'setInterval(() => {}, 1e6)', { timeoutMs: 300 }),
      '0 passed, 1 failed',
    ],
    [
      'a vitest run without a report',
      step('vitest', '', { reportPath: '/nowhere.json' }),
      '0 passed, 1 failed',
    ],
  ])('%s', async (_, planted, tally) => {
    expect(formatTally((await runStep(planted)).tally)).toBe(tally)
  })

  test('keeps what a failing command wrote to both outputs', async () => {
    const { output } = await runStep(
      step('gate', 'console.log("one"); console.error("two"); process.exit(1)'),
    )
    expect(output.split('\n').sort()).toEqual(['', 'one', 'two'])
  })

  test('takes a vitest report from its file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'proconsul-steps-'))
    const reportPath = join(folder, 'report.json')
    writeFileSync(reportPath, JSON.stringify({ testResults: [] }))
    const { tally, note } = await runStep(step('vitest', 'process.exit(1)', { reportPath }))
    rmSync(folder, { recursive: true })
    expect([formatTally(tally), note]).toEqual(['0 passed, 1 failed', 'failed as a whole (exit status 1)'])
  })
})

describe('a vitest report', () => {
  const results = (...statuses: readonly string[]): readonly { status: string }[] =>
    statuses.map((status) => ({ status }))

  test('counts tests, and a file that did not load as one failure', () => {
    const report = {
      testResults: [
        { status: 'passed', assertionResults: results('passed', 'passed', 'pending', 'todo') },
        { status: 'failed', assertionResults: results('passed', 'failed') },
        { status: 'failed', assertionResults: [] },
      ],
    }
    expect(parseVitest(report)).toEqual({ passed: 3, failed: 2, skipped: 2 })
  })
})

describe('the last line', () => {
  test.each(['', 'ok', '3 passed', '3 passed, 0 failed.', 'x 3 passed, 0 failed', '3 passed, 0 failed\nbye'])(
    'of %j is no count',
    (output) => {
      expect(parseTally(output)).toBeUndefined()
    },
  )

  test('is read back as it is written', () => {
    const tally = { passed: 3, failed: 1, skipped: 2 }
    expect(parseTally(`noise\n${formatTally(tally)}\n\n`)).toEqual(tally)
    expect(sum([tally, tally])).toEqual({ passed: 6, failed: 2, skipped: 4 })
  })
})
