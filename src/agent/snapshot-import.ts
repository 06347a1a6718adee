// Archives on their way in: kept aside until they are whole, verified in a scratch state, and only then put in place of
// the state, through the log, so that all servers do it alike. Readers see the old state or the new one.
import { err, ok, type Result } from '../lib/result.ts'
import type { Command, CommandResult } from '../model/command.ts'
import { requestError, type RequestError } from '../model/errors.ts'
import type { Clock } from '../runtime/host.ts'
import type { Logger } from './log.ts'
import { isContent, readRecords, verifyArchive, type VerifiedArchive } from './snapshot-verify.ts'
import { sleep } from './sleep.ts'
import type { Spool } from './spool.ts'

/** What restoring needs. */
export interface ImportOptions {
  readonly clock: Clock
  readonly newSpool: () => Promise<Spool>
  /** Names the next restore in the log. */
  readonly newId: () => string
  /** True while this server leads. */
  readonly isLeader: () => boolean
  /** Writes a command into the log; resolves when it is applied here. */
  readonly propose: (command: Command) => Promise<Result<CommandResult, RequestError>>
  readonly log: Logger
}

/** Archives that are being received. */
export interface Imports {
  /** True while one of them is put in place of the state. */
  readonly isRestoring: boolean
  /** Takes the next bytes. Offset 0 begins. */
  write(id: string, offset: number, data: Uint8Array): Promise<Result<null, RequestError>>
  /** All `size` bytes are there: verify them, then replace the state. */
  end(id: string, size: number): Promise<Result<null, RequestError>>
  stop(): void
}

/** Nothing has come for so long: nothing will. */
const idleMsMax = 60_000
/** Archives that are received at the same time. Past it: refused as overloaded. */
const importsMax = 4
/** Entries with records that are on their way through the log at once. */
const entriesInFlightMax = 2
/** How often a restore is begun anew when this server has lost the leadership in the middle, and has it back. */
const attemptsMax = 3
/** How long this server may take to lead again. */
const leadAgainMs = 5000
const pollMs = 50

interface Import {
  readonly spool: Spool
  readonly arm: () => void
  readonly disarm: () => void
  /** Writes come one after the other. */
  writing: Promise<unknown>
}

/** Receives the archives of one server. */
export function createImports(options: ImportOptions): Imports {
  return new Receiver(options)
}

class Receiver implements Imports {
  readonly #options: ImportOptions
  readonly #byId = new Map<string, Import>()
  #isRestoring = false

  constructor(options: ImportOptions) {
    this.#options = options
  }

  get isRestoring(): boolean {
    return this.#isRestoring
  }

  async write(id: string, offset: number, data: Uint8Array): Promise<Result<null, RequestError>> {
    if (offset === 0) {
      const begun = await this.#begin(id)
      if (begun !== undefined) return err(begun)
    }
    const found = this.#byId.get(id)
    if (found === undefined) return err(requestError('internal', elsewhere))
    found.arm()
    const writing = found.writing.then(() => this.#append(id, found.spool, { offset, data }))
    found.writing = writing
    return writing
  }

  async #append(
    id: string,
    spool: Spool,
    { offset, data }: { readonly offset: number; readonly data: Uint8Array },
  ): Promise<Result<null, RequestError>> {
    if (spool.size !== offset) {
      return err(
        requestError('badRequest', `Byte ${offset} of the archive came when ${spool.size} was expected`),
      )
    }
    try {
      await spool.append(data)
      return ok(null)
    } catch (error) {
      this.#forget(id)
      return err(
        requestError('internal', `failed to keep the archive: ${reasonOf(error)}; nothing was changed`),
      )
    }
  }

  async #begin(id: string): Promise<RequestError | undefined> {
    this.#forget(id)
    if (this.#byId.size >= importsMax) {
      return requestError('overloaded', 'This server receives too many archives already; try again later')
    }
    const { clock } = this.#options
    let spool: Spool
    try {
      spool = await this.#options.newSpool()
    } catch (error) {
      return requestError('internal', `failed to keep the archive: ${reasonOf(error)}; nothing was changed`)
    }
    let cancel = (): void => undefined
    const disarm = (): void => cancel()
    const arm = (): void => {
      cancel()
      cancel = clock.wakeAt(clock.nowMs() + idleMsMax, () => this.#forget(id))
    }
    this.#byId.set(id, { spool, arm, disarm, writing: Promise.resolve() })
    return undefined
  }

