import { expect, it } from 'vitest'
import { createEntriesDuty } from '../../../src/agent/entries-duty.ts'
import { err, ok } from '../../../src/lib/result.ts'
import type { Command, CommandResult } from '../../../src/model/command.ts'
import { requestError } from '../../../src/model/errors.ts'
import { silent, TestClock } from './samples.ts'

const entry = (name: string) => ({ kind: 'service-defaults', name, body: {} })

it('writes what is not there, once per term, and goes on behind what is refused', async () => {
  const clock = new TestClock()
  const written: string[] = []
  let isDown = true
  const duty = createEntriesDuty({
    clock,
    entries: [entry('there'), entry('bad'), entry('good')],
    has: (_kind, name) => name === 'there',
    propose: (command: Command) => {
      if (isDown) return Promise.resolve(err(requestError('noLeader', 'No cluster leader')))
      const name = command.kind === 'configEntrySet' ? command.name : ''
      written.push(name)
      const result: CommandResult = name === 'bad' ? { kind: 'refused', message: 'no' } : { kind: 'done' }
      return Promise.resolve(ok(result))
    },
    log: silent,
  })
  duty.start()
  await clock.run(500, 10)
  isDown = false
  await clock.run(5000, 10)
  expect(written).toEqual(['bad', 'good'])
  duty.stop()
  duty.start()
  await clock.run(1000, 10)
  expect(written).toEqual(['bad', 'good', 'bad', 'good'])
  duty.set([entry('there'), entry('bad'), entry('good')])
  await clock.run(1000, 10)
  expect(written).toHaveLength(4)
  duty.set([entry('new')])
  await clock.run(1000, 10)
  expect(written.slice(4)).toEqual(['new'])
})
