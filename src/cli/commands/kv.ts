// `kv get`: keys and their values, with the reference's words.
import type { KvPairShape } from '../../http/client/shapes.ts'
import { UsageError, type Context } from '../command.ts'
import { bytesOfBase64 } from '../data-argument.ts'
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
  for (const [name, value] of [...rows, ...ours(pair)]) context.print(`${name.padEnd(17)}${value}`)
  const isEmpty = (pair.Value ?? '') === ''
  writeValue(context, isEmpty ? 'Value' : 'Value'.padEnd(17), pair)
}

/** Writes a value as the bytes it is, or in base64, and a line end. */
function writeValue({ host, flags }: Context, before: string, { Value }: KvPairShape): void {
  const encoded = Value ?? ''
  host.console.out(before)
  host.console.out(flags.bool('base64') ? encoded : (bytesOfBase64(encoded) ?? ''))
  host.console.out('\n')
}

/** What the reference does not have: shown only if it is there. */
function ours({ ExpiresAt, FencingToken }: KvPairShape): readonly (readonly [string, string | number])[] {
  return [
    ...(ExpiresAt === undefined ? [] : [['ExpiresAt', ExpiresAt] as const]),
    ...(FencingToken === undefined ? [] : [['FencingToken', FencingToken] as const]),
  ]
}
