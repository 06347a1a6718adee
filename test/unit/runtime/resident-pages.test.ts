import { expect, it } from 'vitest'

import { unchangedMappings } from '../../../src/runtime/bun/resident-pages.ts'

/** One mapping as `/proc/PID/smaps` tells it, with some of its lines. */
function mapping(head: string, anonymousKiB: number, more: readonly string[] = ['Swap:  0 kB']): string {
  return [
    head,
    'Size:               1024 kB',
    'Rss:                 512 kB',
    'Private_Dirty:         0 kB',
    `Anonymous:          ${anonymousKiB} kB`,
    'AnonHugePages:         0 kB',
    ...more,
    'VmFlags: rd ex mr mw me',
    '',
  ].join('\n')
}

const text =
  '00401000-00403000 r-xp 00001000 fe:00 5334901                            /usr/local/bin/proconsul'

it('finds mappings of files that cannot be written to', () => {
  expect(unchangedMappings(mapping(text, 0))).toEqual([{ address: 0x401000, length: 0x2000 }])
})

it('finds addresses above 32 bits', () => {
  const library =
    '7f12a4c28000-7f12a4d9d000 r--p 00028000 fe:00 1234                       /usr/lib/libc.so.6'
  expect(unchangedMappings(mapping(library, 0))).toEqual([{ address: 0x7f12a4c28000, length: 0x175000 }])
})

it.each([
  ['of which pages were changed, though it cannot be written to now', text, 12],
  ['that can be written to', text.replace('r-xp', 'rw-p'), 0],
  ['that is shared', text.replace('r-xp', 'r-xs'), 0],
  ['that cannot be read', text.replace('r-xp', '---p'), 0],
  ['of no file', '7ffd1c5f8000-7ffd1c5fa000 r-xp 00000000 00:00 0                          [vdso]', 0],
])('leaves a mapping alone %s', (_, head, anonymousKiB) => {
  expect(unchangedMappings(mapping(head, anonymousKiB))).toEqual([])
})

it.each([
  ['whose changed pages are swapped out', ['Private_Hugetlb:       0 kB', 'Swap:                 16 kB']],
  ['whose changed pages are huge ones', ['Private_Hugetlb:    2048 kB', 'Swap:                  0 kB']],
  ['of which it is not told whether pages are swapped out', []],
])('leaves a mapping alone %s', (_, more) => {
  expect(unchangedMappings(mapping(text, 0, more))).toEqual([])
})

it('takes what one mapping says for that one alone', () => {
  const changed = mapping(text.replace('00401000-00403000', '00501000-00503000'), 4)
  const found = unchangedMappings(
    mapping(text, 0) + changed + mapping(text.replace('00401000', '00402000'), 0),
  )
  expect(found.map(({ address }) => address)).toEqual([0x401000, 0x402000])
})
