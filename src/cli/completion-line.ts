// The line that a shell wants completed, as words; and the answer in the form that the shell reads.
import type { Completion } from './completion.ts'

/** Words of a line by the rules of shells: blanks part them, quotes and backslashes keep together. The last one may be empty. */
export function wordsOfLine(line: string): readonly string[] {
  let word = ''
  const words: string[] = []
  for (const [piece, doubly, singly, escaped] of line.trimStart().matchAll(pieces)) {
    if (/^\s/.test(piece)) {
      words.push(word)
      word = ''
    } else word += doubly?.replaceAll(/\\(["\\$`])/g, '$1') ?? singly ?? escaped ?? piece
  }
  return [...words, word]
}

/** Blanks, text in quotes of either kind, one character behind a backslash, and all else. A quote may still be open. */
const pieces = /\s+|"((?:\\.|[^"\\])*)"?|'([^']*)'?|\\(.?)|[^\s"'\\]+/gs

/** Shells that scripts are made for. */
export const shells = ['bash', 'zsh', 'fish'] as const

/** One of them. */
export type Shell = (typeof shells)[number]

/** The answer for the script of a shell: its kind in the first line, then a word in each. */
export function answerLines(completion: Completion, shell: Shell): readonly string[] {
  const words = completion.kind === 'words' ? completion.words : []
  const lines = words.map(({ word, about }) => {
    if (shell === 'bash' || about === '') return shell === 'zsh' ? forZsh(word) : word
    return shell === 'zsh' ? `${forZsh(word)}:${about}` : `${word}\t${about}`
  })
  return [completion.kind, ...lines]
}

/** In zsh a colon parts a word from what it is about. */
function forZsh(word: string): string {
  return word.replaceAll(/[\\:]/g, '\\$&')
}

/** The answer for bash's `complete -C`, as the reference installs it: bash takes what stands behind "=" for a word. */
export function plainLines(completion: Completion): readonly string[] {
  if (completion.kind !== 'words') return []
  return completion.words.map(({ word }) => word.slice(word.indexOf('=') + 1))
}
