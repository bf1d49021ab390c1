import type { FailState } from '../definition/model.ts';
import type { Json } from '../json.ts';
import { StateFailure } from './failure.ts';
import type { Outgoing, Visit } from './visit.ts';

/** Ends its line of control; it has no event of leaving. */
export async function fail(visit: Visit<FailState>): Promise<Outgoing> {
  const text = async (location: string, field: Json | undefined) =>
    field === undefined ? undefined : await visit.evaluateAs<string>(location, field, 'string');
  throw new StateFailure(await text('Error', visit.state.Error), await text('Cause', visit.state.Cause));
}
