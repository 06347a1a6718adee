// HCL, the language of configuration files and policies (the part of its version 1 that those use): a text becomes the
// plain JSON value that it stands for, with the line of every key. Nothing is computed: `${ }` is text like any other.
//
// A key that is written once gives its value; blocks and objects under one key become a list in the order written; a
// block's labels are keys around its body. So `a "x" { p = 1 }` is {"a": {"x": {"p": 1}}}, and two such blocks are
// {"a": [{"x": …}, {"y": …}]}. Readers therefore take an object where they take a list of one, and the other way.
import { err, ok, type Result } from '../../lib/result.ts'
import { parseJson, type JsonDocument, type JsonError } from '../json.ts'
import { documentOf } from './document.ts'
import { HclFault, placed } from './fault.ts'
import { parseEntries } from './parser.ts'

/** Longest text that is read, in UTF-16 units; longer is refused. */
const lengthMax = 16 * 1024 * 1024

/**
 * Parses HCL. A text that begins with `{` is JSON. A byte order mark at the start is skipped.
 *
 * Errors: the first fault, with line and column from 1. Never throws; the time is linear in the text's length.
 */
export function parseHcl(text: string): Result<JsonDocument, JsonError> {
  if (/^\ufeff?[ \t\r\n]*\{/.test(text)) return parseAsJson(text)
  try {
    if (text.length > lengthMax) throw new HclFault(0, 'it is longer than 16 million characters')
    const nul = text.indexOf('\0')
    if (nul !== -1) throw new HclFault(nul, 'a character of code 0 is not text')
    return ok(documentOf(parseEntries(text)))
  } catch (error) {
    if (error instanceof HclFault) return err(placed(text, error))
    throw error
  }
}

function parseAsJson(text: string): Result<JsonDocument, JsonError> {
  const parsed = parseJson(text)
  if (parsed.ok) return parsed
  const message = `${parsed.error.message} (a text that begins with { is read as JSON)`
  return err({ ...parsed.error, message })
}