  #forget(id: string): void {
    const found = this.#byId.get(id)
    if (found === undefined) return
    this.#byId.delete(id)
    found.disarm()
    void found.writing.then(() => found.spool.drop())
  }

  async end(id: string, size: number): Promise<Result<null, RequestError>> {
    // An archive without a byte has never begun.
    if (size === 0) return err(requestError('internal', 'failed to decompress snapshot: EOF'))
    const found = this.#byId.get(id)
    if (found === undefined) return err(requestError('internal', elsewhere))
    await found.writing
    if (found.spool.size !== size) {
      return err(requestError('badRequest', `The archive has ${found.spool.size} bytes here, not ${size}`))
    }
    if (this.#isRestoring)
      return err(requestError('internal', 'Another restore is under way; nothing was changed'))
    this.#isRestoring = true
    found.disarm()
    try {
      return await this.#restore(found.spool)
    } catch (error) {
      return err(
        requestError('internal', `failed to read the archive: ${reasonOf(error)}; nothing was changed`),
      )
    } finally {
      this.#isRestoring = false
      this.#forget(id)
    }
  }

  async #restore(spool: Spool): Promise<Result<null, RequestError>> {
    const { log, clock } = this.#options
    const verified = await verifyArchive(spool.bytes(), clock)
    if (!verified.ok) return err(requestError('internal', verified.error))
    log.info('Restoring an archive', { id: verified.value.id, records: verified.value.records })
    const done = await this.#replace(spool, verified.value)
    if (done.ok) log.info('Restored an archive', { id: verified.value.id })
    else log.error('Cannot restore an archive', { id: verified.value.id, error: done.error.message })
    return done
  }

  /** A busy leader may be deposed for a moment: what has changed nothing is begun anew when it leads again. */
  async #replace(spool: Spool, archive: VerifiedArchive): Promise<Result<null, RequestError>> {
    for (let attempt = 1; ; attempt++) {
      const done = await new Restore(this.#options, archive).run(spool)
      if (done.kind === 'ended') return done.result
      const isHopeless = attempt === attemptsMax || !(await this.#leadsAgain())
      if (isHopeless) return err(givenUp(done.reason))
      this.#options.log.warn('The restore is begun anew: the leadership was lost for a moment')
    }
  }

  async #leadsAgain(): Promise<boolean> {
    const { clock, isLeader } = this.#options
    const untilMs = clock.nowMs() + leadAgainMs
    while (!isLeader() && clock.nowMs() < untilMs) await sleep(clock, pollMs)
    return isLeader()
  }

  stop(): void {
    for (const id of this.#byId.keys()) this.#forget(id)
  }
}

function givenUp({ message }: RequestError): RequestError {
  return requestError('internal', `${message}: the restore was given up, nothing was changed`)
}

const elsewhere =
  'The archive is not here: the leader has changed while it was sent, or it took too long; nothing was changed, send it again'

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** The refusal that ends a restore. */
class Refused extends Error {
  readonly reason: RequestError
  constructor(reason: RequestError) {
    super(reason.message)
    this.reason = reason
  }
}

/** What became of an attempt. One that was interrupted has changed nothing. */
type Attempt =
  | { readonly kind: 'ended'; readonly result: Result<null, RequestError> }
  | { readonly kind: 'interrupted'; readonly reason: RequestError }

/** A verified archive on its way through the log. */
class Restore {
  readonly #options: ImportOptions
  readonly #archive: VerifiedArchive
  readonly #id: string
  readonly #inFlight: Promise<Result<CommandResult, RequestError>>[] = []

  constructor(options: ImportOptions, archive: VerifiedArchive) {
    this.#options = options
    this.#archive = archive
    this.#id = options.newId()
  }

  async run(spool: Spool): Promise<Attempt> {
    try {
      await this.#send(spool)
    } catch (error) {
      await this.#giveUp()
      if (!(error instanceof Refused)) throw error
      return { kind: 'interrupted', reason: error.reason }
    }
    return { kind: 'ended', result: await this.#end() }
  }

  /** From here on it may have happened: it is not tried again. */
  async #end(): Promise<Result<null, RequestError>> {
    const { records } = this.#archive
    const ended = await this.#options.propose({ kind: 'restoreEnd', id: this.#id, records })
    if (!ended.ok) return err(endError(ended.error))
    if (ended.value.kind === 'refused') return err(requestError('internal', ended.value.message))
    return ok(null)
  }

  async #send(spool: Spool): Promise<void> {
    const id = this.#id
    await this.#propose({ kind: 'restoreBegin', id })
    await this.#settle(0)
    const read = await readRecords(spool.bytes(), {
      clock: this.#options.clock,
      onRecords: async (archived) => {
        const records = archived.map(({ record }) => record).filter(isContent)
        if (records.length > 0) await this.#propose({ kind: 'restoreRecords', id, records })
      },
    })
    if (!read.ok) throw new Error(read.error)
    await this.#settle(0)
  }

  async #propose(command: Command): Promise<void> {
    await this.#settle(entriesInFlightMax - 1)
    this.#inFlight.push(this.#options.propose(command))
  }

  /** Waits until no more than so many entries are under way. Throws Refused. */
  async #settle(inFlightMax: number): Promise<void> {
    while (this.#inFlight.length > inFlightMax) {
      const done = await this.#inFlight.shift()
      if (done === undefined) return
      if (!done.ok) throw new Refused(done.error)
      if (done.value.kind === 'refused') throw new Refused(requestError('internal', done.value.message))
    }
  }

  /** An end that does not fit makes all servers drop what they have. If this server leads no more, the next leader drops it. */
  async #giveUp(): Promise<void> {
    await Promise.all(this.#inFlight.splice(0))
    await this.#options.propose({ kind: 'restoreEnd', id: this.#id, records: Number.MAX_SAFE_INTEGER })
  }
}

/** What became of the last entry decides: only that one is in doubt. */
function endError(error: RequestError): RequestError {
  if (error.code !== 'indeterminate') return givenUp(error)
  const message = 'leadership lost while committing the restore; the state may or may not have been replaced'
  return requestError('indeterminate', message)
}
