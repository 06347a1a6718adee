// docs/http.md, made from the table of routes; a test keeps the file equal to it.
import { type Parameter, type Route, parameters } from './route.ts'
import { refusedAreas } from './routes/areas.ts'
import { routes } from './routes/table.ts'

const head = `<!-- Made from src/http/routes by test/unit/http/reference.test.ts; to make it again: npx vitest run test/unit/http/reference -u -->
# HTTP API

The API speaks the paths, parameters, headers, bodies and statuses of Consul's; \`docs/compatibility.md\` lists where
it differs and why. Every endpoint also takes \`pretty\` (indented JSON). A path that ends in \`:name\` takes the rest of
the path, slashes included. \`GET /v1/openapi.json\` gives the same as an OpenAPI 3.1 document, with the shapes of all
bodies, which are named here too.

## Refusals

A refusal is plain text, one sentence. 400: the request is wrong. 403: this agent does not serve the endpoint
(\`http_config.block_endpoints\`). 404: there is no such path or thing. 405: another method; \`Allow\` names those there
are. 413: the body is too large. 429: this agent sends more requests than it may. 500: the cluster refused it or could
not answer (\`No cluster leader\`). 503: too much at once. All of them say that nothing was changed, but for one:

**A write whose outcome is unknown** is answered with 500 and the header \`X-Consul-Outcome: unknown\`. It may have been
carried out, now or in a moment, and may not: the leader was lost while it was committing, or no answer came. Do not
take it for a refusal: read what became of it, or repeat it in a form that does no harm twice (\`cas\`, a session's lock
with its fencing token).
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

function entry(route: Route): string {
  const { method, path, summary, parameters: names, body, answer, headers = [], statuses = [] } = route
  const lines = [
    `- \`${method} ${path}\`: ${summary}.`,
    names.length > 0 ? `Parameters: ${listed(names)}` : '',
    body === undefined ? '' : `Body: ${body}`,
    answer.length > 0 ? `Answer: ${answer.join(' or ')}` : '',
    headers.length > 0 ? `Headers: ${listed(headers)}` : '',
    ...statuses.map(({ status, meaning }) => `${status}: ${meaning}`),
  ]
  return lines.filter((line) => line !== '').join('\n  ')
}

function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}

function parameterSection(): string {
  const names = Object.keys(parameters).toSorted() as Parameter[]
  return `## Parameters\n\n${names.map((name) => `- \`${name}\`: ${parameters[name]}`).join('\n')}\n`
}

function refusedSection(): string {
  const rows = refusedAreas.map(({ prefix, status, message }) => `- \`${prefix}\`: ${status}, ${message}`)
  return `## Refused areas\n\nPaths that begin like this are answered with this status and sentence.\n\n${rows.join('\n')}\n`
}
