// All settings in one table, and what is made of it: the agent's flags and the types of values.
import type { FlagKind, FlagSpec } from './flags.ts'
import { agentSettings } from './settings-agent.ts'
import { laterSettings } from './settings-later.ts'
import { networkSettings } from './settings-network.ts'
import { serviceSettings } from './settings-service.ts'
import type { Setting, SettingType } from './setting.ts'

type Table = typeof agentSettings & typeof networkSettings & typeof serviceSettings & typeof laterSettings

/** The keys of all settings. */
export type SettingKey = keyof Table

/** The keys of settings of one of these types. */
export type KeysOf<T extends SettingType> = {
  [K in SettingKey]: Table[K]['type'] extends T ? K : never
}[SettingKey]

/** Every setting by key, sorted. */
export const settings: ReadonlyMap<string, Setting> = new Map(
  Object.entries<Setting>({
    ...agentSettings,
    ...networkSettings,
    ...serviceSettings,
    ...laterSettings,
  }).sort(([a], [b]) => (a < b ? -1 : 1)),
)

/** True if this is the key of a setting. */
export function isSettingKey(key: string): key is SettingKey {
  return settings.has(key)
}

/** Flags that say where settings come from, or that stand for many of them. */
export const loaderFlags: readonly FlagSpec[] = [
  {
    name: 'config-dir',
    kind: 'list',
    placeholder: 'path',
    doc: 'Reads every file that ends in .json or .hcl in this directory, in the order of their names. May be given several times.',
  },
  {
    name: 'config-file',
    kind: 'list',
    placeholder: 'path',
    doc: 'Reads this file. May be given several times; of two values for one setting the later one counts.',
  },
  {
    name: 'config-format',
    kind: 'string',
    placeholder: 'json|hcl',
    doc: 'Reads all files as this format, json or hcl, whatever their names end in.',
  },
  {
    name: 'dev',
    kind: 'bool',
    doc: 'Starts a server of its own that keeps everything in memory, for development.',
  },
  {
    name: 'hcl',
    kind: 'list',
    placeholder: 'text',
    doc: 'Settings as they would stand in an HCL file; they count more than files and other flags. May be given several times.',
  },
]

const kindByType: Readonly<Record<SettingType, FlagKind>> = {
  string: 'string',
  bool: 'bool',
  int: 'int',
  port: 'int',
  float: 'string',
  duration: 'duration',
  list: 'list',
  map: 'pairs',
  durations: 'pairs',
  any: 'string',
}

/** A flag that sets a setting. */
export interface SettingFlag extends FlagSpec {
  readonly key: SettingKey
}

/** The agent's flags that set one setting each, by flag name. */
export const settingFlags: ReadonlyMap<string, SettingFlag> = new Map(
  [...settings].flatMap(([key, setting]) =>
    setting.flag === undefined || !isSettingKey(key) ? [] : [[setting.flag, flagOf(key, setting)]],
  ),
)

function flagOf(key: SettingKey, setting: Setting): SettingFlag {
  return {
    key,
    name: setting.flag ?? '',
    kind: kindByType[setting.type],
    placeholder:
      setting.placeholder ??
      (setting.type === 'port' ? 'port' : setting.type === 'duration' ? 'duration' : 'value'),
    doc: setting.doc,
    separator: ':',
  }
}

/** All flags of the `agent` command, sorted by name. */
export const agentFlags: readonly FlagSpec[] = [...settingFlags.values(), ...loaderFlags].sort((a, b) =>
  a.name < b.name ? -1 : 1,
)
