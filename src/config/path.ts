// POSIX paths as text: what the loader needs to turn what users write into absolute paths.

/** The absolute, normalised form of a path; relative ones are taken from `cwd`. */
export function absolutePath(cwd: string, path: string): string {
  const parts: string[] = []
  for (const part of (path.startsWith('/') ? path : `${cwd}/${path}`).split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}
