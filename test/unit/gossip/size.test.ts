import { describe, expect, it } from 'vitest'
import { tagsBytes, textBytes } from '../../../src/gossip/size.ts'

describe('textBytes', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['é', 2],
    ['€', 3],
    ['😀', 4],
    ['a😀b', 6],
    ['\ud800', 3],
    ['\udc00\ud800', 6],
  ])('%j takes %i bytes', (text, bytes) => {
    expect(textBytes(text)).toBe(bytes)
  })
})

describe('tagsBytes', () => {
  it('counts keys and values with their lengths', () => {
    expect(tagsBytes(new Map([['role', 'node']]))).toBe(3 + 3 + 4 + 3 + 4)
  })
})
