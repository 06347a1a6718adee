// `validate`: reads configuration files as the agent would and reports what is wrong.
import { readConfigText } from '../../config/file.ts'
import type { FlagUse } from '../../config/flags.ts'
import { loadConfig } from '../../config/load.ts'
import { settings } from '../../config/settings.ts'
import type { Context } from '../command.ts'
import { wantsJson } from '../format.ts'
import { renderJson, renderTable } from '../output.ts'
import { renderProblems } from '../problems.ts'

/** Runs `validate`. */
export async function validate(context: Context): Promise<number> {
  const { host, args, flags, uses } = context
  const files: readonly FlagUse[] = args.map((value) => ({
    spec: { name: 'config-file', kind: 'list', doc: '' },
    value,
  }))
  const format = uses.filter(({ spec }) => spec.name === 'config-format')
  const loaded = await loadConfig({ uses: [...format, ...files], args: [] }, host)
  const isJson = wantsJson(flags)
  if (!loaded.ok) {
    const Problems = loaded.error.map(({ source, message }) => ({ Message: message, Source: source }))
    if (isJson) context.print(renderJson({ Valid: false, Problems }))
    context.complain(renderProblems('Config validation failed', loaded.error))
    return 1
  }
  if (flags.bool('quiet')) return 0
  const { warnings } = loaded.value
  const rows = flags.bool('verbose') ? await keyRows(context, loaded.value.files) : null
  if (isJson) {
    const keys = rows?.map(([Key, Effect, Place]) => ({ Key, Effect, Place }))
    context.print(renderJson({ Valid: true, Warnings: warnings, Keys: keys }))
    return 0
  }
  for (const warning of warnings) context.print(warning)
  if (rows !== null) context.print(renderTable([['Key', 'Effect', 'Place'], ...rows]))
  context.print('Configuration is valid!')
  return 0
}

/** Every key of the files, and what becomes of it. */
async function keyRows(
  { host, flags }: Context,
  files: readonly string[],
): Promise<readonly (readonly string[])[]> {
  const rows: string[][] = []
  for (const path of files) {
    const forced = flags.string('config-format')
    const isHcl = forced === undefined ? path.endsWith('.hcl') : forced === 'hcl'
    const text = new TextDecoder().decode(await host.files.read(path))
    const { values, definitions } = readConfigText(path, text, isHcl ? 'hcl' : 'json')
    for (const { key, source } of values) {
      rows.push([key, effectOf(key), source.slice(0, source.lastIndexOf(': '))])
    }
    for (const { path: key, place } of definitions) rows.push([key, effectOf(key.toLowerCase()), place(key)])
  }
  return rows
}

function effectOf(key: string): string {
  const support = settings.get(key)?.support
  if (support === 'idle') return 'none'
  return support === 'off' ? 'switched off' : 'honoured'
}
