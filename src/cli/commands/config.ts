// `config read`, `list`, `write` and `delete`.
import { parseHcl } from '../../config/hcl/hcl.ts'
import { parseJson } from '../../config/json.ts'
import { decodeConfigEntry, unknownKind, type GivenEntry } from '../../definition/config-entry.ts'
import { isEntryKind } from '../../definition/entry-fields.ts'
import { type Context, UsageError } from '../command.ts'
import { absolutePath, textOf, whyOf } from '../data-argument.ts'
import { attempt } from '../failure.ts'
import { tell, wantsJson } from '../format.ts'
import { renderJson } from '../output.ts'

/** Runs `config read`. */
export async function readEntry(context: Context): Promise<number> {
  const [kind, name] = [required(context, 'kind'), required(context, 'name')]
  if (!isEntryKind(kind))
    throw new UsageError(`Error reading config entry ${kind}/${name}: ${unknownKind(kind)}`)
  return attempt(context, `Error reading config entry ${kind}/${name}`, async () => {
    const client = await context.client()
    const { value } = await client.configGet(kind, name, { stale: context.flags.bool('stale') })
    if (value === null) {
      const what = `${JSON.stringify(kind)} / ${JSON.stringify(name)}`
      const why = `Unexpected response code: 404 (Config entry not found for ${what})`
      context.complain(`Error reading config entry ${kind}/${name}: ${why}`)
      return 1
    }
    context.print(renderJson(value))
    return 0
  })
}

/** Runs `config list`. */
export async function listEntries(context: Context): Promise<number> {
  const kind = required(context, 'kind')
  return attempt(context, `Error listing config entries for kind ${JSON.stringify(kind)}`, async () => {
    const client = await context.client()
    const filter = context.flags.string('filter')
    const stale = context.flags.bool('stale')
    const { value } = await client.configList(kind, { stale, ...(filter !== undefined && { filter }) })
    if (wantsJson(context.flags)) context.print(renderJson(value))
    else for (const { Name } of value) context.print(Name)
    return 0
  })
}

/** Runs `config delete`. */
export async function deleteEntry(context: Context): Promise<number> {
  const [kind, name] = [required(context, 'kind'), required(context, 'name')]
  return attempt(context, `Error deleting config entry ${kind}/${name}`, async () => {
    const client = await context.client()
    const isDeleted = await client.configDelete(kind, name, casOf(context))
    const document = { Kind: kind, Name: name, Deleted: isDeleted }
    tell(context, isDeleted ? `Config entry deleted: ${kind}/${name}` : null, document)
    if (!isDeleted) context.complain(`Config entry not deleted: ${kind}/${name}`)
    return isDeleted ? 0 : 1
  })
}

/** Runs `config write`. */
export async function writeEntry(context: Context): Promise<number> {
  const entry = await entryOf(context)
  const what = `${entry.kind}/${entry.name}`
  return attempt(context, `Error writing config entry ${what}`, async () => {
    const client = await context.client()
    const isWritten = await client.configSet(
      { Kind: entry.kind, Name: entry.name, ...entry.body },
      casOf(context),
    )
    const document = { Kind: entry.kind, Name: entry.name, Written: isWritten }
    tell(context, isWritten ? `Config entry written: ${what}` : null, document)
    if (!isWritten) context.complain(`Config entry not updated: ${what}`)
    return isWritten ? 0 : 1
  })
}

function required({ flags }: Context, name: string): string {
  const value = flags.string(name) ?? ''
  if (value === '') throw new UsageError(`Must specify the -${name} parameter`)
  return value
}

function casOf({ flags }: Context): { readonly cas?: number } {
  return flags.bool('cas') ? { cas: Number(flags.string('modify-index') ?? 0) } : {}
}

/** The entry that the argument names. Errors: UsageError for a file that cannot be read, or holds no entry. */
async function entryOf({ host, args }: Context): Promise<GivenEntry> {
  const [path = ''] = args
  const text = path === '-' ? textOf(await host.console.readStdin()) : await readFile(host, path)
  // HCL has no value of its own at the top.
  const parsed = text.trimStart().startsWith('{') ? parseJson(text) : parseHcl(text)
  if (!parsed.ok) {
    const { line, column, message } = parsed.error
    throw new UsageError(`Failed to decode config entry input: ${path}:${line}:${column}: ${message}`)
  }
  const entry = decodeConfigEntry(parsed.value.value)
  if (!entry.ok) throw new UsageError(`Failed to decode config entry input: ${entry.error}`)
  return entry.value
}

async function readFile(host: Context['host'], path: string): Promise<string> {
  try {
    return textOf(await host.files.read(absolutePath(host, path)))
  } catch (error) {
    throw new UsageError(`Failed to load data: Failed to read file: open ${path}: ${whyOf(error)}`)
  }
}
