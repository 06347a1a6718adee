// What becomes of proposals that are not applied, in sentences: refused for certain, or nobody knows.
import { requestError, type RequestError } from '../model/errors.ts'
import type { ProposalRefusal } from '../raft/events.ts'

/** The leadership ended while a write was under way: others may carry it out, or not. */
export function lost(): RequestError {
  return requestError(
    'indeterminate',
    'leadership lost while committing log; the write may or may not have been applied',
  )
}

const refusalMessages: Readonly<Record<ProposalRefusal, string>> = {
  notLeader: 'No cluster leader',
  overloaded: 'The leader has too many writes waiting; try again',
  tooLarge: 'The write is larger than a log entry may be',
  transferring: 'No cluster leader: leadership is being transferred',
  changeInProgress: 'Another change of the servers is in progress; try again',
  unknownServer: 'No such server in the Raft configuration',
  noChange: 'The Raft configuration already says so',
  lastVoter: 'The change would leave the cluster without a voter',
}

/** The proposal is not in the log: nothing was changed. */
export function refusal(reason: ProposalRefusal): RequestError {
  const message = refusalMessages[reason]
  if (reason === 'notLeader' || reason === 'transferring') return requestError('noLeader', message)
  if (reason === 'overloaded') return requestError('overloaded', message)
  return requestError(reason === 'tooLarge' ? 'tooLarge' : 'refused', message)
}
