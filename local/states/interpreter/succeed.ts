import type { SucceedState } from '../definition/model.ts';
import type { Outgoing, Visit } from './visit.ts';

export async function succeed(visit: Visit<SucceedState>): Promise<Outgoing> {
  const { state, input } = visit;
  return visit.finish({ Output: state.Output }, { fallback: input });
}
