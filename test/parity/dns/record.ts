// Records the reference's DNS answers into answers.json. Not part of any test run:
//   node test/parity/dns/record.ts PATH-OF-THE-REFERENCE-EXECUTABLE
// It runs one server on 127.0.92.1 and stops it by its process id.
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'

import dnsPacket from 'dns-packet'

import { normalise, type Recorded } from './normalise.ts'
import { catalog, type Entry, type Question, serverNode, type Variant, variants } from './setup.ts'

const executable = process.argv[2]
if (executable === undefined) throw new Error('Name the reference executable as first argument')
const { ip } = serverNode
const http = `http://${ip}:8500`

async function register(entry: Entry, isKnown: boolean): Promise<void> {
  const { service, check } = entry
  const body = {
    SkipNodeUpdate: isKnown,
    Node: entry.node,
    Address: entry.address,
    TaggedAddresses: entry.taggedAddresses,
    NodeMeta: entry.meta,
    Service: service && {
      ID: service.id ?? service.name,
      Service: service.name,
      Port: service.port,
      Address: service.address,
      Tags: service.tags,
      Weights: service.weights && { Passing: service.weights.passing, Warning: service.weights.warning },
      TaggedAddresses:
        service.taggedAddresses &&
        Object.fromEntries(
          Object.entries(service.taggedAddresses).map(([tag, at]) => [
            tag,
            { Address: at.address, Port: at.port },
          ]),
        ),
    },
    Check: check && {
      Node: entry.node,
      CheckID: check.id,
      Name: check.id,
      Status: check.status,
      ServiceID: service ? (service.id ?? service.name) : '',
    },
  }
  const response = await fetch(`${http}/v1/catalog/register`, { method: 'PUT', body: JSON.stringify(body) })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
}

function encode(question: Question): Buffer {
  return dnsPacket.encode({
    type: 'query',
    id: 4711,
    flags: dnsPacket.RECURSION_DESIRED,
    questions: [{ name: question.name, type: question.type as 'A' }],
    additionals:
      question.edns === undefined
        ? []
        : [
            {
              type: 'OPT',
              name: '.',
              udpPayloadSize: question.edns,
              extendedRcode: 0,
              ednsVersion: 0,
              flags: 0,
              flag_do: false,
              options: [],
            },
          ],
  })
}

function askUdp(packet: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4')
    socket.once('message', (bytes) => {
      socket.close()
      resolve(bytes)
    })
    socket.send(packet, 8600, ip)
  })
}

function askTcp(packet: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(8600, ip, () =>
      socket.write(Buffer.concat([Buffer.from([packet.length >> 8, packet.length & 255]), packet])),
    )
    let received = Buffer.alloc(0)
    socket.on('error', reject)
    socket.on('data', (bytes) => {
      received = Buffer.concat([received, bytes])
      if (received.length < 2 || received.length < 2 + received.readUInt16BE(0)) return
      socket.destroy()
      resolve(received.subarray(2))
    })
  })
}

async function waitForLeader(): Promise<void> {
  for (let i = 0; i < 200; i++) {
    await pause(100)
    const leader: unknown = await fetch(`${http}/v1/health/service/consul?passing`)
      .then((response) => response.json())
      .catch(() => [])
    if (Array.isArray(leader) && leader.length > 0) return
  }
  throw new Error('The reference did not elect itself')
}

async function record(variant: Variant): Promise<readonly Recorded[]> {
  const directory = mkdtempSync(join(tmpdir(), 'record-dns-'))
  writeFileSync(join(directory, 'settings.json'), JSON.stringify(variant.settings))
  const server = spawn(
    executable as string,
    [
      'agent',
      '-server',
      '-bootstrap',
      `-node=${serverNode.name}`,
      `-bind=${ip}`,
      `-client=${ip}`,
      '-data-dir',
      directory,
      '-config-file',
      join(directory, 'settings.json'),
      '-log-level=err',
    ],
    { stdio: 'inherit' },
  )
  try {
    await waitForLeader()
    const known = new Set<string>()
    for (const entry of catalog) {
      await register(entry, known.has(entry.node))
      known.add(entry.node)
    }
    await pause(1000)
    const recorded: Recorded[] = []
    for (const question of variant.questions) {
      const packet = encode(question)
      const bytes = await (question.transport === 'tcp' ? askTcp(packet) : askUdp(packet))
      recorded.push({ question, reply: normalise(bytes) })
    }
    return recorded
  } finally {
    server.kill('SIGKILL')
    await new Promise((resolve) => server.once('exit', resolve))
    rmSync(directory, { recursive: true, force: true })
  }
}

const all: Record<string, readonly Recorded[]> = {}
for (const variant of variants) all[variant.name] = await record(variant)
const lines = Object.entries(all).map(
  ([name, recorded]) =>
    `  ${JSON.stringify(name)}: [\n${recorded.map((each) => `    ${JSON.stringify(each)}`).join(',\n')}\n  ]`,
)
writeFileSync(join(import.meta.dirname, 'answers.json'), `{\n${lines.join(',\n')}\n}\n`)
