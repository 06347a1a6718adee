// The platform's exceptions become HostErrors with the platform's code and a reason in words.
import { expect, test } from 'vitest'
import { HostError } from '../../../src/runtime/host.ts'
import {
  errorCode,
  hostError,
  hostErrorOf,
  listenError,
  passOnBugs,
} from '../../../src/runtime/node/errors.ts'

const coded = (code: string): Error => Object.assign(new Error(`low-level ${code}`), { code })

test('the code of the system is kept', () => {
  expect(errorCode(coded('ENOENT'))).toBe('ENOENT')
})

test('a code is found behind a cause', () => {
  expect(errorCode(new TypeError('fetch failed', { cause: coded('ECONNREFUSED') }))).toBe('ECONNREFUSED')
})

test('a code is found in the first of several attempts', () => {
  expect(errorCode(new AggregateError([coded('ENETUNREACH'), coded('ECONNREFUSED')]))).toBe('ENETUNREACH')
})

test('names of one runtime become those of the system', () => {
  expect(errorCode(coded('ConnectionRefused'))).toBe('ECONNREFUSED')
  expect(errorCode(Object.assign(new Error('x'), { name: 'AddrInUse' }))).toBe('EADDRINUSE')
})

test('anything without a code is EUNKNOWN', () => {
  expect(errorCode('thrown text')).toBe('EUNKNOWN')
  expect(errorCode(undefined)).toBe('EUNKNOWN')
})

test('a circle of causes ends', () => {
  const error = new Error('a')
  error.cause = error
  expect(errorCode(error)).toBe('EUNKNOWN')
})

test('the message says what could not be done and why', () => {
  const error = hostError('bind UDP 127.0.0.1:53', coded('EACCES'))
  expect(error.message).toBe('Cannot bind UDP 127.0.0.1:53: permission denied')
  expect(error.code).toBe('EACCES')
  expect((error.cause as Error).message).toBe('low-level EACCES')
})

test("an unknown code is explained in the platform's words", () => {
  expect(hostError('do it', coded('EODD')).message).toBe('Cannot do it: low-level EODD')
  expect(hostErrorOf('EODD', 'do it').message).toBe('Cannot do it: EODD')
})

test('a HostError stays as it is', () => {
  const error = new HostError('ENOENT', 'said already')
  expect(hostError('read it', error)).toBe(error)
})

test('an invalid address to listen on is one of another machine', () => {
  expect(listenError('listen', coded('EINVAL')).code).toBe('EADDRNOTAVAIL')
  expect(listenError('listen', coded('EACCES')).code).toBe('EACCES')
})

test("a bug in a socket's handler is not taken for the socket's failure", async () => {
  const thrown: unknown[] = []
  const before = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException')
  process.on('uncaughtException', (error) => thrown.push(error))
  try {
    passOnBugs(coded('ECONNREFUSED'))
    const bug = new TypeError('x is undefined')
    passOnBugs(bug)
    await new Promise((resolve) => setImmediate(resolve))
    expect(thrown).toEqual([bug])
  } finally {
    process.removeAllListeners('uncaughtException')
    for (const listener of before) process.on('uncaughtException', listener)
  }
})
