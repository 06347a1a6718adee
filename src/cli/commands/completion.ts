// `completion`: the script of a shell, and the answers that it asks for.
import { UsageError, type Context } from '../command.ts'
import { completionOf } from '../completion.ts'
import { answerLines, shells, wordsOfLine, type Shell } from '../completion-line.ts'
import { completionScript } from '../completion-scripts.ts'
import { commands } from '../commands.ts'

/** Runs `completion`. */
export function completion(context: Context): Promise<number> {
  const { args, host, program } = context
  const isQuestion = args[0] === 'next'
  const shell = shellNamed(args[isQuestion ? 1 : 0] ?? '')
  if (!isQuestion && args.length > 1) {
    throw new UsageError(`Too many arguments (expected 1, got ${args.length})`)
  }
  if (isQuestion) answer(context, shell)
  else host.console.out(completionScript(shell, program))
  return Promise.resolve(0)
}

function shellNamed(name: string): Shell {
  const shell = shells.find((each) => each === name)
  if (shell !== undefined) return shell
  throw new UsageError(
    `Cannot complete for the shell ${JSON.stringify(name)}: there are ${shells.join(', ')}`,
  )
}

/** bash hands over its line in one piece; the others have words, after a "--". */
function answer(context: Context, shell: Shell): void {
  const { args } = context
  const words = shell === 'bash' ? wordsOfLine(args[2] ?? '').slice(1) : args.slice(3)
  for (const line of answerLines(completionOf(words, commands), shell)) context.print(line)
}
