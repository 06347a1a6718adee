// The scripts that make a shell ask the program for completions. They hold nothing of the command table: it is asked each time.
import type { Shell } from './completion-line.ts'

/** The script for a shell, with the program's name in it. */
export function completionScript(shell: Shell, program: string): string {
  return templates[shell].replaceAll('%p', program)
}

const bash = `# Completion of %p for bash; made by: %p completion bash
_%p() {
  local kind='' word
  COMPREPLY=()
  while IFS= read -r word; do
    if [[ -z $kind ]]; then
      kind=$word
    else
      # bash takes what stands behind "=" for a word of its own.
      [[ $COMP_WORDBREAKS == *=* ]] && word=\${word#*=}
      COMPREPLY+=("$word")
    fi
  done < <(%p completion next bash "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
  # bash before 4 has no compopt: there, file names are shown too often.
  case $kind in
    words | nothing) compopt +o default 2>/dev/null ;;
    directories) compopt +o default -o dirnames 2>/dev/null ;;
  esac
  return 0
}
complete -o default -F _%p %p
`

const zsh = `#compdef %p
# Completion of %p for zsh; made by: %p completion zsh
_%p() {
  local -a answer
  answer=("\${(@f)$(%p completion next zsh -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)}")
  case $answer[1] in
    words)
      answer=("\${(@)answer[2,-1]}")
      _describe -t words word answer
      ;;
    files)
      [[ $PREFIX == -*=* ]] && compset -P '*='
      _files
      ;;
    directories)
      [[ $PREFIX == -*=* ]] && compset -P '*='
      _files -/
      ;;
  esac
}
if [[ $funcstack[1] == _%p ]]; then
  _%p "$@"
else
  (( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
  compdef _%p %p
fi
`

const fish = `# Completion of %p for fish; made by: %p completion fish
function __%p_complete
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l answer (%p completion next fish -- $words "$current" 2>/dev/null)
    set -l start (string match -r -- '^-[^=]*=' "$current")
    set -l rest (string replace -r -- '^-[^=]*=' '' "$current")
    switch "$answer[1]"
        case words
            printf '%s\\n' $answer[2..-1]
        case files
            for path in (__fish_complete_path "$rest")
                echo -- "$start$path"
            end
        case directories
            for path in (__fish_complete_directories "$rest")
                echo -- "$start$path"
            end
    end
end
complete -c %p -f -a '(__%p_complete)'
`

const templates: Readonly<Record<Shell, string>> = { bash, zsh, fish }
