import { describe, expect, it } from 'vitest'
import { openSyslog } from '../../../src/agent/syslog.ts'
import type { Host } from '../../../src/runtime/host.ts'
import type { UnixDatagrams } from '../../../src/runtime/host/unix-datagrams.ts'
import { nodeHost } from '../../../src/runtime/node.ts'

const base = nodeHost()

/** A machine whose system log listens at this path, and what it was sent. */
function machine(listensAt: string): { readonly host: Host; readonly sent: string[] } {
  const sent: string[] = []
  const unixDatagrams: UnixDatagrams = {
    open: () =>
      Promise.resolve({
        send(bytes, path) {
          sent.push(`${path} ${new TextDecoder().decode(bytes)}`)
          return true
        },
        close: () => undefined,
      }),
  }
  const stat: Host['files']['stat'] = (path) =>
    path === listensAt
      ? Promise.resolve({ kind: 'other', size: 0, mode: 0o666, modifiedWallMs: 0 })
      : base.files.stat('/no/such/file')
  return { host: { ...base, unixDatagrams, files: { ...base.files, stat } }, sent }
}

const event = {
  wallMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  level: 'warn',
  name: 'agent',
  message: 'm',
  fields: { a: 1 },
} as const

describe('the system log', () => {
  it('gets lines of RFC 3164, of the facility and severity', async () => {
    const { host, sent } = machine('/dev/log')
    const syslog = await openSyslog(host, 'local3')
    syslog.write(event)
    syslog.write({ ...event, message: 'x'.repeat(10_000) })
    const { pid } = base.system
    expect(sent[0]).toBe(`/dev/log <156>Jan  2 03:04:05 consul[${pid}]: [WARN]  agent: m: a=1`)
    expect(sent[1]).toHaveLength('/dev/log '.length + 8192)
  })

  it.each([
    ['a facility that does not exist', machine('/dev/log').host, 'LOCAL9', /no facility "LOCAL9"/],
    ['a machine without it', machine('').host, 'LOCAL0', /nobody listens at \/dev\/log/],
    [
      'a runtime without the means',
      { ...base, unixDatagrams: null },
      'LOCAL0',
      /has no unix datagram sockets/,
    ],
  ])('%s is told at the start', async (_, host, facility, message) => {
    await expect(openSyslog(host, facility)).rejects.toThrow(message)
  })
})
