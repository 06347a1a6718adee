// Programs of others that ask an agent: dig, caching resolvers, a proxy. Each runs on a loopback address of its
// own, from a configuration that is written here.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** What dig has found. */
export interface Dug {
  readonly status: string
  /** Flags of the header, such as `qr aa rd`. */
  readonly flags: string
  /** Records of the answer section, blanks between fields made single. */
  readonly answers: readonly string[]
  readonly additionals: readonly string[]
  readonly text: string
}

/** Whether a program is there. */
export function has(program: string): boolean {
  return spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${program}`]).status === 0
}

/** Asks with dig; `words` are its arguments behind the server. */
export function dig(server: string, port: number, words: string): Dug {
  const args = [`@${server}`, '-p', String(port), '+time=3', '+tries=2', ...words.split(' ')]
  const { stdout } = spawnSync('dig', args, { encoding: 'utf8' })
  const section = (name: string): readonly string[] =>
    (new RegExp(`;; ${name} SECTION:\n((?:[^\n]+\n)+)`).exec(stdout)?.[1] ?? '')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith(';'))
      .map((line) => line.replace(/\s+/g, ' '))
  return {
    status: /status: (\w+)/.exec(stdout)?.[1] ?? '',
    flags: /flags: ([a-z ]*);/.exec(stdout)?.[1] ?? '',
    answers: section('ANSWER'),
    additionals: section('ADDITIONAL'),
    text: stdout,
  }
}

/** Programs and servers that one script starts. */
export class Tools {
  readonly directory: string = mkdtempSync(join(tmpdir(), 'proconsul-tools-'))
  readonly #children: ChildProcess[] = []
  readonly #servers: Server[] = []

  /** Writes a configuration and returns its path. */
  write(name: string, text: string): string {
    const path = join(this.directory, name)
    writeFileSync(path, text)
    return path
  }

  /** Starts a program in the foreground; what it says is part of the error if it ends. */
  start(program: string, ...args: readonly string[]): void {
    const env = { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin` }
    const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'pipe'], env, cwd: this.directory })
    let said = ''
    child.stderr.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-2000)))
    child.on('exit', (code) => {
      if (code !== null && code !== 0) console.log(`${program} ended with ${code}: ${said}`)
    })
    this.#children.push(child)
  }

  /** A small HTTP server that tells its name. */
  async serve(ip: string, port: number, name: string): Promise<void> {
    const server = createServer((_request, response) => {
      response.setHeader('Connection', 'close')
      response.end(name)
    })
    this.#servers.push(server)
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, ip, resolve)
    })
  }

  /** Stops everything and removes the configurations. */
  async stop(): Promise<void> {
    const running = this.#children.filter((child) => child.exitCode === null && child.signalCode === null)
    const ended = running.map((child) => new Promise((resolve) => child.once('exit', resolve)))
    for (const child of running) child.kill('SIGKILL')
    for (const server of this.#servers) server.closeAllConnections()
    for (const server of this.#servers) server.close()
    await Promise.all(ended)
    rmSync(this.directory, { recursive: true, force: true })
  }
}
