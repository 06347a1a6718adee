// `kv get`, `kv put` and `kv delete`, with the reference's words.
import type { KvPairShape } from '../../http/client/shapes.ts'
import { UsageError, type Context } from '../command.ts'
import { attempt } from '../failure.ts'
import { wantsJson } from '../format.ts'
import { renderJson } from '../output.ts'

/** Runs `kv get`. */
export async function kvGet(context: Context): Promise<number> {
  const { flags } = context
  const key = withoutSlash(context.args[0] ?? '')
  const isMany = flags.bool('keys') || flags.bool('recurse')
  if (key === '' && !isMany) throw new UsageError('Error! Missing KEY argument')
  wantsJson(flags)
  return attempt(context, 'Error querying Consul agent', () => {
    if (flags.bool('keys')) return printKeys(context, key)
    return flags.bool('recurse') ? printAll(context, key) : printOne(context, key)
  })
}

function withoutSlash(key: string): string {
  return key.startsWith('/') ? key.slice(1) : key
}

function readOptions({ flags }: Context): { readonly stale: boolean } {
  return { stale: flags.bool('stale') }
}

async function printKeys(context: Context, prefix: string): Promise<number> {
  const client = await context.client()
  const separator = context.flags.string('separator') ?? '/'
  const options = { ...readOptions(context), ...(separator !== '' && { separator }) }
  const { value } = await client.kvKeys(prefix, options)
  if (wantsJson(context.flags)) context.print(renderJson(value))
  else for (const key of value) context.print(key)
  return 0
}

async function printAll(context: Context, prefix: string): Promise<number> {
  const { flags } = context
  const { value } = await (await context.client()).kvList(prefix, readOptions(context))
  if (wantsJson(flags)) context.print(renderJson(value))
  else if (flags.bool('detailed')) {
    for (const [i, pair] of value.entries()) {
      if (i > 0) context.print('')
      printDetails(context, pair)
    }
  } else for (const pair of value) writeValue(context, `${pair.Key}:`, pair)
  return 0
}

async function printOne(context: Context, key: string): Promise<number> {
  const { flags } = context
  const { value: pair } = await (await context.client()).kvGet(key, readOptions(context))
  if (pair === null) {
    context.complain(`Error! No key exists at: ${key}`)
    return 1
  }
  if (wantsJson(flags)) context.print(renderJson(pair))
  else if (flags.bool('detailed')) printDetails(context, pair)
  else writeValue(context, '', pair)
  return 0
}

function printDetails(context: Context, pair: KvPairShape): void {
  const rows: readonly (readonly [string, string | number | bigint])[] = [
    ['CreateIndex', pair.CreateIndex],
    ['Flags', pair.Flags],
    ['Key', pair.Key],
    ['LockIndex', pair.LockIndex],
    ['ModifyIndex', pair.ModifyIndex],
    ['Session', pair.Session ?? '-'],
  ]
  for (const [name, value] of rows) context.print(`${name.padEnd(17)}${value}`)
  const isEmpty = (pair.Value ?? '') === ''
  writeValue(context, isEmpty ? 'Value' : 'Value'.padEnd(17), pair)
}

/** Writes a value as the bytes it is, or in base64, and a line end. */
function writeValue({ host, flags }: Context, before: string, { Value }: KvPairShape): void {
  const encoded = Value ?? ''
  host.console.out(before)
  host.console.out(flags.bool('base64') ? encoded : bytesOf(encoded))
  host.console.out('\n')
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
}

/** Runs `kv put`. */
export async function kvPut(context: Context): Promise<number> {
  const { flags } = context
  const key = context.args[0] ?? ''
  const session = flags.string('session') ?? ''
  if (key === '') throw new UsageError('Error! Missing KEY argument')
  if ((flags.bool('acquire') || flags.bool('release')) && session === '') {
    throw new UsageError('Error! Missing -session (required with -acquire and -release)')
  }
  if (flags.bool('cas') && !flags.has('modify-index')) {
    throw new UsageError('Must specify -modify-index with -cas!')
  }
  if (key.startsWith('/')) {
    throw new UsageError(`Error! Failed writing data: Invalid key. Key must not begin with a '/': ${key}`)
  }
  const data = await readData(context, context.args[1] ?? '')
  return attempt(context, 'Error! Failed writing data', async () => {
    const isDone = await (await context.client()).kvPut(key, data, putOptions(context, session))
    return report(context, isDone, putWords(context, key))
  })
}

function putOptions({ flags }: Context, session: string): PutOptions {
  if (flags.bool('acquire')) return { ...keptFlags(flags.string('flags')), acquire: session }
  if (flags.bool('release')) return { ...keptFlags(flags.string('flags')), release: session }
  if (flags.bool('cas'))
    return { ...keptFlags(flags.string('flags')), cas: indexOf(flags.string('modify-index')) }
  return keptFlags(flags.string('flags'))
}

type PutOptions = {
  readonly flags?: bigint
  readonly cas?: number
  readonly acquire?: string
  readonly release?: string
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

interface Words {
  readonly done: string
  readonly refused: string
}

function putWords({ flags }: Context, key: string): Words {
  if (flags.bool('acquire')) {
    return { done: `Success! Lock acquired on: ${key}`, refused: 'Error! Did not acquire lock' }
  }
  if (flags.bool('release')) {
    return { done: `Success! Lock released on: ${key}`, refused: 'Error! Did not release lock' }
  }
  return {
    done: `Success! Data written to: ${key}`,
    refused: `Error! Did not write to ${key}${flags.bool('cas') ? ': CAS failed' : ''}`,
  }
}

function report(context: Context, isDone: boolean, words: Words): number {
  if (isDone) context.print(words.done)
  else context.complain(words.refused)
  return isDone ? 0 : 1
}

/** The bytes to write: literally, from a file (`@file`) or from standard input (`-`). */
async function readData({ host, flags }: Context, text: string): Promise<Uint8Array | string> {
  const data = await readSource(host, text)
  if (!flags.bool('base64')) return data
  const encoded = typeof data === 'string' ? data : new TextDecoder().decode(data)
  try {
    return bytesOf(encoded.trim())
  } catch {
    throw new UsageError('Error! Cannot base 64 decode data: it holds characters that base 64 does not have')
  }
}

async function readSource(host: Context['host'], text: string): Promise<Uint8Array | string> {
  if (text === '-') return host.console.readStdin()
  if (!text.startsWith('@')) return text
  const path = text.slice(1)
  try {
    return await host.files.read(path.startsWith('/') ? path : `${host.system.cwd}/${path}`)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    const why =
      code === 'ENOENT' ? 'no such file or directory' : code === 'EACCES' ? 'permission denied' : code
    throw new UsageError(`Error! Failed to read file: open ${path}: ${why}`)
  }
}

/** Runs `kv delete`. */
export async function kvDelete(context: Context): Promise<number> {
  const { flags } = context
  const key = withoutSlash(context.args[0] ?? '')
  const isRecursive = flags.bool('recurse')
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
    return report(context, isDone, {
      done: isRecursive ? `Success! Deleted keys with prefix: ${key}` : `Success! Deleted key: ${key}`,
      refused: `Error! Did not delete key ${key}${flags.bool('cas') ? ': CAS failed' : ''}`,
    })
  })
}
