// Child processes: what script checks, watches and `lock` rely on.

import type { Host, ProcessOptions } from '../../../src/runtime/host.ts'
import {
  type ConformanceCase,
  Skip,
  type World,
  equal,
  ok,
  rejectsWith,
  sleep,
  text,
  until,
  utf8,
  within,
} from '../harness.ts'

/** The questions about child processes. */
export function processCases(host: Host, world: World): readonly ConformanceCase[] {
  const all = [...ending(host, world), ...killing(host, world)]
  return all.map((one) => ({
    name: one.name,
    async run() {
      if (!world.hasProcesses) throw new Skip('no processes here')
      await within(host, 10_000, one.run())
    },
  }))
}

function ending(host: Host, { directory }: World): readonly ConformanceCase[] {
  const { processes } = host
  const sh = (script: string): readonly string[] => ['/bin/sh', '-c', script]
  return [
    {
      name: 'processes: exit status and output of both kinds are told',
      async run() {
        const result = await processes.run(sh('echo out; echo err >&2; exit 3'), {})
        equal([result.code, result.signal, result.timedOut, result.outputBytes], [3, null, false, 8])
        equal(text(result.output).split('\n').toSorted(), ['', 'err', 'out'])
      },
    },
    {
      name: 'processes: output is handed out as it comes, whatever is kept of it',
      async run() {
        const pieces: string[] = []
        const child = await processes.start(sh('echo one; sleep 60; echo two >&2'), {
          output: 'capture',
          outputBytesMax: 0,
          onOutput: (bytes) => {
            pieces.push(text(bytes))
            return undefined
          },
        })
        await until(host, 'output', () => pieces.length > 0)
        equal(pieces.join(''), 'one\n')
        child.kill('SIGTERM')
        equal((await child.ended).output.length, 0)
      },
    },
    {
      name: 'processes: a program waits for whoever takes its output, and none of it is lost',
      async run() {
        let bytes = 0
        let atOnceMax = 0
        let atOnce = 0
        const child = await processes.start(sh('head -c 3000000 /dev/zero'), {
          output: 'capture',
          outputBytesMax: 1,
          async onOutput(piece) {
            bytes += piece.length
            atOnce++
            atOnceMax = Math.max(atOnceMax, atOnce)
            await sleep(host, 5)
            atOnce--
          },
        })
        const ended = await child.ended
        equal([ended.code, ended.outputBytes, bytes], [0, 3_000_000, 3_000_000])
        ok(atOnceMax <= 2, `${atOnceMax} pieces at once`)
      },
    },
    {
      name: 'processes: arguments go through as they are',
      async run() {
        const result = await processes.run(['/bin/echo', 'a b', '$HOME', "'"], {})
        equal(text(result.output), "a b $HOME '\n")
      },
    },
    {
      name: 'processes: a signal that ended it is told',
      async run() {
        const result = await processes.run(sh('kill -TERM $$; sleep 5'), {})
        equal([result.code, result.signal], [null, 'SIGTERM'])
      },
    },
    {
      name: 'processes: the environment is added to ours, the directory is set',
      async run() {
        const result = await processes.run(sh('echo "$EXTRA"; pwd; test -n "$PATH" && echo path'), {
          env: { EXTRA: 'x y' },
          cwd: directory,
        })
        equal(text(result.output), `x y\n${directory}\npath\n`)
      },
    },
    {
      name: 'processes: bytes reach its input',
      async run() {
        const result = await processes.run(['/bin/cat'], { stdin: utf8('given') })
        equal(text(result.output), 'given')
      },
    },
    {
      name: 'processes: without input it reads an end at once',
      async run() {
        equal((await processes.run(['/bin/cat'], {})).code, 0)
      },
    },
    {
      name: 'processes: a child that does not read its input does no harm',
      async run() {
        equal((await processes.run(['/bin/true'], { stdin: new Uint8Array(1_000_000) })).code, 0)
      },
    },
    {
      name: 'processes: output is cut to its limit and counted in all',
      async run() {
        const result = await processes.run(sh('head -c 300000 /dev/zero'), { outputBytesMax: 1000 })
        equal([result.output.length, result.outputBytes, result.code], [1000, 300_000, 0])
      },
    },
    {
      name: 'processes: the last bytes of the output are kept on demand',
      async run() {
        const options: ProcessOptions = { outputBytesMax: 10, outputKept: 'last' }
        const { output, outputBytes } = await processes.run(sh('seq 1 20000; printf 0123456789abc'), options)
        equal([text(output), outputBytes], ['3456789abc', 108_907])
        equal(text((await processes.run(sh('printf abc'), options)).output), 'abc')
      },
    },
    {
      name: 'processes: a program that does not exist is ENOENT and named',
      async run() {
        const error = await rejectsWith('ENOENT', processes.run(['/no/such/program'], {}))
        ok(error.message.includes('/no/such/program'), error.message)
      },
    },
    {
      name: 'processes: a file that is no program is EACCES',
      run: async () => void (await rejectsWith('EACCES', processes.run(['/etc/passwd'], {}))),
    },
    {
      name: 'processes: twenty at once',
      async run() {
        const running = [...Array(20).keys()].map((i) => processes.run(sh(`exit ${i}`), {}))
        equal(
          (await Promise.all(running)).map((result) => result.code),
          [...Array(20).keys()],
        )
      },
    },
  ]
}

