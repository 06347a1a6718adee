// `kv put` and `kv delete`, with the reference's words.
import type { KvPutOptions } from '../../http/client/kv.ts'
import { UsageError, type Context } from '../command.ts'
import { bytesOfBase64, readData, textOf } from '../data-argument.ts'
import { attempt } from '../failure.ts'
import { wantsJson } from '../format.ts'
import { renderJson } from '../output.ts'

/** Runs `kv put`. */
export async function kvPut(context: Context): Promise<number> {
  const { flags } = context
  const key = context.args[0] ?? ''
  wantsJson(flags)
  checkPut(context, key)
  const options = putOptions(context)
  const data = await valueOf(context, context.args[1] ?? '')
  return attempt(context, 'Error! Failed writing data', async () => {
    const isDone = await (await context.client()).kvPut(key, data, options)
    return report(context, key, { isDone, ...putWords(context, key) })
  })
}

function checkPut({ flags }: Context, key: string): void {
  if (key === '') throw new UsageError('Error! Missing KEY argument')
  const isLock = flags.bool('acquire') || flags.bool('release')
  if (isLock && (flags.string('session') ?? '') === '') {
    throw new UsageError('Error! Missing -session (required with -acquire and -release)')
  }
  if (flags.bool('cas') && !flags.has('modify-index')) {
    throw new UsageError('Must specify -modify-index with -cas!')
  }
  if (key.startsWith('/')) {
    throw new UsageError(`Error! Failed writing data: Invalid key. Key must not begin with a '/': ${key}`)
  }
}

function putOptions({ flags }: Context): KvPutOptions {
  const session = flags.string('session') ?? ''
  const ttl = flags.string('ttl')
  const common = { ...keptFlags(flags.string('flags')), ...(ttl !== undefined && { ttl }) }
  if (flags.bool('cas')) return { ...common, cas: indexOf(flags.string('modify-index')) }
  if (flags.bool('acquire')) return { ...common, acquire: session }
  return flags.bool('release') ? { ...common, release: session } : common
}

function keptFlags(text: string | undefined): { readonly flags?: bigint } {
  if (text === undefined) return {}
  const flags = BigInt(text)
  if (flags > 0xffff_ffff_ffff_ffffn) throw new UsageError(`-flags cannot be ${text}: it is at most 2^64-1`)
  return { flags }
}

function indexOf(text: string | undefined): number {
  return Number(text ?? '0')
}

async function valueOf({ host, flags }: Context, text: string): Promise<Uint8Array | string> {
  const data = await readData(host, text)
  if (!flags.bool('base64')) return data
  const bytes = bytesOfBase64(textOf(data).trim())
  if (bytes === undefined) throw new UsageError('Error! Cannot base 64 decode data: it is not base 64')
  return bytes
}

interface Outcome {
  readonly isDone: boolean
  readonly done: string
  readonly refused: string
}

function putWords({ flags }: Context, key: string): Omit<Outcome, 'isDone'> {
  if (flags.bool('cas')) {
    return { done: `Success! Data written to: ${key}`, refused: `Error! Did not write to ${key}: CAS failed` }
  }
  if (flags.bool('acquire')) {
    return { done: `Success! Lock acquired on: ${key}`, refused: 'Error! Did not acquire lock' }
  }
  if (flags.bool('release')) {
    return { done: `Success! Lock released on: ${key}`, refused: 'Error! Did not release lock' }
  }
  return { done: `Success! Data written to: ${key}`, refused: `Error! Did not write to ${key}` }
}

function report(context: Context, key: string, { isDone, done, refused }: Outcome): number {
  if (wantsJson(context.flags)) context.print(renderJson({ Key: key, Applied: isDone }))
  else if (isDone) context.print(done)
  if (!isDone) context.complain(refused)
  return isDone ? 0 : 1
}

/** Runs `kv delete`. */
export async function kvDelete(context: Context): Promise<number> {
  const { flags } = context
  const given = context.args[0] ?? ''
  const key = given.startsWith('/') ? given.slice(1) : given
  const isRecursive = flags.bool('recurse')
  wantsJson(flags)
  if (key === '' && !isRecursive) throw new UsageError('Error! Missing KEY argument')
  if (flags.bool('cas') && isRecursive) throw new UsageError('Cannot specify both -cas and -recurse!')
  if (flags.bool('cas') && indexOf(flags.string('modify-index')) === 0) {
    throw new UsageError('Must specify -modify-index with -cas!')
  }
  if (flags.has('modify-index') && !flags.bool('cas')) {
    throw new UsageError('Cannot specify -modify-index without -cas!')
  }
  return attempt(context, `Error deleting key ${key}`, async () => {
    const client = await context.client()
    const isDone = await client.kvDelete(key, {
      recurse: isRecursive,
      ...(flags.bool('cas') && { cas: indexOf(flags.string('modify-index')) }),
    })
    return report(context, key, {
      isDone,
      done: isRecursive ? `Success! Deleted keys with prefix: ${key}` : `Success! Deleted key: ${key}`,
      refused: `Error! Did not delete key ${key}${flags.bool('cas') ? ': CAS failed' : ''}`,
    })
  })
}
