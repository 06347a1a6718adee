// install.sh in a home directory of its own; the system-wide form runs in test/e2e/install.e2e.ts.
import { execFileSync, spawnSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:http'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { asset, Installation } from './installation.ts'

let here: Installation
beforeEach(() => (here = new Installation()))
afterEach(() => here.remove())

function which(program: string): string | undefined {
  const ran = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' })
  return ran.status === 0 ? ran.stdout.trim() : undefined
}

describe('what it installs', () => {
  test('executable, link, configuration and data directory', async () => {
    const ran = await here.run(['--server', '--bootstrap-expect', '1'])
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(execFileSync(join(here.bin, 'consul'), ['version'], { encoding: 'utf8' })).toBe('Consul v1\n')
    expect(statSync(join(here.bin, 'proconsul')).mode & 0o777).toBe(0o755)
    expect(statSync(here.data).mode & 0o777).toBe(0o700)
    expect(JSON.parse(readFileSync(here.config, 'utf8'))).toEqual({
      data_dir: here.data,
      server: true,
      bootstrap_expect: 1,
    })
    expect(ran.out).toContain(`start it with: '${here.bin}/proconsul' agent -config-dir=`)
    expect(ran.out).toContain(`Note: ${here.bin} is not on the PATH`)
    expect(existsSync(here.unit)).toBe(false)
  })

  test('each agent option reaches the configuration, in either spelling', async () => {
    const bind = '{{ GetInterfaceIP "eth1" }}'
    const args = ['-join=10.0.0.1', '--join', '10.0.0.2', '--bind', bind, '--client=10.0.0.9']
    await here.run([...args, '-datacenter', 'dc2', '--node', 'a\\b'])
    expect(JSON.parse(readFileSync(here.config, 'utf8'))).toEqual({
      data_dir: here.data,
      node_name: 'a\\b',
      datacenter: 'dc2',
      bind_addr: bind,
      client_addr: '10.0.0.9',
      retry_join: ['10.0.0.1', '10.0.0.2'],
    })
  })

  test('a user service where systemd listens to this user', async () => {
    const calls = here.systemd()
    const ran = await here.run(['--server'])
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(calls()).toBe('daemon-reload enable start')
    const unit = readFileSync(here.unit, 'utf8')
    expect(unit).toContain(`ExecStart=${here.bin.replaceAll(' ', '\\ ')}/proconsul agent -config-dir=`)
    expect(unit).not.toContain('User=')
    expect(ran.out).toContain('Running: the service proconsul')
  })

  test('no service when it is not wanted', async () => {
    const calls = here.systemd()
    expect((await here.run(['--no-service'])).code).toBe(0)
    expect(calls()).toBe('')
  })

  test('the name consul is left to another consul on the PATH', async () => {
    here.program('consul', 'true')
    const ran = await here.run()
    expect(ran.out).toContain(`Kept: consul is ${here.programs}/consul`)
    expect(existsSync(join(here.bin, 'consul'))).toBe(false)
  })
})

test('in a checkout it takes what was built there', () => {
  const checkout = join(here.root, 'checkout')
  mkdirSync(checkout)
  copyFileSync(join(import.meta.dirname, '../../../install.sh'), join(checkout, 'install.sh'))
  renameSync(here.published, join(checkout, 'dist'))
  const ran = spawnSync('/bin/sh', ['checkout/install.sh', '--user'], {
    cwd: here.root,
    env: { HOME: here.home, PATH: here.programs },
    encoding: 'utf8',
  })
  expect(ran).toMatchObject({ status: 0, stderr: '' })
  expect(existsSync(join(here.bin, 'proconsul'))).toBe(true)
})

describe('a second run', () => {
  test('changes nothing and says so', async () => {
    const calls = here.systemd()
    const args = ['--server', '--join', '10.0.0.1']
    await here.run(args)
    const [before, callsBefore] = [here.picture(), calls()]
    const again = await here.run(args)
    expect(again).toMatchObject({ code: 0, err: '' })
    expect(again.out).toContain('Nothing to do: proconsul is installed as asked')
    expect(here.picture()).toBe(before)
    expect(calls()).toBe(callsBefore)
  })

  test('puts a new executable in place and restarts', async () => {
    const calls = here.systemd()
    await here.run(['--server'])
    here.publish('2')
    const again = await here.run()
    expect(again.out).toContain(`Installed ${here.bin}/proconsul (Consul v2)`)
    expect(again.out).toContain(`Unchanged: ${here.config}`)
    expect(JSON.parse(readFileSync(here.config, 'utf8'))).toHaveProperty('server', true)
    expect(calls()).toBe('daemon-reload enable start restart')
  })

  test('with other options rewrites its own configuration and restarts', async () => {
    const calls = here.systemd()
    await here.run(['--server'])
    await here.run(['--join', '10.0.0.1'])
    expect(JSON.parse(readFileSync(here.config, 'utf8'))).toEqual({
      data_dir: here.data,
      retry_join: ['10.0.0.1'],
    })
    expect(calls()).toBe('daemon-reload enable start restart')
  })

  test('never touches an edited configuration', async () => {
    await here.run(['--server'])
    writeFileSync(here.config, '{"mine": 1}')
    const again = await here.run(['--join', '10.0.0.1'])
    expect(again.code).toBe(0)
    expect(again.out).toContain(`Kept: ${here.config} was edited`)
    expect(readFileSync(here.config, 'utf8')).toBe('{"mine": 1}')
  })
})

describe('--uninstall', () => {
  test('removes what was installed and keeps the data', async () => {
    const calls = here.systemd()
    await here.run(['--server'])
    writeFileSync(join(here.data, 'kept'), '')
    const ran = await here.run(['--uninstall'])
    expect(ran).toMatchObject({ code: 0, err: '' })
    expect(calls()).toBe('daemon-reload enable start stop disable daemon-reload reset-failed')
    expect(here.files()).toEqual(['.local/share/proconsul/kept'])
    expect(ran.out).toContain(`Kept: the data in ${here.data}`)
    expect((await here.run(['--uninstall'])).out).toContain('Nothing to remove')
  })

  test('keeps an edited configuration and a consul of others', async () => {
    await here.run(['--server'])
    writeFileSync(here.config, '{}')
    rmSync(join(here.bin, 'consul'))
    symlinkSync('/elsewhere/consul', join(here.bin, 'consul'))
    await here.run(['--uninstall'])
    expect(existsSync(here.config)).toBe(true)
    expect(existsSync(join(here.bin, 'proconsul'))).toBe(false)
    expect(spawnSync('readlink', [join(here.bin, 'consul')], { encoding: 'utf8' }).stdout).toBe(
      '/elsewhere/consul\n',
    )
  })

  test('--purge leaves nothing', async () => {
    await here.run(['--server'])
    writeFileSync(here.config, '{}')
    writeFileSync(join(here.data, 'gone'), '')
    expect((await here.run(['--uninstall', '--purge'])).code).toBe(0)
    expect(here.files()).toEqual([])
  })
})

test('--dry-run does nothing', async () => {
  here.systemd()
  const ran = await here.run(['--dry-run', '--server'])
  expect(ran).toMatchObject({ code: 0, err: '' })
  expect(ran.out.match(/^Would /gm)?.length).toBeGreaterThan(4)
  expect(here.picture()).toBe('')
})

describe('what it refuses, with nothing installed', () => {
  async function refused(args: readonly string[], sentence: RegExp | string): Promise<void> {
    const ran = await here.run(args)
    expect(ran.err).toMatch(sentence)
    expect(ran.err.trim().split('\n')).toHaveLength(1)
    expect(ran.code).toBe(1)
    expect(here.files()).toEqual([])
  }

  test('a wrong checksum', async () => {
    here.publish('1', 'ab'.repeat(32))
    await refused(
      [],
      /Cannot install .*: its SHA-256 checksum is \w{64}, but .*SHA256SUMS says abab.*nothing was/,
    )
  })

  test('a checksum that is given and is wrong', () =>
    refused(['--sha256', 'AB'.repeat(32)], /but --sha256 says abab.*; nothing was installed/))

  test('a directory without checksums', async () => {
    rmSync(join(here.published, 'SHA256SUMS'))
    await refused([], /it has no SHA256SUMS that names proconsul-linux-/)
  })

  test('an executable that does not run here', async () => {
    const path = join(here.root, 'other')
    writeFileSync(path, '\x7fELF not really')
    const ran = await here.run(['--from', path])
    expect(ran.err).toMatch(
      /Cannot install .*other: it does not run on this machine \(.+\); nothing was installed/,
    )
    expect(here.files()).toEqual([])
  })

  test('a platform without an executable', async () => {
    here.program('uname', 'case $1 in -s) echo Linux ;; *) echo riscv64 ;; esac')
    await refused(
      [],
      'Cannot install on a riscv64 processor: there are executables for x86_64 and arm64 only',
    )
    here.program('uname', 'echo Plan9')
    await refused([], 'Cannot install on Plan9: there are executables for Linux only')
  })

  test('a machine without curl and wget', () =>
    refused(['--from', 'http://127.0.0.1:9/x'], 'neither curl nor wget is installed'))

  test('a machine without a program for checksums', async () => {
    rmSync(join(here.programs, 'sha256sum'))
    await refused([], 'Cannot verify checksums: none of sha256sum, shasum and openssl is installed')
  })

  test('a full disk', async () => {
    here.program('df', 'echo head; echo /dev/x 1000000 998976 1024 99% /')
    here.program('cp', 'echo "cp: No space left on device" >&2; exit 1')
    const size = join(here.root, 'big')
    writeFileSync(size, '')
    truncateSync(size, 3 * 1024 * 1024)
    await refused(
      ['--from', size],
      /Cannot install to .*: 1 MiB are free there, about 3 MiB are needed; make room/,
    )
  })

  test.each([
    [['--bootstrap-expect', '1'], 'Cannot use --bootstrap-expect without --server'],
    [['--server', '--bootstrap-expect', 'x'], 'Cannot use --bootstrap-expect x: it must be a number from 1'],
    [['--frobnicate'], 'Cannot understand --frobnicate: there is no such option; see --help'],
    [['--node'], 'Cannot use --node: it needs a value'],
    [['--node', '--server'], 'Cannot use --node: it needs a value'],
    [['--server=yes'], 'Cannot use --server=yes: --server takes no value'],
    [['install'], 'Cannot understand "install": options begin with --'],
    [['--node', 'a\nb'], 'Cannot use the value of --node: it holds a line break'],
    [['--sha256', 'abc'], 'Cannot use --sha256 abc: it must be 64 hexadecimal digits'],
    [['--purge'], 'Cannot use --purge alone'],
    [['--from', 'ftp://x/'], 'Cannot install from ftp://x/: only http:// and https:// are understood'],
    [['--from', '/nowhere'], 'Cannot install from /nowhere: there is no such file or directory'],
    [['--from='], 'Cannot use --from: its value is empty'],
  ])('%j', (args, sentence) => refused(args, sentence))

  test('no source at all', async () => {
    const ran = spawnSync('/bin/sh', ['-s', '--', '--user'], {
      input: readFileSync(join(import.meta.dirname, '../../../install.sh')),
      env: { HOME: here.home, PATH: here.programs },
      encoding: 'utf8',
    })
    expect(ran.stderr).toMatch(/no source is given; use --from URL, --from PATH, or set PROCONSUL_BASE_URL/)
    expect(ran.status).toBe(1)
  })

  test('the first bytes of itself, as after a broken download', () => {
    const script = readFileSync(join(import.meta.dirname, '../../../install.sh'), 'utf8')
    for (let share = 1; share < 40; share++) {
      const ran = spawnSync('/bin/sh', ['-s', '--', '--user', '--from', here.published], {
        input: script.slice(0, Math.floor((script.length * share) / 40)),
        env: { HOME: here.home, PATH: here.programs },
        encoding: 'utf8',
      })
      expect(ran.stdout).toBe('')
    }
    expect(here.picture()).toBe('')
  })
})

describe('from a base URL', () => {
  let server: Server
  let url = ''
  const asked: string[] = []
  beforeEach(async () => {
    asked.length = 0
    server = createServer((request, response) => {
      const path = join(here.published, request.url ?? '')
      asked.push(request.url ?? '')
      if (existsSync(path)) response.end(readFileSync(path))
      else response.writeHead(404).end('not here')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = server.address()
    url = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : ''
  })
  afterEach(() => new Promise((resolve) => void server.close(resolve)))

  /** Each downloader that there is, alone on the PATH. */
  const downloaders = [
    ['curl', which('curl'), ''],
    ['wget', which('wget'), ''],
    ['wget of busybox', which('busybox'), 'wget'],
  ] as const

  for (const [name, at, applet] of downloaders) {
    test.skipIf(at === undefined)(`with ${name}`, async () => {
      const program = name === 'curl' ? 'curl' : 'wget'
      here.program(program, `exec ${at ?? ''} ${applet} "$@"`)
      const ran = await here.run(['--from', `${url}/`])
      expect(ran).toMatchObject({ code: 0, err: '' })
      expect(asked).toEqual(['/SHA256SUMS', `/${asset}`])
      await here.run(['--from', url])
      expect(asked.slice(2), 'an installed executable is not downloaded again').toEqual(['/SHA256SUMS'])
      const wrong = await here.run(['--from', `${url}/nothing`])
      expect(wrong.err).toMatch(/^Cannot download http:.*\/nothing\/SHA256SUMS: .*404/)
      here.publish('2', '0'.repeat(64))
      const refused = await here.run(['--from', url])
      expect(refused.err).toContain('nothing was installed')
      expect(execFileSync(join(here.bin, 'proconsul'), ['version'], { encoding: 'utf8' })).toBe('Consul v1\n')
    })
  }
})

describe('shells', () => {
  const shells = [['dash'], ['busybox', 'ash'], ['bash', '--posix'], ['ksh'], ['mksh'], ['yash']] as const
  for (const [program, ...args] of shells) {
    const at = which(program)
    test.skipIf(at === undefined)(program, async () => {
      const shell = [at ?? '', ...args]
      here.systemd()
      const first = await here.run(['--server', '--join=10.0.0.1'], { shell })
      expect(first).toMatchObject({ code: 0, err: '' })
      const again = await here.run(['--server', '--join=10.0.0.1'], { shell })
      expect(again.out).toContain('Nothing to do')
      expect((await here.run(['--uninstall', '--purge'], { shell })).code).toBe(0)
      expect(here.files()).toEqual([])
    })
  }

  test.skipIf(which('shellcheck') === undefined)('shellcheck finds nothing', () => {
    const path = join(import.meta.dirname, '../../../install.sh')
    expect(spawnSync('shellcheck', ['-s', 'sh', path], { encoding: 'utf8' }).stdout).toBe('')
  })

  test('busybox as the only programs', async ({ skip }) => {
    const busybox = which('busybox')
    if (busybox === undefined) return skip('needs busybox')
    const folder = join(here.root, 'busybox')
    mkdirSync(folder)
    execFileSync(busybox, ['--install', '-s', folder])
    const how = { shell: [busybox, 'ash'], path: folder }
    expect(await here.run(['--server'], how)).toMatchObject({ code: 0, err: '' })
    expect((await here.run(['--server'], how)).out).toContain('Nothing to do')
    expect(await here.run(['--uninstall'], how)).toMatchObject({ code: 0, err: '' })
    expect(here.files()).toEqual([])
  })
})
