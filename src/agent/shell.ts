// The shell that commands are given to when they are one text.
import type { System } from '../runtime/host.ts'

/** That of the user, or the one that is always there. */
export function userShell({ env }: Pick<System, 'env'>): string {
  const shell = env['SHELL'] ?? ''
  return shell === '' ? '/bin/sh' : shell
}
