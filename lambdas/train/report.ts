import type { ArtifactMetadata } from '../shared/artifact.ts';

/** What is read from the text in which a trained model describes itself. */
export type Report = Pick<ArtifactMetadata, 'trees' | 'nodes' | 'validationLoss'> & {
  /** Importance by learner column. */
  readonly importance: ReadonlyMap<string, number>;
};

/** `deviation` is that of the target the learner saw scaled; losses are told in the target's own unit. */
export function readReport(description: string, deviation = 1): Report {
  return {
    trees: Number(/^Number of trees: (\d+)/m.exec(description)?.[1] ?? 0),
    nodes: Number(/^Total number of nodes: (\d+)/m.exec(description)?.[1] ?? 0),
    validationLoss: validationLoss(description, deviation),
    importance: importance(description),
  };
}

/**
 * One meaning for both learners: log loss per row, or RMSE. Boosting tells the loss on the tenth of the rows that it keeps
 * aside (as -2 log likelihood for two classes), a forest that of its out-of-bag votes. A forest says 0 or 1 where all its
 * trees agree, so its log loss is that of what it would serve.
 */
function validationLoss(description: string, deviation: number): number | null {
  const loss = /^Loss: (\w+)/m.exec(description)?.[1] ?? '';
  const held = /^Validation loss value: (\S+)/m.exec(description)?.[1];
  const bag = description.match(/Out-of-bag evaluation:.*/g)?.at(-1);
  const [, measure, value] = /\b(logloss|rmse):(\S+)/.exec(bag ?? '') ?? [];
  const told = held === undefined ? Number(value) : Number(held) * (loss === 'BINOMIAL_LOG_LIKELIHOOD' ? 0.5 : 1);
  const inUnit = loss === 'SQUARED_ERROR' || measure === 'rmse' ? told * deviation : told;
  return Number.isFinite(inUnit) ? inUnit : null;
}

/** The gain of all splits on a column, as a share of all gain. */
function importance(description: string): Map<string, number> {
  const [, list = ''] = /Variable Importance: SUM_SCORE:\n((?:.+\n)*)/.exec(description) ?? [];
  const gains = [...list.matchAll(/"(f\d+)"\s+(\S+)/g)].map(([, column = '', gain]) => [column, Number(gain)] as const);
  const sum = gains.reduce((total, [, gain]) => total + gain, 0);
  return new Map(sum > 0 && Number.isFinite(sum) ? gains.map(([column, gain]) => [column, gain / sum]) : []);
}
