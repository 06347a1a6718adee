// A service team's day with the executable: services by file, API and command, found by others, in maintenance, changed by
// a reload, known after a restart. The agent on the team's machine is a client, so that all of it travels.
import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { equal, executable, matches, runScript, until, type Script } from './harness.ts'
import { LocalAgents, commonLeader, type LocalAgent } from './local-agents.ts'

const agents = new LocalAgents()
const files = join(agents.directory, 'client.d')

interface Outcome {
  readonly code: number
  readonly out: string
  readonly err: string
}

/** Runs a command against an agent. */
function command(agent: LocalAgent, ...args: readonly string[]): Promise<Outcome> {
  const env = { ...process.env, CONSUL_HTTP_ADDR: `${agent.ip}:8500` }
  return new Promise((resolve) => {
    execFile(executable, [...args], { env, cwd: files }, (error, out, err) => {
      resolve({ code: error === null ? 0 : Number(error.code ?? 1), out, err })
    })
  })
}

async function expectOutcome(outcome: Promise<Outcome>, code: number, text: RegExp): Promise<void> {
  const { out, err, code: found } = await outcome
  equal(found, code, `exit code (${err})`)
  matches(code === 0 ? out : err, text)
}

function define(name: string, text: string): void {
  writeFileSync(join(files, name), text)
}

interface Instance {
  readonly Service: { readonly ID: string; readonly Port: number }
}

/** Waits until the server tells exactly these instances as healthy, each with its port. */
async function healthy(server: LocalAgent, service: string, expected: readonly string[]): Promise<void> {
  await until(`${service} is ${expected.join(', ') || 'gone'}`, async () => {
    const found = await server.get<readonly Instance[]>(`/v1/health/service/${service}?passing`)
    equal(found.map(({ Service }) => `${Service.ID}:${Service.Port}`).toSorted(), expected)
    return true
  })
}

async function put(agent: LocalAgent, path: string, body: object): Promise<Response> {
  return agent.request(`/v1/agent/${path}`, { method: 'PUT', body: JSON.stringify(body) })
}

const clientOptions = {
  node: 'team',
  ip: '127.0.105.2',
  flags: ['-retry-join=127.0.105.1', `-config-dir=${files}`, '-log-level=debug'],
}

let server: LocalAgent
let client: LocalAgent

async function registering(script: Script): Promise<void> {
  mkdirSync(files)
  await script.step('services of several files are found through the servers', async () => {
    define(
      'web.hcl',
      `service {
  name = "web"
  id   = "web-1"
  port = 8001
  check { ttl = "1h", status = "passing" }
}
service { name = "web", id = "web-2", port = 8002 }
`,
    )
    define(
      'db.json',
      '{"services": [{"name": "db", "port": 5432}, {"name": "db", "id": "db-2", "port": 5433}]}',
    )
    server = await agents.startAndWait({
      node: 'server',
      ip: '127.0.105.1',
      flags: ['-server', '-bootstrap-expect=1'],
    })
    client = await agents.startAndWait(clientOptions)
    await commonLeader([server, client])
    await healthy(server, 'web', ['web-1:8001', 'web-2:8002'])
    await healthy(server, 'db', ['db-2:5433', 'db:5432'])
  })

  await script.step('others come through the API and by commands', async () => {
    equal((await put(client, 'service/register', { Name: 'api', Port: 1 })).status, 200)
    await expectOutcome(
      command(client, 'services', 'register', '-name=tool', '-port=2', '-tag=a'),
      0,
      /^Registered service: tool\n$/,
    )
    writeFileSync(join(agents.directory, 'job.hcl'), 'service {\n  name = "job"\n  port = 3\n}\n')
    await expectOutcome(
      command(client, 'services', 'register', join(agents.directory, 'job.hcl')),
      0,
      /^Registered service: job\n$/,
    )
    for (const [name, port] of [
      ['api', 1],
      ['tool', 2],
      ['job', 3],
    ] as const) {
      await healthy(server, name, [`${name}:${port}`])
    }
  })
}

