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
  for (let at = 0; at < path.length; at++) {
    const code = path.charCodeAt(at)
    // Only what is not plain ASCII is worth the long look.
    if (code < 0x20 || code > 0x7e) return /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(path)
  }
  return false
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
