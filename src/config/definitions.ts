// Services, checks and watches of all files, under the rules that the other settings make.
import { readFileDefinitions } from '../definition/file.ts'
import type { DefinitionRules } from '../definition/rules.ts'
import type { ServiceDefinition } from '../model/definition.ts'
import type { AgentConfig } from './agent-config.ts'
import type { Values } from './values.ts'

/** Reads them; problems and warnings are noted with file, line and key. `before` is what the files said before a reload. */
export function definitions(
  values: Values,
  before: readonly ServiceDefinition[],
): Pick<AgentConfig, 'services' | 'checkDefinitions' | 'definitionRules' | 'watches'> {
  const rules = rulesOf(values)
  const given = values.definitions
  const { services, checks, watches, problems, warnings } = readFileDefinitions(given, rules, before)
  for (const { index, path, message, namesKey } of problems) {
    const place = given[index]?.place(path) ?? ''
    values.problem({ source: namesKey === true ? place : `${place}: ${path}`, message })
  }
  for (const { index, path, message } of warnings) {
    values.warn(`${given[index]?.place(path) ?? ''}: ${message}`)
  }
  return { services, checkDefinitions: checks, definitionRules: rules, watches }
}

function rulesOf(values: Values): DefinitionRules {
  const scripts = values.bool('enable_script_checks')
    ? 'anywhere'
    : values.bool('enable_local_script_checks')
      ? 'files'
      : 'nowhere'
  return {
    outputBytesMax: values.number('check_output_max_size'),
    scripts,
    sidecarPorts: {
      min: values.number('ports.sidecar_min_port'),
      max: values.number('ports.sidecar_max_port'),
    },
  }
}
