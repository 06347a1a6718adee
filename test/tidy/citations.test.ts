// Protocol handlers cite their rule, and the check reports one that does not.
import { expect, test } from 'vitest'
import { citationViolations } from './citations.ts'
import { typescriptBelow } from './source.ts'

test('every handler of gossip/ and raft/ names the rule it follows', () => {
  expect(typescriptBelow('src').flatMap(citationViolations)).toEqual([])
})

test.each([
  ['/** Takes an ack (SWIM 3.1). */\nexport function onAck(): void {}', 0],
  ['  /** Lifeguard, LHA-Probe: we hear that the other one was asked. */\n  onNack(): void {}', 0],
  ['/** Our own addition, decision 4. */\nexport function onLeft(): void {}', 0],
  ['// Elections (paper 5.2).\n// Not votes.\n\nexport function onVote(): void {}', 0],
  ['/** Takes an ack. */\nexport function onAck(): void {}', 1],
  ['  onAck(): void {}', 1],
  ['/** (SWIM 3.1) */\nconst a = 1\nexport function onAck(): void {}', 1],
])('a handler as in %j', (text, count) => {
  expect(citationViolations({ path: 'src/gossip/a.ts', text })).toHaveLength(count)
  expect(citationViolations({ path: 'src/agent/a.ts', text })).toEqual([])
})
