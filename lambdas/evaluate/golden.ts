import { InvalidInstance } from '../../domain/errors.ts';
import type { GoldenRow } from '../../domain/evaluation.ts';
import type { Golden } from '../../domain/golden.ts';
import type { Gate } from '../../domain/model-config.ts';
import type { ServingModel } from '../shared/serving.ts';
import type { TestRow } from './rows.ts';

/** The model's answers for the golden rows of all gates, one gate after the other. */
export function answerGoldenRows(model: ServingModel, gates: readonly Gate[]): GoldenRow[] {
  return gates
    .flatMap((gate) => (gate.gate === 'golden-rows' ? gate.rows : []))
    .map(({ instance }) => ({ instance, ...answerOne(model, instance) }));
}

/** Rows spread evenly over the test split, with the answers that every deployment of this artifact must repeat. */
export function pickGoldenRows(model: ServingModel, instances: readonly TestRow['instance'][]): Golden['rows'] {
  const count = Math.min(PICKED, instances.length);
  const spread = Array.from(
    { length: count },
    (_, index) => instances[Math.floor((index * instances.length) / count)] ?? {},
  );
  const predictions = model.predict(spread);
  return spread.flatMap((instance, index) => {
    const prediction = predictions[index];
    return prediction ? [{ instance, prediction }] : [];
  });
}

const PICKED = 20;

function answerOne(model: ServingModel, instance: GoldenRow['instance']): Omit<GoldenRow, 'instance'> {
  try {
    const [answer] = model.predict([instance]);
    if (!answer) return { error: 'the model gave no answer' };
    if ('value' in answer) return { value: answer.value };
    return { label: answer.label, score: 'score' in answer ? answer.score : answer.probabilities[answer.label] };
  } catch (error) {
    if (!(error instanceof InvalidInstance)) throw error;
    return { error: error.message };
  }
}
