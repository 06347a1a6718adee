// Data on the command line: literal, from a file (`@file`) or from standard input (`-`). And base64, which data may be in.
import type { Host } from '../runtime/host.ts'
import { UsageError } from './command.ts'

/** Reads what an argument stands for. Errors: UsageError for a file that cannot be read. */
export async function readData(host: Host, text: string): Promise<Uint8Array | string> {
  if (text === '-') return host.console.readStdin()
  if (!text.startsWith('@')) return text
  const path = text.slice(1)
  try {
    return await host.files.read(absolutePath(host, path))
  } catch (error) {
    throw new UsageError(`Error! Failed to read file: open ${path}: ${whyOf(error)}`)
  }
}

/** A path from the working directory. */
export function absolutePath(host: Host, path: string): string {
  return path.startsWith('/') ? path : `${host.system.cwd}/${path}`
}

/** Data as text, read as UTF-8. */
export function textOf(data: Uint8Array | string): string {
  return typeof data === 'string' ? data : new TextDecoder().decode(data)
}

/** The bytes that base64 stands for, or undefined if it is none. */
export function bytesOfBase64(text: string): Uint8Array | undefined {
  // atob also takes what lacks its padding; the reference does not.
  if (text.length % 4 !== 0) return undefined
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0))
  } catch {
    return undefined
  }
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'no such file or directory',
  EACCES: 'permission denied',
  EISDIR: 'is a directory',
  ENOSPC: 'no space left on device',
  ENOTDIR: 'not a directory',
}

/** Why a file cannot be used, in the system's words. */
export function whyOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
  return reasons[code] ?? code
}
