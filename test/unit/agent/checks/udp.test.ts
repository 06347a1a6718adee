import { createSocket } from 'node:dgram'
import { describe, expect, it } from 'vitest'

import type { CheckOutcome } from '../../../../src/model/definition.ts'
import { ip, runOnce } from './bench.ts'

function udp(address: string): Promise<CheckOutcome> {
  return runOnce({ type: 'udp', address, intervalMs: 20, timeoutMs: 100 })
}

async function listening(answers: boolean, use: (address: string) => Promise<void>): Promise<void> {
  const server = createSocket('udp4')
  server.on('message', (_, from) => {
    if (answers) server.send('x', from.port, from.address)
  })
  await new Promise<void>((resolve) => void server.bind(0, ip, resolve))
  await use(`${ip}:${server.address().port}`)
  server.close()
}

describe('a UDP check', () => {
  it.each([true, false])('passes when nobody refuses (answers: %s)', (answers) =>
    listening(answers, async (address) => {
      expect(await udp(address)).toEqual({ status: 'passing', output: `UDP connect ${address}: Success` })
    }),
  )

  it('is critical when nobody is there', async () => {
    expect(await udp(`${ip}:1`)).toEqual({
      status: 'critical',
      output: `read udp ${ip}:1: connection refused`,
    })
    expect((await udp('nowhere')).output).toBe('dial udp: address nowhere: missing port in address')
  })
})
