import { expect, test } from 'vitest'
import { commands } from '../../../src/cli/commands.ts'
import { findRequest } from '../../../src/cli/dispatch.ts'

function found(...args: readonly string[]): unknown {
  const request = findRequest(args, commands)
  switch (request.kind) {
    case 'command':
      return { command: request.command.name, args: request.args, isHelp: request.isHelp }
    case 'group':
      return { group: request.group.name, isHelp: request.isHelp, unknown: request.unknown }
    default:
      return request
  }
}

test('nested words lead to their command, the rest is for it', () => {
  expect(found('operator', 'raft', 'list-peers', '-stale=true', 'x')).toEqual({
    command: 'operator raft list-peers',
    args: ['-stale=true', 'x'],
    isHelp: false,
  })
})

test('a group without a subcommand, or with an unknown one, is the group', () => {
  expect(found('operator')).toEqual({ group: 'operator', isHelp: false, unknown: '' })
  expect(found('operator', 'raft', 'nosuch')).toEqual({
    group: 'operator raft',
    isHelp: false,
    unknown: 'nosuch',
  })
})

test.each([['-h'], ['-help'], ['--help']])('%s anywhere before -- asks for help', (flag) => {
  expect(found('members', 'x', flag)).toEqual({ command: 'members', args: ['x', flag], isHelp: true })
  expect(found('kv', flag)).toEqual({ group: 'kv', isHelp: true, unknown: '' })
  expect(found(flag)).toEqual({ kind: 'root', isHelp: true, unknown: '' })
  expect(found('kv', 'put', '--', flag)).toMatchObject({ isHelp: false })
})

test.each([['-v'], ['-version'], ['--version']])('%s in front asks for the version', (flag) => {
  expect(found(flag)).toEqual({ kind: 'version' })
  expect(found(flag, 'members')).toEqual({ kind: 'version' })
})

test('no word and an unknown word lead nowhere', () => {
  expect(found()).toEqual({ kind: 'root', isHelp: false, unknown: '' })
  expect(found('nosuch')).toEqual({ kind: 'root', isHelp: false, unknown: 'nosuch' })
})

test('text that looks like a number or an option stays as it was typed', () => {
  expect(found('kv', 'put', '007', '1e3', '--no-x')).toEqual({
    command: 'kv put',
    args: ['007', '1e3', '--no-x'],
    isHelp: false,
  })
})

test('every command of a group has its group in the table, and names are in order', () => {
  const names = commands.map(({ name }) => name)
  for (const name of names) {
    const words = name.split(' ')
    for (let n = 1; n < words.length; n++) expect(names).toContain(words.slice(0, n).join(' '))
  }
  expect(names).toEqual(names.toSorted())
})
