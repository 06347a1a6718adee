// Small files that are replaced as a whole (node ids, gossip snapshots, keyrings): old or new content, never a mix.
import type { Files } from '../runtime/host/files.ts'

/**
 * Replaces a file: writes a temporary one beside it, syncs, renames, syncs the directory.
 *
 * @param path absolute; its directory exists
 * @param mode permission bits of the new file
 * Errors: rejects with HostError; the old content is then still there (or, if only the directory's sync failed, the
 * new one). One writer per path at a time.
 */
export async function writeAtomically(
  files: Files,
  path: string,
  bytes: Uint8Array,
  mode = 0o600,
): Promise<void> {
  const temporary = `${path}.tmp`
  await files.write(temporary, bytes, mode)
  await files.sync(temporary)
  await files.rename(temporary, path)
  await files.syncDirectory(directoryOf(path))
}

/** The directory part of an absolute path, with either kind of separator. */
export function directoryOf(path: string): string {
  const cut = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'))
  return cut <= 0 ? path.slice(0, 1) : path.slice(0, cut)
}
