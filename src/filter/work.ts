// How much an expression may do to one answer: with large answers, long texts and costly patterns it adds up.

/** Steps for one answer. A step is a comparison, or an instruction of a pattern at a character: about 10 ns at worst. */
export const stepsMax = 100_000_000

/** Thrown where the steps are used up; never leaves this folder. */
export class WorkExceeded extends Error {
  override readonly name = 'WorkExceeded'
}

/** Steps that are left. */
export class Work {
  #left: number

  constructor(steps: number) {
    this.#left = steps
  }

  /** Takes steps, before they are made. Throws WorkExceeded. */
  spend(steps: number): void {
    this.#left -= steps
    if (this.#left < 0) throw new WorkExceeded()
  }
}
