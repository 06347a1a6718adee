// Completion of command lines: what is offered, by the program itself and in the shells that are there.
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commands } from '../../../src/cli/commands.ts'
import { completionOf } from '../../../src/cli/completion.ts'
import { wordsOfLine } from '../../../src/cli/completion-line.ts'
import { run } from './console.ts'

/** What is offered for a line: words, or the kind of what the shell is to find. */
function offered(line: string): readonly string[] | string {
  const found = completionOf(wordsOfLine(line).slice(1), commands)
  return found.kind === 'words' ? found.words.map(({ word }) => word) : found.kind
}

test.each<readonly [string, readonly string[] | string]>([
  ['proconsul ke', ['keygen']],
  ['proconsul kv g', ['get']],
  ['proconsul kv get', ['get']],
  ['  proconsul  kv   g', ['get']],
  ['proconsul kv get -rec', ['-recurse']],
  ['proconsul kv get --rec', ['--recurse']],
  ['proconsul kv get -recurse -det', ['-detailed']],
  ['proconsul kv get -separator "a b" -det', ['-detailed']],
  ['proconsul kv get some/key', 'files'],
  ['proconsul kv get some/key ', 'nothing'],
  ['proconsul kv put some/key @', 'files'],
  ['proconsul kv put some/key -', 'files'],
  ['proconsul kv put -- -', 'files'],
  ['proconsul catalog nodes -format ', ['pretty', 'json']],
  ['proconsul catalog nodes -format j', ['json']],
  ['proconsul catalog nodes -format=j', ['-format=json']],
  ['proconsul catalog nodes --format=', ['--format=pretty', '--format=json']],
  ['proconsul catalog nodes -stale=f', ['-stale=false']],
  ['proconsul catalog nodes -stale x', 'nothing'],
  ['proconsul catalog nodes -near ', ['_agent']],
  ['proconsul watch -type key', ['key', 'keyprefix']],
  ['proconsul session create -behavior ', ['release', 'delete']],
  ['proconsul config read -kind proxy', ['proxy-defaults']],
  ['proconsul agent -data-dir ', 'directories'],
  ['proconsul agent -config-file=', 'files'],
  ['proconsul agent -log-level d', ['debug']],
  ['proconsul agent -serf-lan-port ', 'nothing'],
  ['proconsul agent -nosuch=', 'nothing'],
  ['proconsul agent -nosuch -boot', ['-bootstrap', '-bootstrap-expect']],
  ['proconsul validate ', 'files'],
  ['proconsul completion ', ['bash', 'zsh', 'fish']],
  ['proconsul leave ', 'nothing'],
  ['proconsul operator raft rem', ['remove-peer']],
  ['proconsul operator -', ['-help']],
  ['proconsul -v', ['-version']],
  ['proconsul --v', ['--version']],
  ['proconsul nosuch ', []],
])('%j: %j', (line, words) => {
  expect(offered(line)).toEqual(words)
})

test('every command can be reached word by word, and every flag of it', () => {
  for (const spec of commands) {
    const words = spec.name.split(' ')
    for (const [i, word] of words.entries()) {
      expect(offered(['x', ...words.slice(0, i), ''].join(' ')), spec.name).toContain(word)
    }
    if (spec.kind !== 'command') continue
    expect(offered(`x ${spec.name} -`)).toEqual(
      expect.arrayContaining(spec.flags.map(({ name }) => `-${name}`)),
    )
  }
})

test.each([
  ['a b', ['a', 'b']],
  ['a b ', ['a', 'b', '']],
  [`a 'b c' "d \\" e" f\\ g`, ['a', 'b c', 'd " e', 'f g']],
  [`a '' b`, ['a', '', 'b']],
  ['a "b c', ['a', 'b c']],
  ['a b\\', ['a', 'b']],
  ['', ['']],
])('words of %j', (line, words) => {
  expect(wordsOfLine(line)).toEqual(words)
})

test.each([
  ['proconsul kv ge and more', '15', 'get\n'],
  ['proconsul info -format=j', '24', 'json\n'],
  ['proconsul info -format=j', '', 'json\n'],
  ['proconsul validate ', '19', ''],
])('complete -C of the reference: %j', async (COMP_LINE, COMP_POINT, out) => {
  const env = { COMP_LINE, ...(COMP_POINT !== '' && { COMP_POINT }) }
  expect(await run(['proconsul', '', ''], { env })).toEqual({ code: 0, out, err: '' })
})

