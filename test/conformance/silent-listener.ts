// Listens with the shortest queue, writes its port to a file, and stops itself: the kernel then swallows what comes.
// For the case of a silent address.

import { renameSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'

const [path = '', ip = ''] = process.argv.slice(2)
const server = createServer()
server.listen({ host: ip, port: 0, backlog: 1 }, () => {
  const address = server.address()
  if (address === null || typeof address === 'string') return
  writeFileSync(`${path}.new`, String(address.port))
  renameSync(`${path}.new`, path)
  process.kill(process.pid, 'SIGSTOP')
})
