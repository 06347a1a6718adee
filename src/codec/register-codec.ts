// Registrations in a layout of their own: next to keys they are what is written most, each several kilobytes of objects,
// and CBOR with its checks takes three times as long. What does not fit (numbers that are no naturals) stays CBOR.
//
//   3, the entry's time u64; bits: 1 skipNodeUpdate, 2 a service; the node; the service; the checks behind their number
//
// Texts are UTF-8 behind their length, lists and maps behind their number, numbers are naturals, a JSON object is 0 for
// null, 1 for an empty one, 2 and CBOR behind its length.
import { err, ok, type Result } from '../lib/result.ts'
import type {
  CheckInfo,
  CheckStatus,
  JsonObject,
  NodeInfo,
  ServiceAddress,
  ServiceInfo,
  TextMap,
  Weights,
} from '../model/catalog.ts'
import type { RegisterCommand } from '../model/command.ts'
import { ByteReader, ByteWriter } from './binary.ts'
import { jsonObject } from './catalog-shapes.ts'
import { decodeCbor, encodeCbor, type CodecError } from './cbor.ts'
import { readShape } from './shapes.ts'

/** First byte of a registration; a head with the time follows, as in every command. */
export const registerFormat = 3

/** Bytes of a text. */
const textBytesMax = 2 ** 24
const statuses: readonly CheckStatus[] = ['passing', 'warning', 'critical']
const skipBit = 1
const serviceBit = 2
const bitsMax = skipBit + serviceBit

/** One writer for all: registrations come by the ten thousand. One that grew beyond this is let go. */
const sharedBytes = 16 * 1024
let shared = new ByteWriter(sharedBytes)

/** Encodes a registration behind `headBytes` that the caller fills in; null if it does not fit into the layout. */
export function encodeRegister(command: RegisterCommand, headBytes: number): Uint8Array | null {
  const { service } = command
  if (service !== null && !hasNaturals(service)) return null
  const writer = shared
  writer.reset()
  writer.skip(headBytes)
  writer.byte((command.skipNodeUpdate ? skipBit : 0) + (service === null ? 0 : serviceBit))
  writeNode(writer, command.node)
  if (service !== null) writeService(writer, service)
  writer.natural(command.checks.length)
  for (const check of command.checks) writeCheck(writer, check)
  const bytes = writer.finish().slice(0, writer.length)
  if (bytes.length > sharedBytes) shared = new ByteWriter(sharedBytes)
  return bytes
}

/** Decodes what stands behind the head of a registration. What it holds is independent of `data`. Never throws. */
export function decodeRegister(data: Uint8Array, headBytes: number): Result<RegisterCommand, CodecError> {
  const reader = new ByteReader(data, headBytes)
  const bits = reader.byte()
  if (bits > bitsMax) reader.fail()
  const node = readNode(reader)
  const service = (bits & serviceBit) === 0 ? null : readService(reader)
  const checks = readList(reader, readCheck)
  if (!reader.isDone) {
    return err({ code: reader.fault ?? 'malformed', detail: 'the bytes are no registration' })
  }
  return ok({ kind: 'register', node, service, checks, skipNodeUpdate: (bits & skipBit) !== 0 })
}

function hasNaturals({ port, weights, taggedAddresses }: ServiceInfo): boolean {
  if (!isNatural(port) || !isNatural(weights.passing) || !isNatural(weights.warning)) return false
  for (const tag in taggedAddresses) if (!isNatural(taggedAddresses[tag]?.port ?? -1)) return false
  return true
}

function isNatural(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0
}

function writeNode(writer: ByteWriter, node: NodeInfo): void {
  writer.string(node.id)
  writer.string(node.name)
  writer.string(node.address)
  writer.string(node.datacenter)
  writeTexts(writer, node.taggedAddresses)
  writeTexts(writer, node.meta)
}

function readNode(reader: ByteReader): NodeInfo {
  return {
    id: reader.string(textBytesMax),
    name: reader.string(textBytesMax),
    address: reader.string(textBytesMax),
    datacenter: reader.string(textBytesMax),
    taggedAddresses: readTexts(reader),
    meta: readTexts(reader),
  }
}

function writeService(writer: ByteWriter, service: ServiceInfo): void {
  writer.string(service.id)
  writer.string(service.service)
  writer.string(service.kind)
  writeList(writer, service.tags)
  writer.string(service.address)
  writer.natural(service.port)
  writer.string(service.socketPath)
  const tagged = Object.keys(service.taggedAddresses)
  writer.natural(tagged.length)
  for (const tag of tagged) {
    const { address, port } = service.taggedAddresses[tag] as ServiceAddress
    writer.string(tag)
    writer.string(address)
    writer.natural(port)
  }
  writeTexts(writer, service.meta)
  writer.natural(service.weights.passing)
  writer.natural(service.weights.warning)
  writer.byte(service.enableTagOverride ? 1 : 0)
  writeJson(writer, service.proxy)
  writeJson(writer, service.connect)
}

