import type { ChoiceState } from '../definition/model.ts';
import type { Outgoing, Visit } from './visit.ts';

/** Takes the first rule whose condition holds; the state's own Output and Assign belong to the default. */
export async function choice(visit: Visit<ChoiceState>): Promise<Outgoing> {
  const { state, input } = visit;
  for (const [index, rule] of state.Choices.entries()) {
    const prefix = `Choices[${index}]/`;
    if (await visit.evaluateAs<boolean>(`${prefix}Condition`, rule.Condition, 'boolean')) {
      return { next: rule.Next, ...(await visit.finish(rule, { fallback: input, prefix })) };
    }
  }
  // The guide speaks of States.NoChoiceMatched; this is what the service reports.
  if (state.Default === undefined) {
    throw visit.failure(
      'States.Runtime',
      'Failed to transition out of the state. The state does not point to a next state.',
    );
  }
  return { next: state.Default, ...(await visit.finish(state, { fallback: input })) };
}
