// The facts of a certificate that the program asks for, read from its DER form. Read here, because the runtimes write
// alternative names as one line of text, in which a name with a comma may look like two.

import type { PeerCertificate } from '../host.ts'
import { plainBytes } from './address.ts'

/** Tags of DER: a sequence, the wrapper of the extensions, and alternative names of two types. */
const sequence = 0x30
const extensionsTag = 0xa3
const dnsTag = 0x82
const uriTag = 0x86

/** Object identifiers: commonName, subjectAltName. */
const commonName = '55 04 03'
const subjectAltName = '55 1d 11'

/** One element: its tag and its content. */
interface Element {
  readonly tag: number
  readonly bytes: Uint8Array
}

/** The facts of a certificate that the runtime has parsed before. What cannot be read is left out; never throws. */
export function certificateFacts(raw: Uint8Array, isVerified: boolean): PeerCertificate {
  const der = plainBytes(raw).slice()
  const fields = elements(elements(elements(der)[0]?.bytes)[0]?.bytes)
  // Version (absent in old ones), serial number, algorithm, issuer, validity, subject.
  const subject = fields[fields[0]?.tag === 0xa0 ? 5 : 4]
  const extensions = fields.find((field) => field.tag === extensionsTag)
  const names = alternativeNames(extensions)
  const ofTag = (tag: number): readonly string[] =>
    names.filter((name) => name.tag === tag).map((name) => text(name.bytes))
  return {
    isVerified,
    commonName: commonNameOf(subject),
    dnsNames: ofTag(dnsTag),
    uris: ofTag(uriTag),
    der,
  }
}

/** The last common name of a subject: a sequence of sets of pairs. */
function commonNameOf(subject: Element | undefined): string {
  const pairs = elements(subject?.bytes).flatMap((set) => elements(set.bytes))
  const found = pairs.map((pair) => elements(pair.bytes)).findLast(([id]) => isId(id, commonName))
  return text(found?.[1]?.bytes ?? new Uint8Array())
}

/** The names of the extension, which are wrapped in an octet string. */
function alternativeNames(extensions: Element | undefined): readonly Element[] {
  const list = elements(extensions?.bytes)[0]
  const parts = elements(list?.bytes).map((one) => elements(one.bytes))
  const found = parts.find(([id]) => isId(id, subjectAltName))
  const names = elements(found?.at(-1)?.bytes)[0]
  return names?.tag === sequence ? elements(names.bytes) : []
}

function isId(id: Element | undefined, wanted: string): boolean {
  return [...(id?.bytes ?? [])].map((byte) => byte.toString(16).padStart(2, '0')).join(' ') === wanted
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

/** The elements that follow one another in some bytes, up to the first that is broken. */
function elements(bytes: Uint8Array = new Uint8Array()): readonly Element[] {
  const found: Element[] = []
  for (let at = 0; at + 2 <= bytes.length;) {
    const tag = bytes[at] ?? 0
    let length = bytes[at + 1] ?? 0
    at += 2
    if (length >= 0x80) {
      const end = at + (length & 0x7f)
      if (length > 0x84 || end > bytes.length) break
      for (length = 0; at < end; at++) length = length * 256 + (bytes[at] ?? 0)
    }
    if (at + length > bytes.length) break
    found.push({ tag, bytes: bytes.subarray(at, at + length) })
    at += length
  }
  return found
}
