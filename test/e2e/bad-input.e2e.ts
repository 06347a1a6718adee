// What people get wrong: each mistake gets one clear sentence on standard error and exit code 1, and nothing is lost.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createSocket } from 'node:dgram'
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { equal, executable, matches, runScript, until, type Script } from './harness.ts'
import { commonLeader, LocalAgents, membersEverywhere, type LocalAgent } from './local-agents.ts'

const agents = new LocalAgents()
const at = (name: string): string => join(agents.directory, name)
/** The agent that is there before; the address that new ones want; one that nobody has. */
const [mine, other, nobody] = ['127.0.96.1', '127.0.96.2', '127.0.96.99']
const serverFlags = ['-server', '-bootstrap-expect=1']

let server: LocalAgent
let client: LocalAgent

interface Refusal {
  readonly code: number | null
  readonly err: string
}

/** Runs a command that should refuse soon. */
function run(args: readonly string[], program: readonly string[] = [executable]): Refusal {
  const [name = '', ...before] = program
  const ran = spawnSync(name, [...before, ...args], { encoding: 'utf8', timeout: 20_000 })
  if (ran.status === null) throw new Error(`${args.join(' ')} did not end by itself`)
  return { code: ran.status, err: ran.stderr }
}

/** Fails unless this is one line that matches, and exit code 1. */
function oneSentence({ code, err }: Refusal, sentence: RegExp): void {
  matches(err, sentence, 'stderr')
  equal([code, err.trimEnd().split('\n').length], [1, 1], `exit code and lines on stderr: ${err}`)
}

/** The command line of an agent that would start if nothing were wrong; later flags win. */
function agentWith(...flags: readonly string[]): readonly string[] {
  return ['agent', '-node=new', `-bind=${other}`, `-client=${other}`, `-data-dir=${at('new')}`, ...flags]
}

/** All files of a directory with their content, as one checksum. */
function picture(directory: string): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }).toSorted()) {
    const path = join(directory, name)
    if (statSync(path).isFile()) hash.update(`${name}\n`).update(readFileSync(path))
  }
  return hash.digest('hex')
}

async function flagsAndFiles(script: Script): Promise<void> {
  const mistakes: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
    'a wrong flag': [
      agentWith('-frobnicate'),
      /^flag provided but not defined: -frobnicate; .*agent -help$/m,
    ],
    'a wrong flag of another command': [['members', '-foo'], /^flag provided .*: -foo; .*members -help$/m],
    'a flag without its value': [['agent', '-node'], /^flag needs an argument: -node; /],
    'a value that is no number': [agentWith('-http-port=x'), /^invalid value "x" for flag -http-port: .+/],
    'an argument that is no flag': [agentWith('server'), /^Unexpected extra arguments: \[server\]; .+/],
    'no data directory': [['agent', `-bind=${other}`], /data_dir cannot be empty: .* -data-dir .* -dev/],
    'a bind address that is none': [agentWith('-bind=banana'), /bind_addr must be an IP address .*"banana"/],
    'an expectation without -server': [agentWith('-bootstrap-expect=3'), /bootstrap_expect .*server/],
  }
  for (const [name, [args, sentence]] of Object.entries(mistakes))
    await script.step(name, () => oneSentence(run(args), sentence))

  const files: Readonly<Record<string, readonly [string, RegExp]>> = {
    'broken JSON': ['{"server": tru', /This is not JSON: .* \(\S+wrong\.json:1:12\)/],
    'an unknown key': ['{\n  "serverr": true}', /invalid config key serverr \(\S+wrong\.json:2\)/],
    'a value of the wrong type': [
      '{"server": "yes, please"}',
      /server must be true or false, .*wrong\.json:1/,
    ],
    'a file that is no object': ['[]', /wrong\.json/],
  }
  for (const [name, [text, sentence]] of Object.entries(files)) {
    await script.step(`a configuration file with ${name}`, () => {
      writeFileSync(at('wrong.json'), text)
      oneSentence(run(agentWith(`-config-file=${at('wrong.json')}`)), sentence)
    })
  }
  await script.step('a configuration file that is not there', () =>
    oneSentence(run(agentWith(`-config-file=${at('none.json')}`)), /none\.json: no such file or directory/),
  )
}

