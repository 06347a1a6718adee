import { expect, test } from 'vitest'
import { parseDuration } from '../../../src/config/duration.ts'
import type { SettingType } from '../../../src/config/setting.ts'
import { agentFlags, settings } from '../../../src/config/settings.ts'

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
  if (type === 'duration') return parseDuration(String(value)) !== undefined
  return typeof value === (type === 'bool' ? 'boolean' : type === 'string' ? 'string' : 'number')
}
