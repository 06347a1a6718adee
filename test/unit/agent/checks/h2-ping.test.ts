import { describe, expect, it } from 'vitest'

import { Answers } from '../../../../src/agent/checks/h2-ping.ts'

const settings = [0, 0, 6, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100]
const ours = [0x68, 0x65, 0x61, 0x6c, 0x74, 0x68, 0x3f, 0x21]
const answer = [0, 0, 8, 6, 1, 0, 0, 0, 0, ...ours]
const theirs = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
const windowUpdate = [0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 1, 0, 0]

/** What is found when bytes come in pieces of a size. */
function found(bytes: readonly number[], pieceSize: number): { ends: (string | null)[]; settings: number } {
  const seen = { ends: [] as (string | null)[], settings: 0 }
  const answers = new Answers({
    onSettings: () => seen.settings++,
    onEnd: (failure) => seen.ends.push(failure),
  })
  for (let at = 0; at < bytes.length; at += pieceSize)
    answers.take(Uint8Array.from(bytes.slice(at, at + pieceSize)))
  return seen
}

describe('the answer to a ping', () => {
  it.each([1, 2, 7, 1000])('is found among other frames, in pieces of %i bytes', (size) => {
    const bytes = [...settings, ...windowUpdate, ...theirs, ...answer, ...answer]
    expect(found(bytes, size)).toEqual({ ends: [null], settings: 1 })
  })

  it.each([
    ['no settings first', windowUpdate, 'the server does not speak HTTP/2'],
    [
      'a frame that is too long',
      [...settings, 255, 0, 0, 0, 0, 0, 0, 0, 0],
      'the server does not speak HTTP/2',
    ],
    ['a ping of a wrong size', [...settings, 0, 0, 9, 6, 1, 0, 0, 0, 0], 'a PING of a wrong size came back'],
    ['a farewell', [...settings, 0, 0, 8, 7, 0, 0, 0, 0, 0], 'the server closes the connection (GOAWAY)'],
    [
      'other frames only',
      [...settings, ...Array.from({ length: 200 }, () => windowUpdate).flat()],
      'the server sends other frames only',
    ],
  ] as const)('does not come after %s', (_, bytes, failure) => {
    expect(found(bytes, 1000).ends).toEqual([failure])
  })

  it('is not a ping of the server, nor a mark with other bytes', () => {
    expect(
      found([...settings, ...theirs, 0, 0, 8, 6, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8], 3).ends,
    ).toEqual([])
  })
})