async function addresses(script: Script): Promise<void> {
  await script.step('a bind address of another machine', () => {
    const sentence = /192\.0\.2\.200:830\d: no interface of this machine has this address; .* -bind$/m
    oneSentence(run(agentWith('-bind=192.0.2.200')), sentence)
    oneSentence(run(agentWith('-bind=192.0.2.200', ...serverFlags)), sentence)
    oneSentence(run(agentWith('-client=192.0.2.200')), /192\.0\.2\.200:8500: no interface .* -client$/m)
  })
  const ports: readonly (readonly [number, string])[] = [
    [8500, '-http-port'],
    [8600, '-dns-port'],
    [8300, '-server-port'],
    [8301, '-serf-lan-port'],
    [8302, '-serf-wan-port'],
  ]
  for (const [port, flag] of ports) {
    await script.step(`port ${port} in use`, async () => {
      const holder = createServer().listen(port, other)
      await new Promise((resolve) => holder.once('listening', resolve))
      const sentence = new RegExp(`127\\.0\\.96\\.2:${port}: the address is in use .* ${flag}$`, 'm')
      oneSentence(run(agentWith(...serverFlags)), sentence)
      await new Promise((resolve) => void holder.close(resolve))
    })
  }
  await script.step('the UDP half of port 8301 in use', async () => {
    const holder = createSocket('udp4').bind(8301, other)
    await new Promise((resolve) => holder.once('listening', resolve))
    oneSentence(run(agentWith()), /127\.0\.96\.2:8301: the address is in use .* -serf-lan-port$/m)
    await new Promise<void>((resolve) => holder.close(resolve))
  })
}

async function dataDirectories(script: Script): Promise<void> {
  await script.step('a data directory that cannot be read', () => {
    mkdirSync(at('closed'), { mode: 0o000 })
    copyFileSync(executable, at('program'))
    chmodSync(at('program'), 0o755)
    const drop = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--']
    const program = [...(process.getuid?.() === 0 ? drop : []), at('program')]
    const sentence = /data directory "\S+closed": permission denied; choose another with -data-dir/
    oneSentence(run(agentWith(`-data-dir=${at('closed')}`), program), sentence)
  })
  await script.step('a data directory that is a file', () => {
    writeFileSync(at('file'), 'mine')
    oneSentence(
      run(agentWith(`-data-dir=${at('file')}`)),
      /data_dir \S+file is not a directory \(flag -data-dir\)/,
    )
    equal(readFileSync(at('file'), 'utf8'), 'mine')
  })
  await script.step('a data directory that another agent uses', async () => {
    oneSentence(
      run(agentWith(`-data-dir=${server.dataDir}`)),
      /data directory "\S+one": another agent that is running has it; stop that one or choose another/,
    )
    equal(await readKept(server), 'kept')
  })
}

async function readKept(from: LocalAgent): Promise<string> {
  return (await from.request('/v1/kv/kept?raw&consistent')).text()
}

/** Runs a command of the CLI against an agent. */
function cli(to: string, ...args: readonly string[]): Refusal {
  const [command = '', ...rest] = args
  return run([command, `-http-addr=${to}:8500`, ...rest])
}

async function joining(script: Script): Promise<void> {
  await script.step('a client asked to join the WAN', () => {
    matches(
      cli(client.ip, 'join', '-wan', mine).err,
      /^Error joining address '127\.0\.96\.1': .*Cannot join the WAN pool: this agent has none, because it is a client/,
    )
    equal(cli(client.ip, 'join', '-wan', mine).code, 1)
  })
  await script.step('join with an address where nobody is, or that is none', () => {
    matches(cli(mine, 'join', nobody).err, /^Error joining address '127\.0\.96\.99': .*connection refused/)
    equal(cli(mine, 'join', nobody).code, 1)
    matches(cli(mine, 'join', 'a b').err, /^Error joining address 'a b': .*"a b" is no address; use host/)
    matches(cli(mine, 'join', 'no.such.invalid').err, /no address is known for .*no\.such\.invalid/)
    oneSentence(
      cli(nobody, 'members'),
      /127\.0\.96\.99:8500.*connection refused.*is an agent running there\?/,
    )
  })
  await script.step('-retry-join with an address where nobody is, for so many attempts', () => {
    const refused = run(agentWith(`-retry-join=${nobody}`, '-retry-max=2', '-retry-interval=200ms'))
    oneSentence(
      refused,
      /^Cannot join the cluster in 2 attempts: .*127\.0\.96\.99:8301.*connection refused; /,
    )
  })
  await script.step('-retry-join into another datacenter', () => {
    const refused = run(agentWith(`-retry-join=${mine}`, '-retry-max=1', '-datacenter=dc9'))
    oneSentence(refused, /^Cannot join the cluster in 1 attempts: .*datacenter.*dc9/)
  })
  await script.step('the members know nothing of all that', () =>
    membersEverywhere([server, client], { one: 1, 'a-client': 1 }),
  )
}

