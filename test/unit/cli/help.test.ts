import { expect, test } from 'vitest'
import { commands } from '../../../src/cli/commands.ts'
import { run } from './console.ts'

test('the root help lists every top-level command', async () => {
  const { code, out } = await run(['-h'])
  expect(code).toBe(0)
  expect(out).toMatchSnapshot()
})

test.each([[[]], [['nosuch']], [['help']]])('%j: usage on standard error, 127', async (args) => {
  const { code, out, err } = await run(args)
  expect({ code, out }).toEqual({ code: 127, out: '' })
  expect(err).toMatch(
    /^Usage: proconsul \[--version\] \[--help\] <command> \[<args>\]\n\nAvailable commands are:\n/,
  )
})

test('a group without a subcommand shows its help on standard error, 1', async () => {
  const { code, out, err } = await run(['kv'])
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toMatch(/^Usage: proconsul kv <subcommand> \[options\] \[args\]\n/)
})

test.each(commands.map(({ name }) => [name]))('help of %s', async (name) => {
  const { code, out, err } = await run([...name.split(' '), '-h'])
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out.split('\n').every((line) => line.length <= 110 || line.includes(' $ '))).toBe(true)
  if (name !== 'agent') expect(out).toMatchSnapshot()
})

test('called as consul, the help says consul', async () => {
  const { out } = await run(['join', '-h'], { programName: 'consul' })
  expect(out).toContain('Usage: consul join [options] address ...')
  expect(out).not.toContain('proconsul')
})

test('an unknown flag: the words of Go, where the flags are listed, 1', async () => {
  const { code, out, err } = await run(['members', '-foo'])
  expect({ code, out }).toEqual({ code: 1, out: '' })
  expect(err).toBe('flag provided but not defined: -foo; all flags: proconsul members -help\n')
})
