// docs/http.md, made from the table of routes; a test keeps the file equal to it.
import { type Parameter, type Route, parameters } from './route.ts'
import { refusedAreas } from './routes/areas.ts'
import { routes } from './routes/table.ts'

const head = `<!-- Made from src/http/routes by test/unit/http/reference.test.ts; to make it again: npx vitest run test/unit/http/reference -u -->
# HTTP API

The API speaks the paths, parameters, headers, bodies and statuses of Consul's; \`docs/compatibility.md\` lists where
it differs and why. Every endpoint also takes \`pretty\` (indented JSON). A refusal is plain text, one sentence.
A path that ends in \`:name\` takes the rest of the path, slashes included.
`

/** The text of docs/http.md. */
export function httpReference(): string {
  const areas = new Map<string, Route[]>()
  for (const route of routes) {
    const area = route.path.split('/')[2] ?? ''
    areas.set(area, [...(areas.get(area) ?? []), route])
  }
  const sections = [...areas].map(([area, ofArea]) => `## ${area}\n\n${ofArea.map(entry).join('\n')}\n`)
  return `${[head, ...sections, parameterSection(), refusedSection()].join('\n')}`
}

function entry({ method, path, summary, parameters: names }: Route): string {
  const list = names.map((name) => `\`${name}\``).join(', ')
  return `- \`${method} ${path}\`: ${summary}.${list === '' ? '' : `\n  Parameters: ${list}`}`
}

function parameterSection(): string {
  const names = Object.keys(parameters).toSorted() as Parameter[]
  return `## Parameters\n\n${names.map((name) => `- \`${name}\`: ${parameters[name]}`).join('\n')}\n`
}

function refusedSection(): string {
  const rows = refusedAreas.map(({ prefix, status, message }) => `- \`${prefix}\`: ${status}, ${message}`)
  return `## Refused areas\n\nPaths that begin like this are answered with this status and sentence.\n\n${rows.join('\n')}\n`
}
