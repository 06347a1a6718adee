// A person who saves archives of the state and restores them while others work.
import type { Random } from '../../src/lib/random.ts'
import { sleep } from '../e2e/harness.ts'
import type { KvOperation } from '../linearizability/check.ts'
import type { ServerMachine } from './machines.ts'

/** Archives and restores until `stop`. */
export class Restores {
  readonly #machines: readonly ServerMachine[]
  readonly #random: Random
  readonly #say: (line: string) => void
  readonly #restores: { readonly calledAt: number; returnedAt: number }[] = []
  #archive: Uint8Array<ArrayBuffer> | null = null
  #isOn = true
  #isActive = true
  /** Archives that were saved, restores that were acknowledged. */
  saved = 0
  restored = 0

  constructor(machines: readonly ServerMachine[], random: Random, say: (line: string) => void) {
    this.#machines = machines
    this.#random = random
    this.#say = say
    void this.#run().finally(() => {
      this.#isActive = false
    })
  }

  get isIdle(): boolean {
    return !this.#isActive
  }

  stop(): void {
    this.#isOn = false
  }

  /** The restores as operations of every group of keys: any that was not acknowledged may have come about, or may yet. */
  operations(groups: ReadonlySet<string>): readonly KvOperation[] {
    return this.#restores.flatMap(({ calledAt, returnedAt }) =>
      [...groups].map((group): KvOperation => ({
        client: 'operator',
        input: { group, kind: 'restore' },
        output: returnedAt === Infinity ? null : { kind: 'done' },
        calledAt,
        returnedAt,
      })),
    )
  }

  async #run(): Promise<void> {
    while (this.#isOn) {
      await sleep(this.#random.between(500, 5000))
      if (this.#archive === null || this.#random.chance(500)) await this.#save()
      else await this.#restore(this.#archive)
    }
  }

  async #save(): Promise<void> {
    const answer = await this.#ask({})
    if (answer === null) return
    this.saved++
    this.#archive = answer
  }

  async #restore(archive: Uint8Array<ArrayBuffer>): Promise<void> {
    const restore = { calledAt: performance.now(), returnedAt: Infinity }
    this.#restores.push(restore)
    const answer = await this.#ask({ method: 'PUT', body: archive })
    this.#say(`         restore of ${archive.length} bytes: ${answer === null ? 'unknown' : 'done'}`)
    if (answer === null) return
    restore.returnedAt = performance.now()
    this.restored++
  }

  /** The body of a good answer, whole; null for anything else. */
  async #ask(init: RequestInit): Promise<Uint8Array<ArrayBuffer> | null> {
    const machine = this.#random.pick(this.#machines)
    try {
      const url = `http://${machine?.ip ?? ''}:8500/v1/snapshot`
      const response = await fetch(url, { ...init, signal: AbortSignal.timeout(15_000) })
      const body = new Uint8Array(await response.arrayBuffer())
      return response.status === 200 ? body : null
    } catch {
      return null
    }
  }
}
