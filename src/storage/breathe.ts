// How long work lets others go on. Whoever starts the work knows the clock; the work knows its steps.

/** Called after each step of long work: undefined to go on at once, else to be waited for. */
export type Breathe = () => Promise<void> | undefined
