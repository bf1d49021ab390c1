import type { Gate, ModelConfig } from './model-config.ts';

/** The columns that a model is looked at by: the declared slices, and what its gates divide the rows by. */
export function sliceColumns({ evaluation }: Pick<ModelConfig, 'evaluation'>, gates: readonly Gate[]): string[] {
  const asked = gates.flatMap((gate) => {
    if (gate.gate === 'slices') return gate.columns;
    return gate.gate === 'fairness' ? [gate.attribute] : [];
  });
  return [...new Set([...evaluation.slices, ...asked])];
}
