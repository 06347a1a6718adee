// `/v1/agent/host` and `/debug/pprof/*`: for those who look for what is wrong.
import { encodeJson } from '../json.ts'
import { Refusal, refusalOf } from '../errors.ts'
import { endOf, type Call, type Route } from '../route.ts'

/** How long a profile is taken unless asked otherwise, and at most, s. */
const profileSecondsDefault = 30
const profileSecondsMax = 300

/** The endpoints. */
export const debugRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/v1/agent/host',
    summary: 'The machine that the agent runs on: memory, processors, system, disk',
    parameters: [],
    answer: ['Host'],
    handler: async (call) => call.reply.json(call, encodeJson(await call.backend.agent.host())),
  },
  {
    method: 'GET',
    path: '/debug/pprof/profile',
    summary: 'What the processor does for some seconds, as a profile in the JSON of V8 (`.cpuprofile`)',
    parameters: ['seconds'],
    answer: ['bytes'],
    statuses: [{ status: 401, meaning: 'Debugging endpoints are off (`enable_debug`).' }],
    handler: profile,
  },
]

async function profile(call: Call): Promise<Response> {
  const text = call.query.get('seconds')
  const seconds = text === '' ? profileSecondsDefault : Number(text)
  if (!(seconds > 0 && seconds <= profileSecondsMax)) {
    throw new Refusal(400, `seconds must be a number above 0 and up to ${profileSecondsMax}, not "${text}"`)
  }
  const taking = call.backend.agent.profile(Math.ceil(seconds * 1000), endOf(call))
  if (taking === null) {
    throw new Refusal(401, 'Debugging endpoints are off on this agent: set enable_debug to true')
  }
  const taken = await taking
  if (!taken.ok) throw refusalOf(taken.error)
  return call.reply.body(taken.value, {
    'Content-Type': 'application/octet-stream',
    'Content-Disposition': 'attachment; filename="profile.cpuprofile"',
  })
}