test.each([
  [['bash', 'proconsul kv g'], 'words\nget\n'],
  [['bash', 'proconsul kv -'], 'words\n-help\n'],
  [['zsh', '--', 'kv', 'g'], 'words\nget:Reads a key, or all below a prefix\n'],
  [['fish', '--', 'kv', 'g'], 'words\nget\tReads a key, or all below a prefix\n'],
  [
    ['fish', '--', 'kv', 'get', '-h'],
    /^words\n-help\tShows the help\n-http-addr\tAddress of the agent: host:port, /,
  ],
  [['zsh', '--', 'agent', '-data-dir', ''], 'directories\n'],
])('completion next %j', async (args, expected) => {
  const { code, out, err } = await run(['completion', 'next', ...args])
  expect([code, err]).toEqual([0, ''])
  if (typeof expected === 'string') expect(out).toBe(expected)
  else expect(out).toMatch(expected)
})

test.each([
  [[], 'The shell must be specified: bash, zsh or fish\n'],
  [['tcsh'], 'Cannot complete for the shell "tcsh": there are bash, zsh, fish\n'],
  [['next', 'x'], 'Cannot complete for the shell "x": there are bash, zsh, fish\n'],
  [['bash', 'zsh'], 'Too many arguments (expected 1, got 2)\n'],
])('completion %j is refused', async (args, err) => {
  expect(await run(['completion', ...args])).toEqual({ code: 1, out: '', err })
})

/** Each starts the program, which takes its time on a machine that is busy. */
const inTime = { timeout: 60_000 }

function hasShell(name: string): boolean {
  return spawnSync(name, ['--version']).status === 0
}

/** A directory with the program as a file that a shell can run. */
let bin = ''
beforeAll(() => {
  bin = mkdtempSync(join(tmpdir(), 'completion-bin-'))
  const entry = new URL('../../../src/entry/node.ts', import.meta.url).pathname
  const script = `#!/bin/sh\nexec '${process.execPath}' '${entry}' "$@"\n`
  writeFileSync(join(bin, 'proconsul'), script, { mode: 0o755 })
  writeFileSync(join(bin, 'web.hcl'), '')
})
afterAll(() => rmSync(bin, { recursive: true }))

function ask(shell: string, args: readonly string[]): readonly string[] {
  const env = { PATH: `${bin}:${process.env['PATH'] ?? ''}`, HOME: bin, TERM: 'dumb' }
  const out = execFileSync(shell, args, { env, cwd: bin, encoding: 'utf8', timeout: 20_000 })
  return out.split('\n').filter((line) => line !== '')
}

/** bash's own way: the words as it cuts them, and the function that the script has registered. */
const bashLine = String.raw`
source <(proconsul completion bash)
COMP_LINE=$1 COMP_POINT=${'${#1}'}
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_proconsul proconsul "$${'{@: -1}'}" ''
printf '%s\n' "$${'{COMPREPLY[@]}'}"
complete -p proconsul
`

describe.runIf(hasShell('bash'))('bash', inTime, () => {
  test.each<readonly [string, readonly string[], readonly string[]]>([
    ['proconsul kv ge', ['proconsul', 'kv', 'ge'], ['get']],
    ['proconsul info -format=', ['proconsul', 'info', '-format', '='], ['pretty', 'json']],
    ['proconsul info -format=j', ['proconsul', 'info', '-format', '=', 'j'], ['json']],
    ['proconsul validate w', ['proconsul', 'validate', 'w'], []],
  ])('%s', (line, words, expected) => {
    const registered = 'complete -o default -F _proconsul proconsul'
    expect(ask('bash', ['-c', bashLine, 'bash', line, ...words])).toEqual([...expected, registered])
  })

  test('the script has no fault of syntax', () => {
    const script = execFileSync(join(bin, 'proconsul'), ['completion', 'bash'])
    expect(spawnSync('bash', ['-n'], { input: script }).stderr.toString()).toBe('')
  })
})

describe.runIf(hasShell('zsh'))('zsh', inTime, () => {
  test('the script has no fault of syntax', () => {
    const script = execFileSync(join(bin, 'proconsul'), ['completion', 'zsh'])
    expect(spawnSync('zsh', ['-n'], { input: script }).stderr.toString()).toBe('')
  })
})

describe.runIf(hasShell('fish'))('fish', inTime, () => {
  test.each([
    ['proconsul kv ge', ['get\tReads a key, or all below a prefix']],
    ['proconsul info -format ', ['json', 'pretty']],
    ['proconsul info -format=j', ['-format=json']],
    ['proconsul validate w', ['web.hcl']],
    ['proconsul agent -config-file=w', ['-config-file=web.hcl']],
  ])('%s', (line, expected) => {
    const script = `proconsul completion fish | source; complete -C '${line}'`
    expect(ask('fish', ['--no-config', '-c', script]).toSorted()).toEqual(expected)
  })
})
