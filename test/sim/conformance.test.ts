// The simulated host answers the questions that the real hosts are asked.
import { expect, it } from 'vitest'
import { conformanceCases } from '../conformance/cases.ts'
import { runCases } from '../conformance/harness.ts'
import { World } from './world.ts'

/** What the simulator does not do, by the beginning of the case's name, and why. */
const exceptions: readonly (readonly [string, string])[] = [
  ['http server:', 'the simulated network calls the handler; there is no HTTP on the wire'],
  ['http client:', 'likewise'],
  ['tls:', 'the simulated network is not encrypted'],
  ['https:', 'likewise'],
  ['processes:', 'no programs run here'],
]

it('answers like a real host', async () => {
  const world = new World({ seed: 1 })
  const { host, process } = world.boot(world.addMachine('n1'))
  const lines: string[] = []
  await world.wait(host.files.mkdir('/work'), 1000)
  const cases = conformanceCases(host, {
    ip: '127.0.0.90',
    ip6: '::1',
    silentIp: '192.0.2.1',
    directory: '/work',
    hasProcesses: false,
  }).filter((one) => !exceptions.some(([start]) => one.name.startsWith(start)))
  const outcome = await world.wait(
    runCases(host, cases, (line) => lines.push(line)),
    3_600_000,
  )
  expect(outcome.failed, lines.join('\n')).toEqual([])
  expect(outcome.passed).toBeGreaterThan(50)
  await world.run(1000)
  expect(process.openCalls).toBe(0)
})
