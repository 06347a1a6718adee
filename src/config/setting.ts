// The shape of one row of the settings tables (settings-*.ts). Flags, help texts, docs/configuration.md and the
// loader are all made from these rows.

/** What a setting's value is. `port` is an int of which 0 and below mean off; `any` is kept as it stands. */
export type SettingType =
  | 'string'
  | 'bool'
  | 'int'
  | 'port'
  | 'float'
  | 'duration'
  | 'list'
  | 'map'
  | 'durations'
  | 'any'

/** One setting. The key is its path in configuration files: `ports.http`. */
export interface Setting {
  readonly type: SettingType
  /** As it would be written in a file; absent when it is worked out from other settings (`doc` says how). */
  readonly default?: string | number | boolean
  /** Under `-dev`. */
  readonly dev?: string | number | boolean
  /** The flag that sets it, without the dash. */
  readonly flag?: string
  /** Placeholder of the flag's value in help texts. */
  readonly placeholder?: string
  /** One sentence, or a few. */
  readonly doc: string
  /** True if a reload applies it without a restart. */
  readonly reload?: true
  /**
   * How far it goes. Absent: it works. `off`: the feature behind it is not there yet, so only its being switched off
   * is accepted. `idle`: accepted so that existing files keep loading, without effect; `doc` says why that is harmless.
   */
  readonly support?: 'off' | 'idle'
}
