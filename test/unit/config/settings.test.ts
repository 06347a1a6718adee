import { expect, test } from 'vitest'
import { parseDurationMs } from '../../../src/lib/durations.ts'
import type { Setting, SettingType } from '../../../src/config/setting.ts'
import { agentFlags, settings } from '../../../src/config/settings.ts'
import { load, loaded, machine } from './machine.ts'
import { referenceKeys } from './reference-keys.ts'

test('flags are unique', () => {
  const names = agentFlags.map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
})

test('defaults are of their type, docs are sentences', () => {
  for (const [key, setting] of settings) {
    expect(setting.doc, key).toMatch(/^[A-Z`].*[.]$/)
    for (const value of [setting.default, setting.dev]) {
      if (value !== undefined) expect(fits(setting.type, value), key).toBe(true)
    }
  }
})

function fits(type: SettingType, value: string | number | boolean): boolean {
  if (type === 'duration') return parseDurationMs(String(value)) !== undefined
  return typeof value === (type === 'bool' ? 'boolean' : type === 'string' ? 'string' : 'number')
}

test('every key of the reference is known', () => {
  const isKnown = (key: string): boolean => {
    const parts = key.split('.')
    return parts.some((_part, i) => settings.has(parts.slice(0, i + 1).join('.')))
  }
  expect(referenceKeys.filter((key) => !isKnown(key))).toEqual([])
})

test('a setting without effect is named, unless it says what holds anyway', async () => {
  const text =
    '{"raft_protocol": 3, "disable_update_check": true, "ui_content_path": "", "rpc": {"enable_streaming": false}, "license_path": "/x"}'
  const { warnings } = await loaded(['-data-dir=/data', '-config-file=/a.json'], machine({ '/a.json': text }))
  expect(warnings).toEqual([
    '/a.json:1: license_path: license_path has no effect: No licence is needed.',
    '/a.json:1: rpc.enable_streaming: rpc.enable_streaming has no effect: Blocking queries need no setting.',
  ])
})

/** A value that asks for something, and for something other than what holds anyway. */
function otherThan({ type, default: usual }: Setting): unknown {
  if (type === 'bool') return usual !== true
  if (type === 'int' || type === 'port' || type === 'float') return 7
  if (type === 'list') return ['x']
  if (type === 'any') return { x: 1 }
  return type === 'duration' ? '7s' : 'x'
}

const limited = [...settings].filter(([, { support }]) => support !== undefined)

test.each(limited.map(([key, setting]) => [key, setting.support, setting] as const))(
  '%s, which is %s, is named where it is given',
  async (key, support, setting) => {
    const value = key
      .split('.')
      .reduceRight<unknown>((inner, part) => ({ [part]: inner }), otherThan(setting))
    const told = await load(
      ['-data-dir=/data', '-config-file=/a.json'],
      machine({ '/a.json': JSON.stringify(value) }),
    )
    const sentences = 'nodeName' in told ? told.warnings : told
    const named = /has no effect|is not supported yet|cannot be/
    expect(
      sentences.filter((each) => each.includes(key) && named.test(each)),
      support,
    ).toHaveLength(1)
  },
)
