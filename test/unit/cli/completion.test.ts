// Completion of command lines, and how shells are told of it.
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { commands } from '../../../src/cli/commands.ts'
import { completionsOf } from '../../../src/cli/completion.ts'
import { run } from './console.ts'

test.each<readonly [string, readonly string[]]>([
  ['proconsul ke', ['keygen']],
  ['proconsul kv g', ['get']],
  ['proconsul kv get', ['get']],
  ['proconsul kv get -rec', ['-recurse']],
  ['proconsul kv get --rec', ['--recurse']],
  ['proconsul kv get -recurse -det', ['-detailed']],
  ['proconsul kv get some/key', []],
  ['proconsul catalog nodes -format ', ['pretty', 'json']],
  ['proconsul catalog nodes -format j', ['json']],
  ['proconsul catalog nodes -near ', []],
  ['proconsul operator raft rem', ['remove-peer']],
  ['proconsul -v', ['-version']],
  ['proconsul nosuch ', []],
  ['', []],
])('%j: %j', (line, words) => {
  const found = completionsOf(line, commands)
  expect(line === '' ? [] : found).toEqual(words)
})

test('every command can be reached word by word, and every flag of it', () => {
  for (const spec of commands) {
    const words = spec.name.split(' ')
    for (const [i, word] of words.entries()) {
      expect(completionsOf(['x', ...words.slice(0, i), ''].join(' '), commands), spec.name).toContain(word)
    }
    if (spec.kind !== 'command') continue
    const flags = completionsOf(`x ${spec.name} -`, commands)
    expect(flags).toEqual(expect.arrayContaining(spec.flags.map(({ name }) => `-${name}`)))
  }
})

test('the shell asks with the line in the environment', async () => {
  const env = { COMP_LINE: 'proconsul kv ge and more', COMP_POINT: '15' }
  expect(await run(['kv', 'ge', 'kv'], { env })).toEqual({ code: 0, out: 'get\n', err: '' })
})

describe('shells', () => {
  let home = ''
  const install = (verb: string, programName: string = 'proconsul'): ReturnType<typeof run> =>
    run([`-autocomplete-${verb}`], { env: { HOME: home }, programName })

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'completion-'))
  })
  afterEach(() => {
    rmSync(home, { recursive: true })
  })

  test('what is installed can be taken out again, and nothing else changes', async () => {
    writeFileSync(join(home, '.bashrc'), 'export A=1')
    writeFileSync(join(home, '.zshrc'), '')
    mkdirSync(join(home, '.config', 'fish'), { recursive: true })
    expect((await install('install')).code).toBe(0)
    expect((await install('install', 'consul')).code).toBe(0)
    const bash = readFileSync(join(home, '.bashrc'), 'utf8')
    expect(bash).toBe(
      'export A=1\ncomplete -o default -C proconsul proconsul\ncomplete -o default -C consul consul\n',
    )
    expect(readdirSync(join(home, '.config', 'fish', 'completions'))).toEqual([
      'consul.fish',
      'proconsul.fish',
    ])

    expect((await install('uninstall')).code).toBe(0)
    expect(readFileSync(join(home, '.bashrc'), 'utf8')).toBe(
      'export A=1\ncomplete -o default -C consul consul\n',
    )
    expect(readdirSync(join(home, '.config', 'fish', 'completions'))).toEqual(['consul.fish'])
    expect(readFileSync(join(home, '.zshrc'), 'utf8')).toContain('-C consul consul')
  })

  test('twice is refused, and so is taking out what is not there', async () => {
    writeFileSync(join(home, '.bashrc'), '')
    await install('install')
    expect(await install('install')).toEqual({
      code: 1,
      out: '',
      err: `already installed in ${home}/.bashrc\n`,
    })
    await install('uninstall')
    expect(await install('uninstall')).toEqual({
      code: 1,
      out: '',
      err: `not installed in ${home}/.bashrc\n`,
    })
  })

  test('without any shell there is nothing to do', async () => {
    expect(await install('install')).toMatchObject({ code: 1, out: '' })
  })
})