/** Starts an agent under the name of one that is alive; it goes on trying for a while, so others run meanwhile. */
function startNamesake(): LocalAgent {
  return agents.start({
    node: 'one',
    ip: '127.0.96.4',
    dataDir: at('namesake'),
    flags: [`-retry-join=${mine}`],
  })
}

async function corruption(script: Script): Promise<void> {
  await script.step('a damaged log refuses to start, and starts again when it is repaired', async () => {
    server.signal('SIGKILL')
    await server.ended
    const log = join(server.dataDir, 'raft/00000001.log')
    const good = readFileSync(log)
    const bad = Buffer.from(good)
    // Behind its end there is room.
    const middle = Math.floor(bad.findLastIndex((byte) => byte !== 0) / 2)
    bad.writeUInt8(bad.readUInt8(middle) ^ 0x55, middle)
    writeFileSync(log, bad)
    const before = picture(join(server.dataDir, 'raft'))
    const args = ['agent', '-node=one', `-bind=${mine}`, `-client=${mine}`, `-data-dir=${server.dataDir}`]
    const sentence = /00000001\.log: a damaged batch at byte \d+, .*[Rr]estore the data directory/
    oneSentence(run([...args, ...serverFlags]), sentence)
    equal(picture(join(server.dataDir, 'raft')), before, 'the log')
    writeFileSync(log, good)
    server = await agents.startAndWait({ node: 'one', ip: mine, flags: serverFlags })
    await commonLeader([server])
    equal(await readKept(server), 'kept')
  })
  await script.step('a broken node ID', async () => {
    client.signal('SIGKILL')
    await client.ended
    writeFileSync(join(client.dataDir, 'node-id'), 'not an id')
    const refused = run(agentWith(`-data-dir=${client.dataDir}`))
    oneSentence(refused, /node-id": "not an id" is no UUID; remove the file to get a new ID$/m)
  })
}

await runScript(
  async (script) => {
    await script.step('an agent with data, a client, and an agent with the name of the first', async () => {
      server = await agents.startAndWait({ node: 'one', ip: mine, flags: serverFlags })
      await commonLeader([server])
      await until('a key', async () => {
        const answer = await server.request('/v1/kv/kept', { method: 'PUT', body: 'kept' })
        return answer.status === 200
      })
      const flags = [`-retry-join=${mine}`]
      client = await agents.startAndWait({ node: 'a-client', ip: '127.0.96.3', flags })
      await membersEverywhere([server, client], { one: 1, 'a-client': 1 })
    })
    const namesake = startNamesake()
    await flagsAndFiles(script)
    await addresses(script)
    await dataDirectories(script)
    await joining(script)
    await script.step('a second agent with the same name', async () => {
      const code = await until(
        'it ends',
        () => !namesake.isRunning() && namesake.ended.then((c) => [c]),
        70_000,
      )
      const sentence =
        /^Cannot join the cluster .*Member name 'one' is in use by the one at 127\.0\.96\.1:8301/
      oneSentence({ code: code[0] ?? null, err: namesake.stderr() }, sentence)
      await membersEverywhere([server, client], { one: 1, 'a-client': 1 })
      equal(await readKept(client), 'kept')
    })
    await corruption(script)
  },
  () => agents.remove(),
)