async function changing(script: Script): Promise<void> {
  await script.step('an instance in maintenance is told to nobody', async () => {
    await expectOutcome(
      command(client, 'maint', '-enable', '-service=web-1', '-reason=new release'),
      0,
      /^Service maintenance is now enabled for "web-1"\n$/,
    )
    await healthy(server, 'web', ['web-2:8002'])
    await expectOutcome(command(client, 'maint'), 0, /ID: {5}web-1\n {2}Reason: new release/)
    const aggregated = await client.request('/v1/agent/health/service/id/web-1?format=text')
    equal([aggregated.status, await aggregated.text()], [503, 'maintenance'])
  })

  await script.step('a changed file is read again, and nothing else moves', async () => {
    define(
      'web.hcl',
      `service {
  name = "web"
  id   = "web-1"
  port = 9001
  check { ttl = "1h", status = "passing" }
}
`,
    )
    await expectOutcome(command(client, 'reload'), 0, /^Configuration reload triggered\n$/)
    await healthy(server, 'web', [])
    await expectOutcome(command(client, 'maint', '-disable', '-service=web-1'), 0, /disabled for "web-1"/)
    await healthy(server, 'web', ['web-1:9001'])
    await healthy(server, 'api', ['api:1'])
  })

  await script.step('a file with a fault is named with its line, and changes nothing', async () => {
    define('bad.hcl', 'service {\n  name = "bad"\n  prot = 80\n}\n')
    await expectOutcome(command(client, 'reload'), 1, /bad\.hcl:3: invalid config key service\.prot/)
    await expectOutcome(
      command(client, 'validate', files),
      1,
      /invalid config key service\.prot \(.*bad\.hcl:3\)/,
    )
    rmSync(join(files, 'bad.hcl'))
    await healthy(server, 'web', ['web-1:9001'])
  })
}

async function ending(script: Script): Promise<void> {
  await script.step('bodies that do not fit are refused, and change nothing', async () => {
    const before = await (await client.request('/v1/agent/services')).text()
    for (const [body, status] of [
      [{ Name: 'x', Port: '80' }, 400],
      [{ Name: 'x', Foo: 1 }, 400],
      [{ Name: 'x', Check: { HTTP: 'http://x' } }, 400],
      [{ Name: 'x', Check: { TTL: '5x' } }, 400],
      [{ Name: 'x', Check: { Args: ['true'], Interval: '1s' } }, 500],
    ] as const) {
      equal((await put(client, 'service/register', body)).status, status, JSON.stringify(body))
    }
    equal(await (await client.request('/v1/agent/services')).text(), before)
  })

  await script.step('after a kill and a restart all is as it was', async () => {
    client.signal('SIGKILL')
    await client.ended
    client = await agents.startAndWait(clientOptions)
    const services = Object.keys(await client.get<object>('/v1/agent/services')).toSorted()
    equal(services, ['api', 'db', 'db-2', 'job', 'tool', 'web-1'])
    await healthy(server, 'tool', ['tool:2'])
    await healthy(server, 'web', ['web-1:9001'])
  })

  await script.step('what is deregistered is gone everywhere', async () => {
    await expectOutcome(
      command(client, 'services', 'deregister', '-id=tool'),
      0,
      /^Deregistered service: tool\n$/,
    )
    await expectOutcome(command(client, 'services', 'deregister', '-id=tool'), 1, /Unknown service ID "tool"/)
    await expectOutcome(
      command(client, 'services', 'deregister', join(agents.directory, 'job.hcl')),
      0,
      /^Deregistered service: job\n$/,
    )
    for (const name of ['tool', 'job']) await healthy(server, name, [])
  })
}

await runScript(
  async (script) => {
    await registering(script)
    await changing(script)
    await ending(script)
  },
  () => agents.remove(),
)
