// What this program calls itself, and the versions it speaks. The build stamps the first three.

declare const PROCONSUL_VERSION: string | undefined
declare const PROCONSUL_COMMIT: string | undefined
declare const PROCONSUL_BUILD_DATE: string | undefined

/** Our release, semantic versioning; `0.0.0-dev` when run from sources. */
export const version: string = typeof PROCONSUL_VERSION === 'string' ? PROCONSUL_VERSION : '0.0.0-dev'

/** Abbreviated commit that was built; empty when run from sources. */
export const commit: string = typeof PROCONSUL_COMMIT === 'string' ? PROCONSUL_COMMIT : ''

/** RFC 3339 time of the build; the zero time when run from sources. */
export const buildDate: string =
  typeof PROCONSUL_BUILD_DATE === 'string' ? PROCONSUL_BUILD_DATE : '0001-01-01T00:00:00Z'

/** Versions of the wire protocol between agents that this build speaks, both ends included. */
export const wireVersions: { readonly min: number; readonly max: number } = { min: 1, max: 1 }

/** Version of the data formats on disk that this build writes; it reads this one and every older one. */
export const dataVersion = 1
