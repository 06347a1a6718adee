// meta.json of an archive, with the reference's field names.
import { err, ok, type Result } from '../lib/result.ts'
import type { SnapshotMeta } from '../raft/message.ts'

/** What meta.json says. */
export interface ArchiveMeta {
  readonly id: string
  readonly index: number
  readonly term: number
  /** Bytes of the state. */
  readonly size: number
  readonly version: number
}

/** The reference's number of the layout of meta.json. */
const version = 1

/** Makes meta.json. The configuration is for people: nothing is restored from it. */
export function encodeArchiveMeta({
  snapshot,
  index,
  wallMs,
}: {
  readonly snapshot: SnapshotMeta
  readonly index: number
  readonly wallMs: number
}): Uint8Array {
  const { term, configuration, configurationIndex, size } = snapshot
  const meta = {
    Version: version,
    ID: `${term}-${index}-${wallMs}`,
    Index: index,
    Term: term,
    // The reference's old list of peers, which nobody reads any more.
    Peers: null,
    Configuration: {
      Servers: configuration.servers.map(({ id, address, suffrage }) => ({
        Suffrage: suffrage === 'voter' ? 0 : 1,
        ID: id,
        Address: address,
      })),
    },
    ConfigurationIndex: configurationIndex,
    Size: size,
  }
  return new TextEncoder().encode(`${JSON.stringify(meta)}\n`)
}

/** Reads meta.json. The error is a sentence. */
export function parseArchiveMeta(bytes: Uint8Array): Result<ArchiveMeta, string> {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return err('failed to decode snapshot metadata: it is not JSON')
  }
  if (typeof value !== 'object' || value === null) return err('failed to decode snapshot metadata: no object')
  const fields = value as Readonly<Record<string, unknown>>
  const number = (name: string): number => {
    const found = fields[name]
    return typeof found === 'number' && Number.isSafeInteger(found) && found >= 0 ? found : Number.NaN
  }
  const meta = {
    id: typeof fields['ID'] === 'string' ? fields['ID'] : '',
    index: number('Index'),
    term: number('Term'),
    size: number('Size'),
    version: number('Version'),
  }
  const isWhole = [meta.index, meta.term, meta.size, meta.version].every((each) => !Number.isNaN(each))
  return isWhole ? ok(meta) : err('failed to decode snapshot metadata: a field is missing or no number')
}
