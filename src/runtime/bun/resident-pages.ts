// Pages of the program that were touched once and are in use no more: they go back to the system's cache of files.
import { readFileSync } from 'node:fs'
import { type Native, systemLibrary } from './system-library.ts'

/** Linux's MADV_DONTNEED: the pages leave the process, and come back from the file when they are touched (madvise(2)). */
const dontNeed = 4

/** A part of this process's memory. Address and length in bytes. */
interface Mapping {
  readonly address: number
  readonly length: number
}

let found: Promise<Native | undefined> | undefined

/** The system's madvise, looked up once in the process; undefined where there is none of a known name. */
async function find(): Promise<Native | undefined> {
  const library = await systemLibrary({ madvise: { args: ['ptr', 'u64', 'int'], returns: 'int' } })
  return library?.madvise
}

/** Lets go of the pages of the executable and its libraries. Those that are in use come back without touching the disk. */
export async function releaseProgramPages(): Promise<void> {
  found ??= find()
  const advise = await found
  if (advise === undefined) return
  for (const { address, length } of unchangedMappings(readFileSync('/proc/self/smaps', 'latin1'))) {
    advise(address, length, dontNeed)
  }
}

/** Address, permissions and file of a mapping, and the lines about its pages (proc_pid_smaps(5)). */
const mappingPattern = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p [0-9a-f]+ \S+ (\d+) .*\n((?:(?!VmFlags).*\n)*)/gm

/**
 * Mappings of files that cannot be written to and of which no page was ever changed, from the text of `/proc/PID/smaps`:
 * whatever is in them is in the file too.
 */
export function unchangedMappings(smaps: string): readonly Mapping[] {
  const mappings: Mapping[] = []
  for (const [, from = '', to = '', file, pages = ''] of smaps.matchAll(mappingPattern)) {
    if (file === '0' || !isUnchanged(pages)) continue
    const address = Number.parseInt(from, 16)
    mappings.push({ address, length: Number.parseInt(to, 16) - address })
  }
  return mappings
}

/** Changed pages are counted under `Anonymous` while they are in memory, else under `Swap`; huge ones elsewhere. */
function isUnchanged(pages: string): boolean {
  const isTold = /^Anonymous:/m.test(pages) && /^Swap:/m.test(pages)
  return isTold && !/^(?:Anonymous|Swap|Private_Hugetlb): +[1-9]/m.test(pages)
}
