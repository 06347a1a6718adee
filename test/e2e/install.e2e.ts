// install.sh on a machine with nothing on it, from a file server on it; and for a user without rights, on this machine.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { boot, cannotBoot, makeBareRoot, type Machine } from './bare-debian.ts'
import { equal, executable, matches, root, runScript, until, type Script } from './harness.ts'
import type { Ran } from './hosts.ts'

const url = 'http://127.0.0.1:8099'
const asset = `proconsul-linux-${process.arch === 'arm64' ? 'arm64' : 'x64'}`
const work = mkdtempSync(join(tmpdir(), 'proconsul-published-'))
let bareRoot = ''
let machine: Machine | null = null
let agent: ChildProcess | null = null

/** Fills a directory as the build does, if possible with its own files; a wrong one has a checksum of something else. */
function publish(name: string, isRight: boolean): void {
  const directory = join(work, name)
  mkdirSync(directory, { recursive: true })
  copyFileSync(executable, join(directory, asset))
  const built = join(dirname(executable), 'SHA256SUMS')
  if (isRight && existsSync(built)) {
    copyFileSync(built, join(directory, 'SHA256SUMS'))
    return
  }
  const bytes = isRight ? readFileSync(executable) : 'something else'
  const sum = createHash('sha256').update(bytes).digest('hex')
  writeFileSync(join(directory, 'SHA256SUMS'), `${sum}  ${asset}\n`)
}

/** The line that a person types. */
function oneLine(options: string): string {
  return `curl -fsSL ${url}/install.sh | sh -s -- ${options}`
}

const install = oneLine(`--from ${url}/right --server --bootstrap-expect 1`)

const installed = [
  '/usr/local/bin/proconsul',
  '/usr/local/bin/consul',
  '/etc/proconsul.d',
  '/etc/proconsul.d/proconsul.json',
  '/etc/systemd/system/proconsul.service',
  '/etc/systemd/system/multi-user.target.wants/proconsul.service',
]

function succeeded(ran: Ran): string {
  if (ran.code !== 0 || ran.err !== '')
    throw new Error(`exit code ${ran.code}\nstdout: ${ran.out}\nstderr: ${ran.err}`)
  return ran.out
}

function refused(ran: Ran, sentence: RegExp): void {
  matches(ran.err, sentence, 'stderr')
  equal([ran.code, ran.err.trim().split('\n').length], [1, 1], `exit code and lines on stderr: ${ran.err}`)
}

/** Inodes, times, modes and owners of all that is installed, and the running process. */
function picture(on: Machine): string {
  const line = `stat -c '%n %i %y %z %a %U:%G' ${installed.join(' ')} /var/lib/proconsul /etc/passwd /etc/group`
  return succeeded(on.run(`${line}; systemctl show -P MainPID proconsul`))
}

async function leader(on: Machine): Promise<void> {
  await until('the service answers with a leader', () =>
    on.run('curl -fsS http://127.0.0.1:8500/v1/status/leader').out.startsWith('"127.0.0.1:8300"'),
  )
}

function noneInstalled(on: Machine): void {
  const found = on.run(
    `ls -d ${installed.join(' ')} /usr/local/bin/.[!.]* 2>/dev/null; id proconsul 2>/dev/null`,
  )
  equal(found.out, '', 'what is installed')
}

async function onBareMachine(script: Script, directory: string): Promise<void> {
  await script.step('boot a bare Debian with a file server', async () => {
    machine = await boot(directory)
    machine.serve(process.execPath, join(import.meta.dirname, 'file-server.ts'), work, '127.0.0.1', '8099')
    await until('files are served', () => machine?.run(`curl -fsS ${url}/install.sh`).code === 0)
  })
  if (machine === null) return
  await refusals(script, machine)
  await firstAndSecondRun(script, machine)
  await survives(script, machine, directory)
  await removal(script, machine)
}

