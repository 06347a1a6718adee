// Signals between the phases of a command.
import { expect, test } from 'vitest'
import { SignalQueue } from '../../../src/cli/signal-queue.ts'
import type { SignalName, Signals } from '../../../src/runtime/host.ts'

class FakeSignals implements Signals {
  readonly handlers = new Map<SignalName, () => void>()

  on(signal: SignalName, handler: () => void): () => void {
    this.handlers.set(signal, handler)
    return () => void this.handlers.delete(signal)
  }

  send(signal: SignalName): void {
    this.handlers.get(signal)?.()
  }
}

test('what nobody listens for waits for the next who does', () => {
  const signals = new FakeSignals()
  const queue = new SignalQueue({ signals }, ['SIGTERM', 'SIGHUP'])
  const heard: string[] = []
  signals.send('SIGTERM')
  const unlisten = queue.listen((signal) => heard.push(`first ${signal}`))
  signals.send('SIGHUP')
  unlisten()
  signals.send('SIGTERM')
  queue.listen((signal) => heard.push(`second ${signal}`))
  expect(heard).toEqual(['first SIGTERM', 'first SIGHUP', 'second SIGTERM'])
})

test('closing gives all of them back', () => {
  const signals = new FakeSignals()
  new SignalQueue({ signals }, ['SIGTERM', 'SIGINT']).close()
  expect(signals.handlers.size).toBe(0)
})
