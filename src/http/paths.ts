// Paths as the reference's router sees them: decoded, printable, without empty or dotted segments.

/** A path with its escapes resolved, or undefined when they are broken or do not spell UTF-8. */
export function decodePath(path: string): string | undefined {
  if (!path.includes('%')) return path
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}

/** True if a path has a character that the reference's filter refuses: controls, and spaces other than U+0020. */
export function hasUnprintable(path: string): boolean {
  return !/^[\x20-\x7e]*$/.test(path) && /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(path)
}

/** True if a path has no empty and no dotted segment. */
export function isClean(path: string): boolean {
  return !path.includes('//') && !(path.includes('/.') && /\/\.{1,2}(?:\/|$)/.test(path))
}

/** The path without empty and dotted segments; a slash at its end stays. */
export function cleanPath(path: string): string {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(segment)
  }
  const clean = `/${segments.join('/')}`
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean
}