function killing(host: Host, { directory }: World): readonly ConformanceCase[] {
  const { processes, clock, files } = host
  const sh = (script: string): readonly string[] => ['/bin/sh', '-c', script]
  return [
    {
      name: 'processes: a timeout kills it and what it started',
      async run() {
        const startMs = clock.nowMs()
        const result = await processes.run(sh(`sleep 30 & echo $! > ${directory}/child; wait`), {
          timeoutMs: 300,
        })
        ok(clock.nowMs() - startMs < 3000, 'in time')
        equal([result.timedOut, result.signal], [true, 'SIGKILL'])
        const pid = text(await files.read(`${directory}/child`)).trim()
        await until(host, 'the grandchild is gone', async () => {
          const state = await processes.run(sh(`ps -o stat= -p ${pid} | grep -v Z`), {})
          return text(state.output).trim() === ''
        })
      },
    },
    {
      name: 'processes: an abort kills it',
      async run() {
        const abort = new AbortController()
        const running = processes.run(sh('sleep 30'), { signal: abort.signal })
        await sleep(host, 50)
        abort.abort()
        const result = await running
        equal([result.signal, result.timedOut], ['SIGKILL', false])
      },
    },
    {
      name: 'processes: a started child has a pid and takes signals',
      async run() {
        const child = await processes.start(
          sh('trap "echo caught; exit 7" TERM; echo ready; while :; do sleep 0.05; done'),
          {},
        )
        ok(child.pid > 0, 'a pid')
        await sleep(host, 200)
        child.kill('SIGTERM')
        const result = await child.ended
        equal([result.code, text(result.output).includes('caught')], [7, true])
        child.kill('SIGTERM')
      },
    },
    {
      name: 'processes: a signal reaches what the child has started',
      async run() {
        await signalReachesAll(host, directory, {})
      },
    },
    {
      name: 'processes: also when it inherits an input that is no terminal',
      async run() {
        const asked = await processes.run(sh('[ -t 0 ]'), { stdin: 'inherit' })
        if (asked.code === 0) throw new Skip('the input is a terminal')
        await signalReachesAll(host, directory, { stdin: 'inherit' })
      },
    },
    {
      name: 'processes: what a child leaves behind ends with it on demand',
      async run() {
        const { output } = await host.processes.run(['/bin/sh', '-c', 'sleep 50 & echo $!'], {
          endsGroup: true,
        })
        const pid = text(output).trim()
        await until(host, 'it has ended', async () => {
          const state = await host.processes.run(['/bin/ps', '-o', 'stat=', '-p', pid], {})
          return state.code !== 0 || text(state.output).startsWith('Z')
        })
      },
    },
    {
      name: 'processes: a program that prints without end waits for us, and is ended in time',
      async run() {
        const before = host.system.usage().cpuMicros
        const fromMs = host.clock.nowMs()
        const { output, timedOut } = await host.processes.run(['/usr/bin/yes'], {
          outputBytesMax: 1000,
          outputKept: 'last',
          timeoutMs: 500,
        })
        equal([output.length, timedOut], [1000, true])
        ok(host.clock.nowMs() - fromMs < 3000, 'it ended in time')
        ok(host.system.usage().cpuMicros - before < 400_000, 'reading it took little time')
      },
    },
    {
      name: 'processes: what a child leaves behind does not hold its end up',
      async run() {
        const startMs = clock.nowMs()
        const result = await processes.run(sh('sleep 5 & echo done'), {})
        ok(clock.nowMs() - startMs < 3000, 'in time')
        equal([result.code, text(result.output)], [0, 'done\n'])
      },
    },
  ]
}

/** Ends a child by a signal, and asks whether what it had started is gone too. */
async function signalReachesAll(host: Host, directory: string, options: ProcessOptions): Promise<void> {
  const { processes, files } = host
  const script = `sleep 60 & echo $! > ${directory}/started; wait`
  const child = await processes.start(['/bin/sh', '-c', script], options)
  let pid = ''
  await until(host, 'it has started something', async () => {
    const found = await files.read(`${directory}/started`).catch(() => new Uint8Array())
    pid = text(found).trim()
    return pid !== ''
  })
  child.kill('SIGTERM')
  equal((await child.ended).signal, 'SIGTERM')
  await files.remove(`${directory}/started`)
  await until(host, 'the grandchild is gone', async () => {
    const state = await processes.run(['/bin/sh', '-c', `ps -o stat= -p ${pid} | grep -v Z`], {})
    return text(state.output).trim() === ''
  })
}
