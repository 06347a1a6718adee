// `snapshot save` and `snapshot restore`, with the reference's words.
import { fileBytes, saveArchive, unverifiedSuffix, type ArchiveFileError } from '../../agent/archive-file.ts'
import { UsageError, type Context } from '../command.ts'
import { absolutePath, whyOf } from '../data-argument.ts'
import { attempt, describeFailure } from '../failure.ts'
import { tell } from '../format.ts'
import { createProgress, formatBytes } from '../progress.ts'
import { SignalQueue } from '../signal-queue.ts'

/** Runs `snapshot save`. */
export async function snapshotSave(context: Context): Promise<number> {
  const parts = partsOf(context)
  return attempt(context, 'Error saving snapshot', async () => {
    const name = parts.length === 0 ? (context.args[0] ?? '') : await extendedName(context, parts)
    const aborting = new AbortController()
    const signals = new SignalQueue(context.host, ['SIGINT', 'SIGTERM'])
    signals.listen(() => aborting.abort(new Error('interrupted')))
    try {
      return await save(context, name, aborting.signal)
    } finally {
      signals.close()
    }
  })
}

async function save(context: Context, name: string, signal: AbortSignal): Promise<number> {
  const { host, flags } = context
  const client = await context.client()
  const { value: bytes } = await client.snapshotSave({ stale: flags.bool('stale'), signal })
  const progress = createProgress(host)
  const saved = await saveArchive({
    files: host.files,
    clock: host.clock,
    path: absolutePath(host, name),
    bytes,
    onProgress: (size) => progress.show(() => `Saving: ${formatBytes(size)}`),
  })
  progress.clear()
  if (!saved.ok) {
    context.complain(sentenceOf(saved.error, name))
    return 1
  }
  const { id, size, index, term, version } = saved.value
  const document = { File: name, ID: id, Size: size, Index: index, Term: term, Version: version }
  tell(context, `Saved and verified snapshot to index ${index}`, document)
  return 0
}

function sentenceOf({ step, reason }: ArchiveFileError, name: string): string {
  switch (step) {
    case 'fetch':
      return `Error saving snapshot: the answer broke off: ${describeFailure(reason)}`
    case 'write': {
      const verb = 'code' in reason && reason.code === 'ENOSPC' ? 'write' : 'open'
      return `Error writing unverified snapshot file: ${verb} ${name}${unverifiedSuffix}: ${whyOf(reason)}`
    }
    case 'verify':
      return `Error verifying snapshot file: ${reason.message}`
    default:
      return step satisfies never
  }
}

const knownParts: readonly string[] = ['version', 'dc', 'node', 'status']

function partsOf({ flags }: Context): readonly string[] {
  const text = flags.string('append-filename') ?? ''
  if (text === '') return []
  const parts = text.split(',').map((part) => part.trim())
  const unknown = parts.find((part) => !knownParts.includes(part))
  if (unknown === undefined) return parts
  throw new UsageError(
    `Cannot append "${unknown}" to the file's name: -append-filename knows ${knownParts.join(', ')}`,
  )
}

/** The file's name with what the agent says of itself before its extension. */
async function extendedName(context: Context, parts: readonly string[]): Promise<string> {
  const name = context.args[0] ?? ''
  const self = await (await context.client()).agentSelf()
  const { Version, Datacenter, NodeName } = self.Config
  const isLeader = self.Stats['consul']?.['leader'] === 'true'
  const texts: Readonly<Record<string, string>> = {
    version: Version,
    dc: Datacenter,
    node: NodeName,
    status: isLeader ? 'leader' : 'follower',
  }
  const dot = name.lastIndexOf('.')
  const cut = dot > name.lastIndexOf('/') + 1 ? dot : name.length
  const ordered = knownParts.filter((part) => parts.includes(part))
  return `${name.slice(0, cut)}${ordered.map((part) => `-${texts[part] ?? ''}`).join('')}${name.slice(cut)}`
}

/** Runs `snapshot restore`. */
export async function snapshotRestore(context: Context): Promise<number> {
  const { host } = context
  const name = context.args[0] ?? ''
  let bytes: AsyncIterable<Uint8Array>
  try {
    bytes = await fileBytes(host.files, absolutePath(host, name))
  } catch (error) {
    context.complain(`Error opening snapshot file: open ${name}: ${whyOf(error)}`)
    return 1
  }
  const progress = createProgress(host)
  const body = streamOf(bytes, (size) => progress.show(() => `Sending: ${formatBytes(size)}`))
  try {
    return await attempt(context, 'Error restoring snapshot', async () => {
      await (await context.client()).snapshotRestore(body)
      progress.clear()
      tell(context, 'Restored snapshot', { File: name, Restored: true })
      return 0
    })
  } finally {
    progress.clear()
  }
}

function streamOf(
  bytes: AsyncIterable<Uint8Array>,
  onSent: (size: number) => void,
): ReadableStream<Uint8Array> {
  const pieces = bytes[Symbol.asyncIterator]()
  let size = 0
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await pieces.next()
        if (next.done === true) return controller.close()
        size += next.value.length
        onSent(size)
        controller.enqueue(next.value)
      },
    },
    { highWaterMark: 1 },
  )
}