async function refusals(script: Script, on: Machine): Promise<void> {
  await script.step('a wrong checksum installs nothing', () => {
    refused(
      on.run(oneLine(`--from ${url}/wrong --server`)),
      /its SHA-256 checksum is .* nothing was installed/,
    )
    noneInstalled(on)
  })
  await script.step('nothing published, no space, no downloader: a sentence each, nothing installed', () => {
    refused(on.run(oneLine(`--from ${url}/nothing --server`)), /^Cannot download .*SHA256SUMS: .*404/)
    on.run('mount -t tmpfs -o size=1m tmpfs /usr/local/bin')
    refused(on.run(install), /^Cannot install to \/usr\/local\/bin: \d MiB are free there, about \d+ MiB/)
    noneInstalled(on)
    on.run('umount /usr/local/bin')
    const without = `curl -fsSL ${url}/install.sh >/tmp/i && mv /usr/bin/curl /tmp/ && sh /tmp/i --from ${url}`
    refused(on.run(`${without}; code=$?; mv /tmp/curl /usr/bin/; exit $code`), /neither curl nor wget/)
    noneInstalled(on)
  })
  await script.step('--dry-run installs nothing', () => {
    matches(succeeded(on.run(`${install} --dry-run`)), /^Would start the service proconsul$/m)
    noneInstalled(on)
  })
}

async function firstAndSecondRun(script: Script, on: Machine): Promise<void> {
  await script.step('one line installs and the service answers', async () => {
    matches(succeeded(on.run(install, 60_000)), /^Running: the service proconsul/m)
    await leader(on)
    matches(succeeded(on.run('consul members')), /127\.0\.0\.1:8301\s+alive/)
    equal(
      succeeded(on.run('systemctl is-active proconsul; systemctl is-enabled proconsul')),
      'active\nenabled\n',
    )
    const places = '/proc/$(systemctl show -P MainPID proconsul) /var/lib/proconsul /etc/proconsul.d'
    equal(
      succeeded(on.run(`stat -c '%a %U:%G' ${places}`)),
      '555 proconsul:proconsul\n700 proconsul:proconsul\n750 root:proconsul\n',
    )
  })
  await script.step('a second run changes nothing', () => {
    const before = picture(on)
    matches(succeeded(on.run(install)), /^Nothing to do: proconsul is installed as asked$/m)
    equal(picture(on), before)
    matches(succeeded(on.run(oneLine(`--from ${url}/right`))), /^Nothing to do/m)
    equal(picture(on), before)
  })
  await script.step('a wrong checksum leaves what is installed', () => {
    const before = picture(on)
    refused(on.run(oneLine(`--from ${url}/wrong`)), /nothing was installed/)
    equal(picture(on), before)
  })
  await script.step('other options rewrite the configuration and restart', async () => {
    const out = succeeded(on.run(`${install} --node renamed`))
    matches(out, /^Wrote \/etc\/proconsul\.d\/proconsul\.json$/m)
    await leader(on)
    await until('the new name', () => /^renamed /m.test(on.run('consul members').out))
  })
  await script.step('a wrong option fails with the words of the agent', async () => {
    refusedByAgent(on.run(`${install} --bind 192.0.2.1`, 60_000))
    succeeded(on.run(install, 60_000))
    await leader(on)
  })
}

function refusedByAgent(ran: Ran): void {
  matches(ran.err, /^Cannot start the service proconsul: .*\n[^]*192\.0\.2\.1[^]*\nCorrect .*proconsul\.json/)
  equal(ran.code, 1, 'exit code')
}

async function survives(script: Script, on: Machine, directory: string): Promise<void> {
  await script.step('a killed agent is started again, with its data', async () => {
    succeeded(on.run('curl -fsS -X PUT -d kept http://127.0.0.1:8500/v1/kv/k >/dev/null'))
    const before = on.run('systemctl show -P MainPID proconsul').out
    succeeded(on.run(`kill -9 ${before.trim()}`))
    await until('another process', () => {
      const now = on.run('systemctl show -P MainPID proconsul').out.trim()
      return now !== '0' && now !== before.trim()
    })
    await leader(on)
    equal(on.run('curl -fsS "http://127.0.0.1:8500/v1/kv/k?raw"').out, 'kept')
  })
  await script.step('it starts with the machine', async () => {
    await on.stop()
    machine = await boot(directory)
    await leader(machine)
    equal(machine.run('curl -fsS "http://127.0.0.1:8500/v1/kv/k?raw"').out, 'kept')
  })
}

