import { describe, expect, it } from 'vitest'

import type { CheckOutcome } from '../../../../src/model/definition.ts'
import { HostError, type Host, type ProcessResult } from '../../../../src/runtime/host.ts'
import { nodeHost } from '../../../../src/runtime/node.ts'
import { runOnce } from './bench.ts'

/** A machine whose systemctl says this; null for one without. */
function machine(says: string | null, commands: (readonly string[])[] = []): Host {
  const host = nodeHost()
  const run = (command: readonly string[]): Promise<ProcessResult> => {
    commands.push(command)
    if (says === null) return Promise.reject(new HostError('ENOENT', 'Cannot run systemctl'))
    const output = new TextEncoder().encode(says)
    const code = says.startsWith('active') ? 0 : 3
    return Promise.resolve({ code, signal: null, output, outputBytes: output.length, timedOut: false })
  }
  return { ...host, processes: { ...host.processes, run } }
}

function osService(name: string, host: Host): Promise<CheckOutcome> {
  return runOnce({ type: 'os_service', name, intervalMs: 20, timeoutMs: 100 }, { host })
}

describe('a check of a system service', () => {
  it('passes when the unit is active', async () => {
    const commands: (readonly string[])[] = []
    expect(await osService('nginx.service', machine('active\n', commands))).toEqual({
      status: 'passing',
      output: 'Service "nginx.service" is healthy',
    })
    expect(commands).toEqual([['systemctl', 'is-active', '--', 'nginx.service']])
  })

  it('is critical when it is in another state', async () => {
    expect((await osService('x', machine('failed\n'))).output).toBe('Service "x" is unhealthy: failed')
    expect((await osService('x', machine(''))).output).toBe(
      'Service "x" is unhealthy: systemctl says nothing',
    )
  })

  it('is critical where systemd cannot be asked', async () => {
    expect((await osService('x', machine(null))).output).toBe(
      'Cannot ask for the service "x": there is no systemctl on this machine',
    )
  })

  it('takes no patterns', async () => {
    expect((await osService('ngin*', machine('active\n'))).output).toBe(
      'Cannot ask for the service "ngin*": this is not a unit\'s name',
    )
  })
})
