// Known mistakes of Raft implementations, as wrappers around the right machine: the checks must see each of them.
import type { RaftEffect, RaftInput } from '../../src/raft/events.ts'
import type { RaftMessage } from '../../src/raft/message.ts'
import type { Raft } from '../../src/raft/raft.ts'

/** How a broken machine treats what goes in and what comes out. */
interface Mistake {
  readonly input?: (input: RaftInput, raft: Raft) => readonly RaftInput[]
  readonly effect?: (effect: RaftEffect, raft: Raft) => readonly RaftEffect[]
  readonly lease?: (raft: Raft) => number | null
}

function broken(mistake: Mistake): (raft: Raft) => Raft {
  return (raft) => {
    const step = (input: RaftInput, nowMs: number): readonly RaftEffect[] =>
      (mistake.input?.(input, raft) ?? [input])
        .flatMap((one) => raft.step(one, nowMs))
        .flatMap((effect) => mistake.effect?.(effect, raft) ?? [effect])
    const leaseReadIndex = (nowMs: number): number | null =>
      mistake.lease === undefined ? raft.leaseReadIndex(nowMs) : mistake.lease(raft)
    return new Proxy(raft, {
      get(target, name) {
        if (name === 'step') return step
        if (name === 'leaseReadIndex') return leaseReadIndex
        const value: unknown = Reflect.get(target, name, target)
        return typeof value === 'function' ? value.bind(target) : value
      },
    })
  }
}

function onMessage(change: (message: RaftMessage, raft: Raft) => RaftMessage): Mistake {
  return {
    input: (input, raft) =>
      input.kind === 'received' ? [{ ...input, message: change(input.message, raft) }] : [input],
  }
}

/** By name: the mistake, and the properties of which at least one must be seen to break. */
export const mistakes: Readonly<
  Record<string, { readonly wrap: (raft: Raft) => Raft; readonly breaks: readonly string[] }>
> = {
  'a vote is counted for every server (5.2)': {
    wrap: broken({
      input: (input, raft) =>
        input.kind === 'received' && input.message.kind === 'requestVoteReply' && input.message.granted
          ? raft.configuration.servers
              .filter((server) => server.id !== raft.id)
              .map((server) => ({ ...input, from: server.id }))
          : [input],
    }),
    breaks: ['electionSafety', 'leaderCompleteness', 'logMatching', 'stateMachineSafety', 'acknowledged'],
  },
  'a vote is given to whoever asks, whatever its log (5.4.1)': {
    wrap: broken(
      onMessage((message) =>
        message.kind === 'requestVote' ? { ...message, lastIndex: 1_000_000, lastTerm: 1_000_000 } : message,
      ),
    ),
    breaks: ['leaderCompleteness', 'stateMachineSafety', 'acknowledged', 'logMatching', 'convergence'],
  },
  'an acknowledgement is sent before the write is durable (figure 2)': {
    wrap: broken({
      effect: (effect) =>
        effect.kind === 'persist'
          ? [
              ...effect.sendWhenDurable.map((item) => ({ kind: 'send' as const, ...item })),
              { ...effect, sendWhenDurable: [] },
            ]
          : [effect],
    }),
    breaks: ['ackDurable', 'voteDurable', 'termDurable'],
  },
  'term and vote are not written (figure 2, #661)': {
    wrap: broken({
      effect: (effect) => (effect.kind === 'persist' ? [{ ...effect, hardState: null }] : [effect]),
    }),
    breaks: ['voteDurable', 'termDurable'],
  },
  'the term is written, the vote is not (#661)': {
    wrap: broken({
      effect: (effect) =>
        effect.kind === 'persist' && effect.hardState !== null
          ? [{ ...effect, hardState: { ...effect.hardState, votedFor: null } }]
          : [effect],
    }),
    breaks: ['voteDurable'],
  },
  'an acknowledgement is believed to cover everything that was sent (5.3)': {
    wrap: broken(
      onMessage((message, raft) =>
        message.kind === 'appendEntriesReply' && message.ok
          ? { ...message, matchIndex: raft.lastIndex }
          : message,
      ),
    ),
    breaks: ['leaderCompleteness', 'stateMachineSafety', 'acknowledged', 'logMatching', 'convergence'],
  },
  'the consistency check is skipped (5.3)': {
    wrap: broken(
      onMessage((message, raft) =>
        message.kind === 'appendEntries' &&
        message.prevIndex <= raft.lastIndex &&
        message.prevIndex > raft.commitIndex
          ? { ...message, prevTerm: raft.lastTerm }
          : message,
      ),
    ),
    breaks: ['logMatching', 'stateMachineSafety', 'acknowledged', 'convergence', 'leaderCompleteness'],
  },
  'a leader answers reads without asking anybody (6.4)': {
    wrap: broken({ lease: (raft) => (raft.role === 'leader' ? raft.commitIndex : null) }),
    breaks: ['leaseRead'],
  },
  'a read round is confirmed by nobody (6.4)': {
    wrap: broken({
      effect: (effect, raft) =>
        effect.kind === 'readRefused'
          ? [{ kind: 'readReady', request: effect.request, index: raft.commitIndex }]
          : [effect],
    }),
    breaks: ['readIndex'],
  },
}
