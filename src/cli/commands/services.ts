// `services register` and `services deregister`: an agent's own services, from files or flags.
import { readConfigText, type ConfigFormat } from '../../config/file.ts'
import { readGivenServices } from '../../definition/file.ts'
import { serviceBody } from '../../definition/print.ts'
import type { GivenService } from '../../definition/service-fields.ts'
import type { ServiceDefinitionShape } from '../../http/client/local-shapes.ts'
import { UsageError, type Context } from '../command.ts'
import { absolutePath, whyOf } from '../data-argument.ts'
import { attempt } from '../failure.ts'
import { wantsJson } from '../format.ts'
import { renderJson } from '../output.ts'

/** Runs `services register`. */
export async function register(context: Context): Promise<number> {
  const { args, flags } = context
  const name = flags.string('name') ?? ''
  if (args.length === 0 && name === '') {
    throw new UsageError('Service registration requires at least one argument or flags.')
  }
  if (args.length > 0 && name !== '') {
    throw new UsageError('Service registration requires arguments or -id, not both.')
  }
  const services = name === '' ? (await servicesIn(context)).map(bodyOf) : [serviceOfFlags(context, name)]
  const client = await context.client()
  const tasks = services.map((service) => ({
    name: service.Name,
    run: () => client.serviceRegister(service),
  }))
  return eachOf(context, tasks, { doing: 'registering', done: 'Registered' })
}

interface Task {
  readonly name: string
  readonly run: () => Promise<unknown>
}

/** One after the other, up to the first that fails. The document of -format=json says how far it came. */
async function eachOf(
  context: Context,
  tasks: readonly Task[],
  { doing, done }: { readonly doing: string; readonly done: string },
): Promise<number> {
  const isJson = wantsJson(context.flags)
  const names: string[] = []
  let code = 0
  for (const { name, run } of tasks) {
    code = await attempt(context, `Error ${doing} service ${JSON.stringify(name)}`, async () => {
      await run()
      names.push(name)
      if (!isJson) context.print(`${done} service: ${name}`)
      return 0
    })
    if (code !== 0) break
  }
  if (isJson) context.print(renderJson({ [done]: names }))
  return code
}

/** Runs `services deregister`. */
export async function deregister(context: Context): Promise<number> {
  const { args, flags } = context
  const id = flags.string('id') ?? ''
  if (args.length === 0 && id === '') {
    throw new UsageError('Service deregistration requires at least one argument or -id.')
  }
  if (args.length > 0 && id !== '') {
    throw new UsageError('Service deregistration requires arguments or -id, not both.')
  }
  const ids = id === '' ? (await servicesIn(context)).map(({ ID, Name }) => ID || Name) : [id]
  const client = await context.client()
  const tasks = ids.map((name) => ({ name, run: () => client.serviceDeregister(name) }))
  return eachOf(context, tasks, { doing: 'deregistering', done: 'Deregistered' })
}

/** The agent says what is missing. */
function bodyOf(given: GivenService): ServiceDefinitionShape {
  return { Name: '', ...serviceBody(given) }
}

/** The services that the files define. Errors: UsageError with all that is wrong in one of them. */
async function servicesIn(context: Context): Promise<readonly GivenService[]> {
  const services: GivenService[] = []
  for (const arg of context.args) {
    for (const { path, format } of await filesAt(context, arg)) {
      const file = readConfigText(path, await textAt(context, path), format)
      const read = readGivenServices(file.definitions)
      const problems = [
        ...file.problems.map(({ source, message }) => `${message} (${source})`),
        ...read.problems.map(
          ({ index, path: key, message }) => `${message} (${file.definitions[index]?.place(key) ?? path})`,
        ),
      ]
      if (problems.length > 0) throw new UsageError(`Error: failed to parse ${path}: ${problems.join('; ')}`)
      services.push(...read.services)
    }
  }
  return services
}

interface DefinitionFile {
  readonly path: string
  readonly format: ConfigFormat
}

/** The file, or those of a directory. */
async function filesAt({ host }: Context, arg: string): Promise<readonly DefinitionFile[]> {
  const path = absolutePath(host, arg)
  try {
    const { kind } = await host.files.stat(path)
    if (kind !== 'directory') return [{ path: arg, format: formatOf(arg) ?? 'json' }]
    return (await host.files.list(path)).toSorted().flatMap((name) => {
      const format = formatOf(name)
      return format === undefined ? [] : [{ path: `${arg.replace(/\/$/, '')}/${name}`, format }]
    })
  } catch (error) {
    throw new UsageError(`Error: config: Open failed on ${arg}. open ${arg}: ${whyOf(error)}`)
  }
}

function formatOf(name: string): ConfigFormat | undefined {
  const ending = /\.(json|hcl)$/.exec(name)?.[1]
  return ending === 'json' || ending === 'hcl' ? ending : undefined
}

async function textAt({ host }: Context, path: string): Promise<string> {
  try {
    return new TextDecoder().decode(await host.files.read(absolutePath(host, path)))
  } catch (error) {
    throw new UsageError(`Error: config: Open failed on ${path}. open ${path}: ${whyOf(error)}`)
  }
}

function serviceOfFlags({ flags }: Context, Name: string): ServiceDefinitionShape {
  const texts = {
    ID: flags.string('id') ?? '',
    Kind: flags.string('kind') ?? '',
    Address: flags.string('address') ?? '',
    SocketPath: flags.string('socket') ?? '',
  }
  const tags = flags.list('tag')
  const meta = Object.fromEntries(flags.list('meta').map((text) => pairOf(text)))
  const tagged = flags.list('tagged-address').map((text) => {
    const [tag, address] = pairOf(text)
    return [tag, taggedAddress(address)] as const
  })
  const port = Number(flags.string('port') ?? 0)
  return {
    Name,
    ...Object.fromEntries(Object.entries(texts).filter(([, text]) => text !== '')),
    ...(tags.length > 0 && { Tags: tags }),
    ...(Object.keys(meta).length > 0 && { Meta: meta }),
    ...(tagged.length > 0 && { TaggedAddresses: Object.fromEntries(tagged) }),
    ...(port !== 0 && { Port: port }),
  }
}

function pairOf(text: string): readonly [string, string] {
  const at = text.indexOf('=')
  return [text.slice(0, at), text.slice(at + 1)]
}

function taggedAddress(text: string): { readonly Address: string; readonly Port: number } {
  const match = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(text)
  if (match === null) {
    const what = text === '' ? '' : `address ${text}: `
    throw new UsageError(`Invalid Tagged Address: ${what}missing port in address`)
  }
  return { Address: match[1] ?? match[2] ?? '', Port: Number(match[3]) }
}
