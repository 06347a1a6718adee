// Who may import whom, as one table, and the check that holds each import specifier against it.
import { posix } from 'node:path'
import { blank, lineAt, type SourceFile } from './source.ts'

/**
 * For each folder of src/ the folders or files of src/ that it may import; its own files are always allowed.
 * `type x` allows type imports only. An arrow that is not here needs a decision in the folder's DESIGN.md.
 */
export const layers: Readonly<Record<string, readonly string[]>> = {
  lib: [],
  model: ['lib'],
  gossip: ['lib', 'model'],
  raft: ['lib', 'model'],
  coordinate: ['lib', 'model'],
  query: ['lib', 'model'],
  state: ['lib', 'model', 'coordinate', 'query'],
  checks: ['lib', 'model'],
  definition: ['lib', 'model'],
  local: ['lib', 'model'],
  filter: ['lib', 'model'],
  metrics: ['lib', 'model'],
  codec: ['lib', 'model', 'type gossip', 'type raft', 'type state'],
  storage: ['lib', 'model', 'codec', 'type raft', 'runtime/host'],
  rpc: ['lib', 'model', 'codec', 'runtime/host'],
  config: ['lib', 'model', 'definition'],
  dns: ['lib', 'model', 'runtime/host'],
  http: ['lib', 'model', 'definition', 'filter', 'query'],
  agent: [
    'lib',
    'model',
    'gossip',
    'raft',
    'state',
    'checks',
    'local',
    'coordinate',
    'query',
    'definition',
    'metrics',
    'codec',
    'storage',
    'rpc',
    'config',
    'dns',
    'http',
    'runtime/host',
  ],
  cli: ['lib', 'model', 'coordinate', 'definition', 'config', 'agent', 'http/client', 'runtime/host'],
  runtime: ['lib', 'model'],
  entry: ['cli', 'runtime/node', 'runtime/bun', 'runtime/deno'],
}

/** For each package the folders of src/ that may import it. Packages that are not here may not be imported by src/. */
const packages: Readonly<Record<string, readonly string[]>> = {
  '@noble/hashes': ['storage'],
  'cbor-x': ['codec'],
  'dns-packet': ['dns'],
  hono: ['http'],
  cac: ['cli'],
  'sorted-btree': ['state'],
  re2js: ['lib'],
  'prom-client': ['agent'],
  'ipaddr.js': ['config', 'dns', 'http', 'agent', 'cli'],
}

/** The only files of src/ that may name a runtime or a module of one. */
const hosts = /^src\/runtime\/(node|bun|deno)(\.ts$|\/)/
const runtimeModule = /^(node:|bun$|bun:|jsr:|npm:|https?:)/
const runtimeGlobal = /(?<![.\w])(?:Bun|Deno|process|require|__dirname)(?=\s*[.([])/g

const staticImport =
  /(?:^|[;\n])\s*(?:import\b((?:[^'"`;()]*?\bfrom)?)|export\b(\s*(?:type\b\s*)?(?:\*[^'"`;]*?|\{[^}]*\}\s*)from))\s*['"]([^'"]+)['"]/g
const dynamicImport = /\b(?:import|require)\s*\(\s*()()['"`]([^'"`]+)['"`]/g

/** An import or export specifier. */
interface Import {
  readonly specifier: string
  readonly isType: boolean
  readonly line: number
}

/** All import specifiers of a file: static, re-exports, side effects, dynamic, `require`. */
export function importsOf(text: string): readonly Import[] {
  const code = blank(text, { strings: false })
  const statics = [...code.matchAll(staticImport)]
  const dynamics = [...code.matchAll(dynamicImport)]
  return [...statics, ...dynamics].map((match) => {
    const [whole, imported = '', exported = '', specifier = ''] = match
    const line = lineAt(code, match.index + whole.length)
    return { specifier, isType: /^\s*type\b/.test(imported || exported), line }
  })
}

/** The folder of src/ that a path lies in, or undefined outside of src/. */
function folderOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1]
}

/** Whether one line of the table allows an import of `target`, a path such as `src/raft/message.ts`. */
function allows(allowed: string, target: string, isType: boolean): boolean {
  const isTypeOnly = allowed.startsWith('type ')
  const path = `src/${allowed.replace('type ', '')}`
  return (target === `${path}.ts` || target.startsWith(`${path}/`)) && (isType || !isTypeOnly)
}

/** Says why a relative import is forbidden, or nothing. */
function relativeProblem(from: string, { specifier, isType }: Import): string | undefined {
  const target = posix.join(posix.dirname(from), specifier)
  const folder = folderOf(from)
  if (from.startsWith('build/')) {
    return target.startsWith('src/') ? 'build/ may name a path of src/ but not import it' : undefined
  }
  if (folder === undefined) return undefined
  if (!target.startsWith('src/')) return 'src/ may import only src/'
  const allowed = layers[folder]
  if (allowed === undefined) return `folder "${folder}" is not in the table of test/tidy/layers.ts`
  const targetFolder = folderOf(target)
  if (targetFolder === folder) return undefined
  if (allowed.some((entry) => allows(entry, target, isType))) return undefined
  return `${folder}/ may import ${allowed.length === 0 ? 'nothing' : allowed.join(', ')}`
}

/** Says why a package or a runtime's module is forbidden, or nothing. */
function packageProblem(from: string, { specifier }: Import): string | undefined {
  const folder = folderOf(from)
  if (folder === undefined || hosts.test(from)) return undefined
  if (runtimeModule.test(specifier)) return 'only src/runtime/{node,bun,deno} may name a runtime'
  const name = specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
  const allowed = packages[name]
  if (allowed === undefined) return `package "${name}" is not in the table of test/tidy/layers.ts`
  return allowed.includes(folder) ? undefined : `only ${allowed.join(', ')} may import "${name}"`
}

/** The imports of a file that the tables do not allow, one sentence each. */
export function layerViolations(file: SourceFile): readonly string[] {
  return importsOf(file.text).flatMap((entry) => {
    const isRelative = entry.specifier.startsWith('.')
    const problem = isRelative ? relativeProblem(file.path, entry) : packageProblem(file.path, entry)
    return problem === undefined
      ? []
      : [`${file.path}:${entry.line} Cannot import "${entry.specifier}": ${problem}`]
  })
}

/** The places of src/, outside of the three hosts, that name a runtime's global. */
export function runtimeViolations(file: SourceFile): readonly string[] {
  if (folderOf(file.path) === undefined || hosts.test(file.path)) return []
  const code = blank(file.text, { strings: true })
  return [...code.matchAll(runtimeGlobal)].map(
    (match) =>
      `${file.path}:${lineAt(code, match.index)} Cannot name "${match[0]}": only src/runtime/{node,bun,deno} may name a runtime`,
  )
}
