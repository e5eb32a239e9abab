// A process that opens a store and commits flows until it is killed, printing the id of each once it is answered.
import { openStore } from '../src/store/open-store.ts'
import { loginFlow } from './store-samples.ts'
import { storeDeps } from './store-deps.ts'

const store = await openStore(process.argv[2] ?? '', storeDeps())
process.stdout.write('open\n')
for (;;) {
  const flow = loginFlow()
  await store.commit([{ kind: 'openFlow', flow }])
  process.stdout.write(`${flow.id}\n`)
  await new Promise((resolve) => setImmediate(resolve))
}
