// Flags that several commands have.
import type { FlagSpec } from '../config/flags.ts'

/** How to print the answer; read with `wantsJson`. */
export const formatFlag: FlagSpec = {
  name: 'format',
  kind: 'string',
  placeholder: 'pretty|json',
  doc: 'How to print the answer: pretty (a table) or json. By default pretty.',
}

/** A filter of nodes by their metadata. */
export const nodeMetaFlag: FlagSpec = {
  name: 'node-meta',
  kind: 'pairs',
  placeholder: 'key=value',
  doc: 'Only nodes with this metadata. May be given several times.',
}
