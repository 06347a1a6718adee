// What recording and replaying have in common: the values that later requests take from earlier answers, and the
// parts of answers that are other every time.
import type { Answer, ParityRequest, ParitySuite } from './requests/request.ts'

/** The values that answers of one suite have given, by name. */
export class Kept {
  readonly #values = new Map<string, string>()
  readonly #volatile: NonNullable<ParitySuite['volatile']>
  readonly #hasRandomIndex: NonNullable<ParitySuite['hasRandomIndex']>

  constructor(suite: ParitySuite) {
    this.#volatile = suite.volatile ?? []
    this.#hasRandomIndex = suite.hasRandomIndex ?? (() => false)
  }

  /** The request with the values in place of their names. */
  fill(request: ParityRequest): ParityRequest {
    const { path, headers, body } = request
    return {
      ...request,
      path: this.#filled(path),
      ...(headers !== undefined && {
        headers: Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name, this.#filled(value)] as const),
        ),
      }),
      ...(typeof body === 'string' && { body: this.#filled(body) }),
    }
  }

  /** Takes the values that the request asks to keep, and answers what is to be compared. */
  take(request: ParityRequest, answer: Answer): Answer {
    for (const [name, place] of Object.entries(request.keep ?? {})) {
      this.#values.set(name, valueAt(answer, place))
    }
    let { body } = answer
    for (const [name, value] of this.#values) {
      if (isUuid(value)) body = body.replaceAll(value, `{{${name}}}`)
    }
    for (const [pattern, shown] of this.#volatile) body = body.replace(pattern, shown)
    return { ...answer, body, headers: this.#shownHeaders(request, answer.headers) }
  }

  #shownHeaders(request: ParityRequest, headers: Answer['headers']): Answer['headers'] {
    const index = headers['x-consul-index']
    if (index === undefined || index === '1' || !this.#hasRandomIndex(request)) return headers
    return { ...headers, 'x-consul-index': 'random' }
  }

  #filled(text: string): string {
    return text.replaceAll(/\{\{(\w+)\}\}/g, (_match, name: string) => {
      const value = this.#values.get(name)
      if (value === undefined) throw new Error(`No earlier answer has given {{${name}}}`)
      return value
    })
  }
}

/** The bytes of a request's body. */
export function bodyBytes(body: ParityRequest['body']): Uint8Array<ArrayBuffer> {
  if (body === undefined || typeof body === 'string') return new TextEncoder().encode(body ?? '')
  if ('bytes' in body) return new Uint8Array(body.bytes).fill(0x78)
  return Uint8Array.from(Buffer.from(body.base64, 'base64'))
}

/** A body as it is kept: its text, or its bytes as Latin-1 if they spell none. */
export function bodyText(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return Buffer.from(bytes).toString('latin1')
  }
}

/** What stands in place of a value that an answer of ours should have given: the comparison shows the answer. */
const missing = 'missing'

function valueAt({ status, body }: Answer, place: string): string {
  if (status !== 200) return missing
  let value: unknown = JSON.parse(body)
  for (const name of place.split('.')) value = (value as Record<string, unknown> | undefined)?.[name]
  return typeof value === 'string' || typeof value === 'number' ? String(value) : missing
}

function isUuid(text: string): boolean {
  return /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(text)
}
