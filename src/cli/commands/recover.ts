// `operator recover`: the way back after the loss of a majority, on the data directory of a server that is stopped.
import {
  foundLines,
  lookAtServer,
  ownEntry,
  planLines,
  withDataDirectory,
  writeRecovery,
  type RecoveryView,
} from '../../agent/recover.ts'
import { err, ok, type Result } from '../../lib/result.ts'
import { UsageError, type Context } from '../command.ts'
import { wantsJson } from '../format.ts'
import { renderJson } from '../output.ts'

/** Runs `operator recover`. */
export async function recover(context: Context): Promise<number> {
  const { host, flags } = context
  const isJson = wantsJson(flags)
  const given = flags.string('data-dir') ?? context.args[0] ?? ''
  if (given === '') throw new UsageError('Must specify the data directory of a stopped server with -data-dir')
  if (flags.bool('plan') && flags.bool('yes')) throw new UsageError('Cannot specify both -plan and -yes')
  const dataDir = given.startsWith('/') ? given : `${host.system.cwd}/${given}`
  const done = await withDataDirectory(host, dataDir, async () => {
    const view = await lookAtServer(host, dataDir)
    if (!view.ok) return view
    if (!isJson) context.print(foundLines(view.value).join('\n'))
    const written = flags.bool('yes') ? await write(context, view.value) : ok(null)
    if (!written.ok) return written
    if (isJson) return ok(renderJson(shapeOf(view.value, written.value)))
    return ok(written.value === null ? plan(context, view.value) : writtenText(written.value))
  })
  if (done.ok) context.print(done.value)
  else context.complain(done.error)
  return done.ok ? 0 : 1
}

/** A `peers.json` that was written, and the address in it. */
interface Written {
  readonly path: string
  readonly address: string
}

function shapeOf(view: RecoveryView, written: Written | null): unknown {
  return {
    DataDir: view.dataDir,
    ID: view.id,
    LastTerm: view.lastTerm,
    LastIndex: view.lastIndex,
    CurrentTerm: view.term,
    SnapshotIndex: view.snapshotIndex,
    ConfigurationIndex: view.configurationIndex,
    Servers: view.configuration.servers.map(({ id, address, suffrage }) => ({
      ID: id,
      Address: address,
      Voter: suffrage === 'voter',
    })),
    HasPeersFile: view.hasPeersFile || written !== null,
    Damaged: view.damaged,
    Written: written?.path ?? null,
  }
}

function plan({ program }: Context, view: RecoveryView): string {
  const voters = view.configuration.servers.filter((server) => server.suffrage === 'voter')
  if (voters.length === 1 && voters[0]?.id === view.id)
    return '\nNothing is to be recovered: this server is the only one that votes. Start its agent.'
  return ['', 'Nothing was changed. What to do:', '', ...planLines(view, program)].join('\n')
}

async function write({ host, flags }: Context, view: RecoveryView): Promise<Result<Written, string>> {
  const address = flags.string('address') ?? ownEntry(view)?.address ?? ''
  if (address === '') {
    return err(
      'Cannot recover: this server has no address in its configuration; give ip:port of its RPC port with -address',
    )
  }
  const written = await writeRecovery(host, view, address)
  if (!written.ok) return written
  return ok({ path: written.value, address })
}

function writtenText({ path, address }: Written): string {
  return [
    '',
    `Wrote ${path}: this server (${address}) is the only one that votes, from its next start on.`,
    'Start its agent now. Remove the data directories of all other servers before they are started again.',
  ].join('\n')
}