async function removal(script: Script, before: Machine): Promise<void> {
  await script.step('--uninstall removes it and keeps the data', () => {
    const on = machine ?? before
    copyFileSync(join(root, 'install.sh'), join(bareRoot, 'root/install.sh'))
    matches(succeeded(on.run('sh /root/install.sh --uninstall')), /^Kept: the data in \/var\/lib\/proconsul/m)
    equal(on.run('id -un proconsul; ls /var/lib/proconsul | head -n 1 | wc -l').out, 'proconsul\n1\n')
    equal(on.run(`ls -d ${installed.join(' ')} 2>/dev/null; systemctl is-active proconsul`).out, 'inactive\n')
    matches(succeeded(on.run('sh /root/install.sh --uninstall')), /^Nothing to remove/m)
  })
  await script.step('--uninstall --purge leaves nothing', () => {
    const on = machine ?? before
    succeeded(on.run('sh /root/install.sh --uninstall --purge'))
    noneInstalled(on)
    equal(on.run('ls -d /var/lib/proconsul 2>/dev/null').out, '')
  })
}

/** Runs a command as a user without rights, with a home directory of its own. */
function unprivileged(home: string, command: readonly string[]): readonly string[] {
  const drop = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--']
  const environment = ['env', '-i', `HOME=${home}`, `PATH=${home}/.local/bin:/usr/bin:/bin`]
  return [...(process.getuid?.() === 0 ? drop : []), ...environment, ...command]
}

async function withoutRights(script: Script): Promise<void> {
  const home = join(work, 'home')
  const user = (...command: readonly string[]): Ran => {
    const [program = '', ...args] = unprivileged(home, command)
    const ran = spawnSync(program, args, { encoding: 'utf8', timeout: 60_000 })
    return { code: ran.status, out: ran.stdout, err: ran.stderr }
  }
  const address = '127.0.95.1'
  const options = ['--server', '--bootstrap-expect=1', `--bind=${address}`, `--client=${address}`]
  const installForUser = ['sh', join(work, 'install.sh'), '--from', join(work, 'right'), ...options]
  await script.step('without root it installs into ~/.local and says how to start', async () => {
    mkdirSync(home)
    if (process.getuid?.() === 0) chownSync(home, 65534, 65534)
    const out = succeeded(user(...installForUser))
    const start = /^No systemd to start it; start it with: (.*)$/m.exec(out)?.[1] ?? ''
    matches(start, /proconsul' agent -config-dir='.*\.config\/proconsul\.d'$/)
    const [program = '', ...args] = unprivileged(home, ['sh', '-c', `exec ${start}`])
    agent = spawn(program, args, { stdio: 'ignore' })
    await until('the agent answers with a leader', async () => {
      const answer = await fetch(`http://${address}:8500/v1/status/leader`)
      return (await answer.text()).startsWith(`"${address}:8300"`)
    })
    matches(succeeded(user('consul', 'members', `-http-addr=${address}:8500`)), /127\.0\.95\.1:8301\s+alive/)
  })
  await script.step('a second run changes nothing, --uninstall --purge leaves nothing', () => {
    matches(succeeded(user(...installForUser)), /^Nothing to do/m)
    agent?.kill('SIGKILL')
    succeeded(user('sh', join(work, 'install.sh'), '--uninstall', '--purge'))
    const left = readdirSync(home, { recursive: true, withFileTypes: true }).filter(
      (entry) => !entry.isDirectory(),
    )
    equal(
      left.map((entry) => entry.name),
      [],
    )
  })
}

await runScript(
  async (script) => {
    chmodSync(work, 0o755)
    publish('right', true)
    publish('wrong', false)
    copyFileSync(join(root, 'install.sh'), join(work, 'install.sh'))
    await withoutRights(script)
    const reason = cannotBoot()
    if (reason !== undefined) {
      script.skip('a bare Debian', reason)
      return
    }
    const made = makeBareRoot()
    if ('reason' in made) {
      script.skip('a bare Debian', made.reason)
      return
    }
    bareRoot = made.directory
    await onBareMachine(script, bareRoot)
  },
  async () => {
    agent?.kill('SIGKILL')
    await machine?.stop()
    for (const directory of [work, bareRoot])
      if (directory !== '' && existsSync(directory)) rmSync(directory, { recursive: true, force: true })
  },
)
