// An incoming HTTP message's body as a web stream, with back-pressure, on every runtime in the same way.

import type { IncomingMessage } from 'node:http'

import { plainBytes } from './address.ts'
import { hostErrorOf } from './errors.ts'

/** Bytes that may wait in the stream before the connection is paused. */
const queuedBytesMax = 64 * 1024

/** The body of a request or response; a connection that ends too early makes it fail with ECONNRESET. */
export function bodyStream(message: IncomingMessage): ReadableStream<Uint8Array> {
  let isDone = false
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const fail = (): void => {
          if (isDone) return
          isDone = true
          controller.error(hostErrorOf('ECONNRESET', 'read the HTTP body'))
        }
        message.on('data', (bytes: Uint8Array) => {
          if (isDone) return
          controller.enqueue(plainBytes(bytes))
          if ((controller.desiredSize ?? 0) <= 0) message.pause()
        })
        message.on('end', () => {
          if (isDone) return
          isDone = true
          controller.close()
        })
        message.on('error', fail)
        message.on('close', fail)
        message.pause()
      },
      pull() {
        message.resume()
      },
      cancel() {
        isDone = true
        message.destroy()
      },
    },
    { highWaterMark: queuedBytesMax, size: (bytes) => bytes?.byteLength ?? 0 },
  )
}
