// The agent as a process: it begins anew with settings for its engine, and all that it was started with is there again.
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { equal, executable, runScript, until } from './harness.ts'
import { LocalAgents, type AgentOptions, type LocalAgent } from './local-agents.ts'

const agents = new LocalAgents()
const setting = 'BUN_JSC_thresholdForFTLOptimizeAfterWarmUp'
const flags = ['-server', '-bootstrap', '-enable-script-checks']

function start(ip: string, command: readonly string[], more: readonly string[] = []): Promise<LocalAgent> {
  const options: AgentOptions = { node: ip, ip, command, flags: [...flags, ...more] }
  return agents.startAndWait(options)
}

/** A file of the process in /proc. */
function facts({ pid }: LocalAgent, file: string): readonly string[] {
  return readFileSync(`/proc/${pid}/${file}`, 'utf8')
    .split('\0')
    .map((line) => line.trim())
}

function settingOf(agent: LocalAgent): string | undefined {
  return facts(agent, 'environ').find((line) => line.startsWith(setting))
}

/** What a script check prints of its environment. */
async function environmentOfChildren(agent: LocalAgent): Promise<string> {
  const body = JSON.stringify({ Name: 'env', CheckID: 'env', Args: ['/usr/bin/env'], Interval: '1s' })
  equal((await agent.request('/v1/agent/check/register', { method: 'PUT', body })).status, 200, 'status')
  return until('the check has run', async () => {
    const { env } = await agent.get<{ readonly env?: { readonly Output: string } }>('/v1/agent/checks')
    return env !== undefined && env.Output !== '' && env.Output
  })
}

await runScript(
  async (script) => {
    await script.step(
      'the engine has its settings, and process ID, name and arguments are as they were',
      async () => {
        const link = join(agents.directory, 'consul')
        symlinkSync(executable, link)
        const agent = await start('127.0.80.1', [link])
        equal(settingOf(agent), `${setting}=400000`, 'setting')
        equal(facts(agent, 'comm'), ['consul'], 'name')
        equal(facts(agent, 'cmdline').slice(0, 3), [link, 'agent', '-node=127.0.80.1'], 'arguments')
        const children = await environmentOfChildren(agent)
        if (!children.includes('PATH=') || /BUN_JSC|PROCONSUL/.test(children))
          throw new Error(`children have ${children}`)
      },
    )
    await script.step('files that the caller has opened are open', async () => {
      const file = join(agents.directory, 'seven.json')
      writeFileSync(file, '{"datacenter": "seven"}')
      const shell = ['/bin/sh', '-c', `exec "$@" 7<${file}`, 'sh', executable]
      const agent = await start('127.0.80.3', shell, ['-config-format=json', '-config-file=/dev/fd/7'])
      equal(settingOf(agent), `${setting}=400000`, 'setting')
      const self = await agent.get<{ readonly Config: { readonly Datacenter: string } }>('/v1/agent/self')
      equal(self.Config.Datacenter, 'seven', 'datacenter')
    })
    await script.step('who sets it differently gets it so', async () => {
      const agent = await start('127.0.80.2', ['/usr/bin/env', `${setting}=70000`, executable])
      equal(settingOf(agent), `${setting}=70000`, 'setting')
    })
  },
  () => agents.remove(),
)
