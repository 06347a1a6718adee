// Node warns of a leak when eleven listen to one signal. Thousands of requests may wait for one event here, and each
// takes its listener away; signals that are made before this line keep the default, so it is imported before all else.

import { setMaxListeners } from 'node:events'

setMaxListeners(0)
