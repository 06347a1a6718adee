// Which runner runs which type of check.
import type { CheckOutcome } from '../../model/definition.ts'
import { runDocker } from './docker.ts'
import { runGrpc } from './grpc.ts'
import { runH2Ping } from './h2-ping.ts'
import { runHttp } from './http.ts'
import { runOsService } from './os-service.ts'
import type { RunParts, TimedRun } from './runner.ts'
import { runScript } from './script.ts'
import { runTcp } from './tcp.ts'
import { runUdp } from './udp.ts'

/** Runs a check once, by its type. */
export function runTimed(run: TimedRun, parts: RunParts): Promise<CheckOutcome> {
  switch (run.type) {
    case 'script':
      return runScript(run, parts)
    case 'http':
      return runHttp(run, parts)
    case 'tcp':
      return runTcp(run, parts)
    case 'udp':
      return runUdp(run, parts)
    case 'docker':
      return runDocker(run, parts)
    case 'grpc':
      return runGrpc(run, parts)
    case 'h2ping':
      return runH2Ping(run, parts)
    case 'os_service':
      return runOsService(run, parts)
  }
}
