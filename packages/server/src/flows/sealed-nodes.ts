import type { Effect } from '../core/effect.ts'
import type { Flow } from '../core/flow.ts'
import type { UiNode } from '../core/ui.ts'
import type { Seal } from '../crypto/seal.ts'
import type { Store } from '../store/store.ts'

/** Where a flow keeps its sealed form; no method is called so. */
const KEPT_AT = 'sealed_nodes'

/** Groups whose nodes show what signs somebody in: the key of an app before it is confirmed, codes while they are shown. */
const SECRET: ReadonlySet<string> = new Set(['totp', 'lookup_secret'])

/** The store, but what settings show once and for all lies sealed in it, as the credentials do that are made of it. */
export const sealingNodes = (store: Store, seal: () => Seal): Store => ({
  ...store,
  commit: (effects) => store.commit(effects.map((effect) => withSealedNodes(effect, seal))),
  flows: {
    ...store.flows,
    find: async (id) => {
      const flow = await store.flows.find(id)
      return flow === null ? null : opened(flow, seal)
    },
  },
})

function withSealedNodes(effect: Effect, seal: () => Seal): Effect {
  return effect.kind === 'openFlow' || effect.kind === 'keepFlow' || effect.kind === 'closeFlow'
    ? { ...effect, flow: sealed(effect.flow, seal) }
    : effect
}

function sealed<F extends Flow>(flow: F, seal: () => Seal): F {
  if (!flow.ui.nodes.some(({ group, type }) => SECRET.has(group) && (type === 'text' || type === 'img'))) return flow
  const nodes = seal().seal(JSON.stringify(flow.ui.nodes))
  return { ...flow, ui: { ...flow.ui, nodes: [] }, memory: { ...flow.memory, [KEPT_AT]: nodes } }
}

/** Where the key is gone the form is empty: its person starts anew. */
function opened<F extends Flow>(flow: F, seal: () => Seal): F {
  const { [KEPT_AT]: kept, ...memory } = flow.memory
  if (typeof kept !== 'string') return flow
  const nodes: readonly UiNode[] = JSON.parse(seal().open(kept) ?? '[]')
  return { ...flow, memory, ui: { ...flow.ui, nodes } }
}
