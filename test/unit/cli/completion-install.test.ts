// How shells are told of completion: what is written into whose files, and what is left alone.
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { completionLine } from '../../../src/cli/completion-install.ts'
import { run, type Outcome } from './console.ts'

let home = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'completion-'))
})
afterEach(() => rmSync(home, { recursive: true }))

interface Options {
  readonly programName?: string
  readonly env?: Readonly<Record<string, string>>
}

function install(
  verb: 'install' | 'uninstall',
  { programName = 'proconsul', env = {} }: Options = {},
): Promise<Outcome> {
  return run([`-autocomplete-${verb}`], { env: { HOME: home, ...env }, programName })
}

const at = (name: string): string => join(home, name)
const text = (name: string): string => readFileSync(at(name), 'utf8')
const bashLine = completionLine('bash', 'proconsul')

test('what is installed can be taken out again, and nothing else changes', async () => {
  writeFileSync(at('.bashrc'), 'export A=1')
  writeFileSync(at('.zshrc'), '')
  mkdirSync(at('.config/fish'), { recursive: true })
  expect(await install('install')).toEqual({
    code: 0,
    out: ['.bashrc', '.zshrc', '.config/fish/completions/proconsul.fish']
      .map((name) => `Completion is installed in ${at(name)}: begin a new shell\n`)
      .join(''),
    err: '',
  })
  expect((await install('install', { programName: 'consul' })).code).toBe(0)
  expect(text('.bashrc')).toBe(`export A=1\n${bashLine}\n${completionLine('bash', 'consul')}\n`)
  expect(readdirSync(at('.config/fish/completions'))).toEqual(['consul.fish', 'proconsul.fish'])

  expect(await install('uninstall')).toMatchObject({ code: 0, err: '' })
  expect(text('.bashrc')).toBe(`export A=1\n${completionLine('bash', 'consul')}\n`)
  expect(text('.zshrc')).toBe(`${completionLine('zsh', 'consul')}\n`)
  expect(readdirSync(at('.config/fish/completions'))).toEqual(['consul.fish'])
})

test('twice is once', async () => {
  writeFileSync(at('.bashrc'), 'a\n')
  await install('install')
  const out = `Completion is already installed in ${at('.bashrc')}\n`
  expect(await install('install')).toEqual({ code: 0, out, err: '' })
  expect(text('.bashrc')).toBe(`a\n${bashLine}\n`)
  await install('uninstall')
  const gone = `Completion is not installed in ${at('.bashrc')}\n`
  expect(await install('uninstall')).toEqual({ code: 0, out: gone, err: '' })
  expect(text('.bashrc')).toBe('a\n')
})

test('a line that another version wrote is replaced in its place', async () => {
  writeFileSync(at('.bashrc'), 'a\nold # proconsul -autocomplete-install\nb\n')
  expect((await install('install')).out).toContain('is renewed in')
  expect(text('.bashrc')).toBe(`a\n${bashLine}\nb\n`)
})

test('completion by another line is left alone, and said', async () => {
  const before = 'a\ncomplete -C /usr/bin/consul consul\n'
  writeFileSync(at('.bashrc'), before)
  expect(await install('install', { programName: 'consul' })).toEqual({
    code: 1,
    out: '',
    err: `Nothing was changed: line 2 of ${at('.bashrc')} is not ours and already completes consul: complete -C /usr/bin/consul consul\n`,
  })
  expect((await install('uninstall', { programName: 'consul' })).code).toBe(0)
  expect(text('.bashrc')).toBe(before)
  // It is about the other name.
  expect((await install('install')).code).toBe(0)
})

test('a file of fish that is not ours is left alone', async () => {
  mkdirSync(at('.config/fish/completions'), { recursive: true })
  writeFileSync(at('.config/fish/completions/proconsul.fish'), 'complete -c proconsul -f\n')
  for (const verb of ['install', 'uninstall'] as const) {
    expect((await install(verb)).err).toMatch(/^Nothing was changed: line 1 of /)
  }
  expect(text('.config/fish/completions/proconsul.fish')).toBe('complete -c proconsul -f\n')
})

test('what is no regular file is refused, and the other shells are served', async () => {
  mkdirSync(at('.bashrc'))
  writeFileSync(at('.zshrc'), '')
  const { code, out, err } = await install('install')
  expect([code, err]).toEqual([1, `Cannot change ${at('.bashrc')}: it is not a regular file\n`])
  expect(out).toContain('.zshrc')
})

test('links, modes and bytes that are no UTF-8 stay', async () => {
  const bytes = Buffer.from([0x61, 0xff, 0x0a])
  writeFileSync(at('dotfile'), bytes)
  chmodSync(at('dotfile'), 0o600)
  symlinkSync('dotfile', at('.bashrc'))
  await install('install')
  expect(text('dotfile')).toContain(bashLine)
  await install('uninstall')
  expect(readFileSync(at('dotfile'))).toEqual(bytes)
  expect(statSync(at('dotfile')).mode & 0o777).toBe(0o600)
})

test('SHELL names a shell that has no configuration yet; the environment moves the others', async () => {
  const env = { SHELL: '/usr/bin/zsh', ZDOTDIR: at('z'), XDG_CONFIG_HOME: at('x') }
  mkdirSync(at('x/fish'), { recursive: true })
  expect((await install('install', { env })).code).toBe(0)
  expect(text('z/.zshrc')).toBe(`${completionLine('zsh', 'proconsul')}\n`)
  expect(text('x/fish/completions/proconsul.fish')).toBe(`${completionLine('fish', 'proconsul')}\n`)
})

test('without any shell there is nothing to do, and without a home neither', async () => {
  expect(await install('install')).toMatchObject({ code: 1, out: '' })
  expect(await install('install', { env: { HOME: '' } })).toEqual({
    code: 1,
    out: '',
    err: 'Cannot find the home directory: HOME is not set\n',
  })
})
