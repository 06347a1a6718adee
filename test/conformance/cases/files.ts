// The file system: what the storage's promises are built on.

import type { Host } from '../../../src/runtime/host.ts'
import {
  type ConformanceCase,
  Skip,
  type World,
  equal,
  ok,
  pattern,
  rejectsWith,
  text,
  until,
  utf8,
  within,
} from '../harness.ts'

/** The questions about files. */
export function fileCases(host: Host, world: World): readonly ConformanceCase[] {
  return [
    ...whole(host, world),
    ...appending(host, world),
    ...directories(host, world),
    ...locking(host, world),
  ]
}

function whole({ files }: Host, { directory }: World): readonly ConformanceCase[] {
  const path = (name: string): string => `${directory}/${name}`
  return [
    {
      name: 'files: what is written is read',
      async run() {
        await files.write(path('a'), pattern(10_000))
        equal(await files.read(path('a')), pattern(10_000))
      },
    },
    {
      name: 'files: writing again replaces all of it',
      async run() {
        await files.write(path('b'), pattern(1000))
        await files.write(path('b'), utf8('short'))
        equal(text(await files.read(path('b'))), 'short')
      },
    },
    {
      name: 'files: write creates with the mode that is asked for',
      async run() {
        await files.write(path('mode'), utf8('x'), 0o640)
        equal((await files.stat(path('mode'))).mode, 0o640)
        await files.chmod(path('mode'), 0o600)
        equal((await files.stat(path('mode'))).mode, 0o600)
      },
    },
    {
      name: 'files: reading what does not exist is ENOENT and names it',
      async run() {
        const error = await rejectsWith('ENOENT', files.read(path('none')))
        ok(error.message.includes(path('none')), error.message)
      },
    },
    {
      name: 'files: a part is read, and less at the end',
      async run() {
        await files.write(path('c'), utf8('0123456789'))
        equal(text(await files.readAt(path('c'), 3, 4)), '3456')
        equal(text(await files.readAt(path('c'), 8, 10)), '89')
        equal((await files.readAt(path('c'), 50, 10)).length, 0)
        await rejectsWith('ENOENT', files.readAt(path('none'), 0, 1))
      },
    },
    {
      name: 'files: truncate cuts the tail',
      async run() {
        await files.write(path('d'), utf8('0123456789'))
        await files.truncate(path('d'), 4)
        equal(text(await files.read(path('d'))), '0123')
        await rejectsWith('ENOENT', files.truncate(path('none'), 0))
      },
    },
    {
      name: 'files: rename replaces an existing file',
      async run() {
        await files.write(path('new'), utf8('new'))
        await files.write(path('old'), utf8('old'))
        await files.rename(path('new'), path('old'))
        equal(text(await files.read(path('old'))), 'new')
        await rejectsWith('ENOENT', files.read(path('new')))
        await rejectsWith('ENOENT', files.rename(path('new'), path('old')))
      },
    },
    {
      name: 'files: a removed file is gone',
      async run() {
        await files.write(path('e'), utf8('x'))
        await files.remove(path('e'))
        await rejectsWith('ENOENT', files.stat(path('e')))
        await rejectsWith('ENOENT', files.remove(path('e')))
      },
    },
    {
      name: 'files: stat tells kind, size and time',
      async run() {
        await files.write(path('f'), pattern(77))
        const stat = await files.stat(path('f'))
        equal([stat.kind, stat.size], ['file', 77])
        ok(Number.isInteger(stat.modifiedWallMs) && stat.modifiedWallMs >= 0, 'the time is an integer')
        equal((await files.stat(directory)).kind, 'directory')
      },
    },
    {
      name: 'files: writing below a file is ENOTDIR or ENOENT',
      async run() {
        await files.write(path('g'), utf8('x'))
        await rejectsWith(['ENOTDIR', 'ENOENT'], files.write(path('g/h'), utf8('x')))
      },
    },
    {
      name: 'files: sync works on files and is ENOENT on what is not there',
      async run() {
        await files.write(path('h'), utf8('x'))
        await files.sync(path('h'))
        await rejectsWith('ENOENT', files.sync(path('none')))
      },
    },
  ]
}

