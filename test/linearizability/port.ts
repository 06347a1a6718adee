// How clients of a history reach the agents under test: simulated or real ones.

/** A request to an agent's HTTP API. */
export interface Request {
  readonly method?: 'GET' | 'PUT' | 'DELETE'
  readonly path: string
  readonly body?: string
  readonly timeoutMs: number
}

/** An answer; status 0 with a reason in `body` for none. */
export interface Answer {
  readonly status: number
  readonly body: string
  /** The value of a header, or ''. */
  header(name: string): string
}

/** What clients need of their surroundings. */
export interface Port {
  /** The time of histories, ms with fractions. */
  now(): number
  pause(ms: number): Promise<void>
  /** Names of agents. */
  readonly targets: readonly string[]
  /** Asks an agent. Never rejects. */
  send(target: string, request: Request): Promise<Answer>
  /** Tells what was asked and answered. */
  note(target: string, what: string, answer: Answer): void
}

/**
 * What an answer to a write tells: that it was carried out, that it certainly was not, or nothing. Every answer but one
 * says which: only with `X-Consul-Outcome: unknown` nobody knows.
 */
export function fateOf(answer: Answer): 'answered' | 'failed' | 'unknown' {
  const { status, body } = answer
  if (status === 200) return 'answered'
  if (status === 0) return body.includes('ECONNREFUSED') ? 'failed' : 'unknown'
  return answer.header('x-consul-outcome') === 'unknown' ? 'unknown' : 'failed'
}

/** The JSON of a text, or undefined. */
export function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown
  } catch {
    return undefined
  }
}
