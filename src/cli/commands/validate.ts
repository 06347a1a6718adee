// `validate`: reads configuration files as the agent would and reports what is wrong.
import type { FlagUse } from '../../config/flags.ts'
import { loadConfig } from '../../config/load.ts'
import type { Context } from '../command.ts'
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
  if (!loaded.ok) {
    context.complain(renderProblems('Config validation failed', loaded.error))
    return 1
  }
  if (!flags.bool('quiet')) {
    for (const warning of loaded.value.warnings) context.print(warning)
    context.print('Configuration is valid!')
  }
  return 0
}