function appending({ files }: Host, { directory }: World): readonly ConformanceCase[] {
  const path = (name: string): string => `${directory}/${name}`
  return [
    {
      name: 'files: appends without waiting are carried out in order',
      async run() {
        const file = await files.openAppend(path('log'))
        const done: Promise<void>[] = []
        const sizes = [10, 200_000, 5, 100_000, 0, 1]
        for (const [i, size] of sizes.entries()) done.push(file.append(pattern(size, i)))
        done.push(file.sync())
        await Promise.all(done)
        await file.close()
        let at = 0
        const bytes = await files.read(path('log'))
        for (const [i, size] of sizes.entries()) {
          equal(bytes.slice(at, at + Math.min(size, 50)), pattern(Math.min(size, 50), i), `part ${i}`)
          at += size
        }
        equal(bytes.length, at, 'length')
      },
    },
    {
      name: 'files: appending goes on where the file ended',
      async run() {
        await files.write(path('log2'), utf8('one'))
        const file = await files.openAppend(path('log2'))
        await file.append(utf8('two'))
        await file.close()
        equal(text(await files.read(path('log2'))), 'onetwo')
      },
    },
    {
      name: 'files: what is appended can be read before sync',
      async run() {
        const file = await files.openAppend(path('log3'))
        await file.append(utf8('abc'))
        equal(text(await files.read(path('log3'))), 'abc')
        await file.close()
      },
    },
    {
      name: 'files: appending follows a truncation',
      async run() {
        const file = await files.openAppend(path('log4'))
        await file.append(utf8('abcdef'))
        await files.truncate(path('log4'), 3)
        await file.append(utf8('X'))
        await file.sync()
        await file.close()
        equal(text(await files.read(path('log4'))), 'abcX')
      },
    },
    {
      name: 'files: room is reserved behind what is appended, and given back',
      async run() {
        await files.write(path('log8'), utf8('one'))
        const file = await files.openAppend(path('log8'), 0o600, 1000)
        await file.append(utf8('two'))
        await file.append(pattern(70_000))
        await file.append(utf8('end'))
        await file.sync()
        // How much there is, and when it is renewed, is the host's business.
        equal((await files.stat(path('log8'))).size > 70_009, true, 'room while it is open')
        const bytes = await files.read(path('log8'))
        equal(text(bytes.subarray(0, 6)), 'onetwo', 'beginning')
        equal(text(bytes.subarray(70_006, 70_009)), 'end', 'end')
        equal(
          bytes.subarray(70_009).some((byte) => byte !== 0),
          false,
          'rubbish behind it',
        )
        await file.close()
        equal((await files.stat(path('log8'))).size, 70_009, 'size')
      },
    },
    {
      name: 'files: a created log has the mode that is asked for',
      async run() {
        const file = await files.openAppend(path('log5'), 0o600)
        await file.close()
        equal((await files.stat(path('log5'))).mode, 0o600)
      },
    },
    {
      name: 'files: opening a log in a missing directory is ENOENT',
      run: async () => void (await rejectsWith('ENOENT', files.openAppend(path('none/log')))),
    },
    {
      name: 'files: a closed log refuses',
      async run() {
        const file = await files.openAppend(path('log6'))
        await file.close()
        await file.close()
        await rejectsWith('EBADF', file.append(utf8('x')))
        await rejectsWith('EBADF', file.sync())
      },
    },
    {
      name: 'files: close waits for what is under way',
      async run() {
        const file = await files.openAppend(path('log7'))
        void file.append(pattern(300_000))
        void file.sync()
        await file.close()
        equal((await files.stat(path('log7'))).size, 300_000, 'size')
      },
    },
  ]
}

function directories({ files }: Host, { directory }: World): readonly ConformanceCase[] {
  const path = (name: string): string => `${directory}/${name}`
  return [
    {
      name: 'files: mkdir creates parents, and again is no error',
      async run() {
        await files.mkdir(path('p/q/r'))
        await files.mkdir(path('p/q/r'))
        equal((await files.stat(path('p/q/r'))).kind, 'directory')
      },
    },
    {
      name: 'files: mkdir gives the mode that is asked for',
      async run() {
        await files.mkdir(path('secret'), 0o700)
        equal((await files.stat(path('secret'))).mode, 0o700)
      },
    },
    {
      name: 'files: mkdir over a file is EEXIST or ENOTDIR',
      async run() {
        await files.write(path('plain'), utf8('x'))
        await rejectsWith(['EEXIST', 'ENOTDIR'], files.mkdir(path('plain')))
      },
    },
    {
      name: 'files: names are listed sorted by code unit',
      async run() {
        await files.mkdir(path('list'))
        for (const name of ['b', 'a', 'Z', '10', '9', 'ä']) await files.write(path(`list/${name}`), utf8('x'))
        equal(await files.list(path('list')), ['10', '9', 'Z', 'a', 'b', 'ä'])
        await rejectsWith('ENOENT', files.list(path('none')))
        await rejectsWith('ENOTDIR', files.list(path('list/a')))
      },
    },
    {
      name: 'files: an empty directory is removed, a full one is not',
      async run() {
        await files.mkdir(path('full'))
        await files.write(path('full/x'), utf8('x'))
        await rejectsWith(['ENOTEMPTY', 'EEXIST'], files.remove(path('full')))
        await files.remove(path('full/x'))
        await files.remove(path('full'))
        await rejectsWith('ENOENT', files.stat(path('full')))
      },
    },
    {
      name: 'files: a directory can be synced',
      async run() {
        await files.syncDirectory(directory)
        await rejectsWith('ENOENT', files.syncDirectory(path('none')))
      },
    },
  ]
}

function locking(host: Host, world: World): readonly ConformanceCase[] {
  const { files } = host
  const path = (name: string): string => `${world.directory}/${name}`
  return [
    {
      name: 'files: a lock is held by one only, and free after release',
      async run() {
        const lock = await files.lock(path('lock'))
        ok(lock !== undefined, 'the first gets it')
        equal(await files.lock(path('lock')), undefined, 'the second')
        equal(await files.lock(path('lock')), undefined, 'the third')
        await lock?.release()
        await lock?.release()
        const again = await files.lock(path('lock'))
        ok(again !== undefined, 'it is free again')
        await again?.release()
      },
    },
    {
      name: 'files: a lock in a missing directory is ENOENT',
      run: async () => void (await rejectsWith('ENOENT', files.lock(path('none/lock')))),
    },
    {
      name: 'files: a lock of another process holds, and ends when that is killed',
      async run() {
        if (world.lockHolder === undefined) throw new Skip('no other processes here')
        const file = path('shared-lock')
        const holder = await host.processes.start(world.lockHolder(file), {})
        const isHeld = async (): Promise<boolean> =>
          (await files.list(world.directory)).includes('shared-lock.held')
        await until(host, 'the other process holds it', isHeld)
        equal(await files.lock(file), undefined, 'the lock while it is held')
        holder.kill('SIGKILL')
        await within(host, 5000, holder.ended)
        const lock = await files.lock(file)
        ok(lock !== undefined, 'it is free after the kill')
        await lock?.release()
      },
    },
  ]
}
