import type { PassState } from '../definition/model.ts';
import type { Outgoing, Visit } from './visit.ts';

export async function pass(visit: Visit<PassState>): Promise<Outgoing> {
  const { state, input } = visit;
  return { next: state.Next, ...(await visit.finish(state, { fallback: input })) };
}
