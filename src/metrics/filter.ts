// Which metrics are kept (`telemetry.prefix_filter`, `filter_default`): the longest prefix of a name decides.

/** Decides by name. */
export type NameFilter = (name: string) => boolean

/** Prefixes that were given without `+` or `-` in front; the others make the filter. */
export interface ParsedFilter {
  readonly filter: NameFilter
  readonly bad: readonly string[]
}

/** Reads the rules `+prefix` and `-prefix`. Of two equal prefixes the one that drops counts. */
export function parseFilter(rules: readonly string[], keepsOthers: boolean): ParsedFilter {
  const kept = rules.filter((rule) => rule.startsWith('+')).map((rule) => rule.slice(1))
  const dropped = rules.filter((rule) => rule.startsWith('-')).map((rule) => rule.slice(1))
  return {
    bad: rules.filter((rule) => !/^[+-]/.test(rule)),
    filter(name) {
      const keep = longest(kept, name)
      const drop = longest(dropped, name)
      return keep === drop ? keep < 0 && keepsOthers : keep > drop
    },
  }
}

/** Length of the longest of these that begins a name; -1 if none does. */
function longest(prefixes: readonly string[], name: string): number {
  return prefixes.reduce(
    (best, prefix) => (name.startsWith(prefix) ? Math.max(best, prefix.length) : best),
    -1,
  )
}
