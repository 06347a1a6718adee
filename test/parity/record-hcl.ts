// Records how the reference reads HCL, for hcl.test.ts to compare with: `node test/parity/record-hcl.ts
// /path/to/consul`. Not run by the tests. Verdicts are those of its command `validate`; values come back from one agent
// in which each text stands where the configuration of a service allows anything. Removes its data afterwards.
import { spawn, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { languageSnippets, settingSnippets, type HclRecord, type HclRecording } from './hcl-snippets.ts'

const [program = ''] = process.argv.slice(2)
const ip = '127.0.91.1'
const directory = await mkdtemp(join(tmpdir(), 'record-hcl-'))
const services = join(directory, 'services')
const base = join(services, 'base.hcl')
await mkdir(services)
await writeFile(
  base,
  `data_dir = "${directory}/data"\nbind_addr = "${ip}"\nclient_addr = "${ip}"\ndisable_update_check = true`,
)

/** What `validate` says of a text; '' when it is valid. */
async function complaint(text: string): Promise<string> {
  const file = join(directory, 'text.hcl')
  await writeFile(file, text)
  const args = ['validate', '-quiet', '-config-format=hcl', base, file]
  const { stdout, stderr, status } = spawnSync(program, args, { encoding: 'utf8' })
  if (status === 0) return ''
  const said = `${stdout}${stderr}`.replaceAll(file, 'FILE').replaceAll(/\s+/g, ' ').trim()
  return said.startsWith('panic') ? said.replace(/ goroutine .*/, '') : said
}

function recordOf(text: string, said: string): HclRecord {
  const line = /(?:At |FILE: )(\d+):\d+: /.exec(said)?.[1]
  return { text, accepted: said === '', reason: said, line: line === undefined ? null : Number(line) }
}

/** A file in which a text is the opaque part of a service. */
function inService(text: string, id: string): string {
  const proxy = `proxy { destination_service_name = "x" config {\n${text}\n} }`
  return `service { name = "${id}" port = 1 kind = "connect-proxy" ${proxy} }`
}

async function servicesOfAgent(): Promise<Readonly<Record<string, { readonly Proxy: { Config: unknown } }>>> {
  const args = ['agent', '-dev', '-config-dir', services, '-dns-port=-1', '-grpc-port=-1']
  const agent = spawn(program, args, { stdio: 'ignore' })
  for (;;) {
    const answer = await fetch(`http://${ip}:8500/v1/agent/services`).catch(() => undefined)
    if (answer?.ok === true) {
      agent.kill('SIGKILL')
      return (await answer.json()) as Readonly<Record<string, { readonly Proxy: { Config: unknown } }>>
    }
    await new Promise((resolve) => setImmediate(resolve))
  }
}

const language: HclRecord[] = []
for (const [i, text] of languageSnippets.entries()) {
  const said = await complaint(text)
  // That the keys mean nothing is told after the text was read.
  language.push(recordOf(text, said.includes('* invalid config key') ? '' : said))
  const nested = inService(text, `text-${i}`)
  if ((await complaint(nested)) === '') await writeFile(join(services, `${i}.hcl`), nested)
}
const settings: HclRecord[] = []
for (const text of settingSnippets) settings.push(recordOf(text, await complaint(text)))
const known = await servicesOfAgent()
const recording: HclRecording = {
  language: language.map((record, i) => {
    const service = known[`text-${i}`]
    return service === undefined || !record.accepted ? record : { ...record, value: service.Proxy.Config }
  }),
  settings,
}
await mkdir(join(import.meta.dirname, 'hcl'), { recursive: true })
await writeFile(join(import.meta.dirname, 'hcl/recorded.json'), `${JSON.stringify(recording, null, 1)}\n`)
await rm(directory, { recursive: true, force: true })