function readService(reader: ByteReader): ServiceInfo {
  return {
    id: reader.string(textBytesMax),
    service: readText(reader),
    kind: reader.string(textBytesMax),
    tags: readList(reader, readText),
    address: reader.string(textBytesMax),
    port: reader.natural(),
    socketPath: reader.string(textBytesMax),
    taggedAddresses: readAddresses(reader),
    meta: readTexts(reader),
    weights: readWeights(reader),
    enableTagOverride: reader.flag(),
    proxy: readJson(reader),
    connect: readJson(reader),
  }
}

function readWeights(reader: ByteReader): Weights {
  const passing = reader.natural()
  const warning = reader.natural()
  return passing === 1 && warning === 1 ? usualWeights : { passing, warning }
}

function writeCheck(writer: ByteWriter, check: CheckInfo): void {
  writer.string(check.node)
  writer.string(check.checkId)
  writer.string(check.name)
  writer.byte(statuses.indexOf(check.status))
  writer.string(check.notes)
  writer.string(check.output)
  writer.string(check.serviceId)
  writer.string(check.serviceName)
  writeList(writer, check.serviceTags)
  writer.string(check.type)
  writeJson(writer, check.definition)
}

function readCheck(reader: ByteReader): CheckInfo {
  return {
    node: reader.string(textBytesMax),
    checkId: reader.string(textBytesMax),
    name: readText(reader),
    status: readStatus(reader),
    notes: reader.string(textBytesMax),
    output: reader.string(textBytesMax),
    serviceId: reader.string(textBytesMax),
    serviceName: reader.string(textBytesMax),
    serviceTags: readList(reader, readText),
    type: reader.string(textBytesMax),
    definition: readJson(reader) ?? none(reader),
  }
}

function readStatus(reader: ByteReader): CheckStatus {
  const status = statuses[reader.byte()]
  if (status === undefined) reader.fail()
  return status ?? 'critical'
}

function none(reader: ByteReader): JsonObject {
  reader.fail()
  return empty
}

function readText(reader: ByteReader): string {
  return known(reader.string(textBytesMax))
}

/** Tags, names and values that thousands have in common are held once. */
function known(text: string): string {
  if (text.length > knownLengthMax) return text
  const held = knownTexts.get(text)
  if (held !== undefined) return held
  if (knownTexts.size >= knownTextsMax) knownTexts.clear()
  knownTexts.set(text, text)
  return text
}

const knownTexts = new Map<string, string>()
const knownTextsMax = 4096
const knownLengthMax = 64

function writeList(writer: ByteWriter, texts: readonly string[]): void {
  writer.natural(texts.length)
  for (const text of texts) writer.string(text)
}

/** Every item takes a byte at least: a number too great ends with the bytes. */
function readList<T>(reader: ByteReader, read: (reader: ByteReader) => T): readonly T[] {
  const count = reader.natural()
  if (count === 0) return emptyList
  const items: T[] = []
  for (let i = 0; i < count && reader.fault === undefined; i++) items.push(read(reader))
  return items
}

function writeTexts(writer: ByteWriter, texts: TextMap): void {
  const keys = Object.keys(texts)
  writer.natural(keys.length)
  for (const key of keys) {
    writer.string(key)
    writer.string(texts[key] as string)
  }
}

function readTexts(reader: ByteReader): TextMap {
  const count = reader.natural()
  if (count === 0) return emptyMap
  const texts: Record<string, string> = {}
  for (let i = 0; i < count && reader.fault === undefined; i++) {
    const key = reader.string(textBytesMax)
    texts[key] = readText(reader)
  }
  return texts
}

function readAddresses(reader: ByteReader): ServiceInfo['taggedAddresses'] {
  const count = reader.natural()
  if (count === 0) return emptyMap
  const addresses: Record<string, ServiceAddress> = {}
  for (let i = 0; i < count && reader.fault === undefined; i++) {
    const tag = reader.string(textBytesMax)
    addresses[tag] = { address: reader.string(textBytesMax), port: reader.natural() }
  }
  return addresses
}

const jsonNull = 0
const jsonEmpty = 1
const jsonCbor = 2

function writeJson(writer: ByteWriter, value: JsonObject | null): void {
  if (value === null) return writer.byte(jsonNull)
  if (Object.keys(value).length === 0) return writer.byte(jsonEmpty)
  writer.byte(jsonCbor)
  writer.bytes(encodeCbor(value))
}

function readJson(reader: ByteReader): JsonObject | null {
  const form = reader.byte()
  if (form === jsonNull) return null
  if (form === jsonEmpty) return empty
  if (form === jsonCbor) {
    const decoded = decodeCbor(reader.bytes())
    const read = decoded.ok ? readShape(jsonObject, decoded.value) : decoded
    if (read.ok) return read.value
  }
  reader.fail()
  return null
}

/** What is empty is shared: a registration has half a dozen such. */
const emptyMap: Readonly<Record<string, never>> = Object.freeze({})
const empty: JsonObject = emptyMap
const emptyList: readonly never[] = Object.freeze([])
const usualWeights: Weights = Object.freeze({ passing: 1, warning: 1 })
