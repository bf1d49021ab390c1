import { type Contract, incomparableBecause } from '../../domain/contract.ts';
import { canonicalText } from '../../domain/data-schema.ts';
import { InvalidArtifact, InvalidInstance } from '../../domain/errors.ts';
import type { Scores } from '../../domain/scores.ts';
import type { Prediction, ServingModel } from '../shared/serving.ts';
import { cellOf, type TestRow } from './rows.ts';

export interface Scored {
  readonly scores: Scores;
  /** Why the champion could not be scored on these rows. */
  readonly incomparable: string | null;
}

export interface Contestants {
  readonly challenger: ServingModel;
  readonly champion: ServingModel | null;
}

/** Lets both models answer the same rows and puts their answers beside the truth. */
export function scoreRows(
  rows: readonly TestRow[],
  { challenger, champion }: Contestants,
  columns: readonly string[],
): Scored {
  const answers = predictOwn(challenger, instancesFor(challenger.contract, rows));
  const rival = champion ? predictOther(champion, challenger.contract, rows) : { answers: null, incomparable: null };
  const attributes = Object.fromEntries(
    columns.map((column) => [column, rows.map((row) => canonicalText(cellOf(row.instance, column)))]),
  );
  return {
    scores: { ...table(challenger.contract, rows, { challenger: answers, champion: rival.answers }), attributes },
    incomparable: rival.incomparable,
  };
}

/** What a caller of the model would send of these rows: its features, without columns that only gates look at. */
export function instancesFor({ features }: Contract, rows: readonly TestRow[]): TestRow['instance'][] {
  return rows.map(({ instance }) =>
    Object.fromEntries(
      features.flatMap(({ name }) => (Object.hasOwn(instance, name) ? [[name, cellOf(instance, name)]] : [])),
    ),
  );
}

function predictOwn(model: ServingModel, instances: readonly unknown[]): Prediction[] {
  try {
    return model.predict(instances);
  } catch (cause) {
    if (!(cause instanceof InvalidInstance)) throw cause;
    throw new InvalidArtifact(`The challenger refuses a row of its own test split: ${cause.message}`, { cause });
  }
}

function predictOther(champion: ServingModel, contract: Contract, rows: readonly TestRow[]) {
  const incomparable = incomparableBecause(contract, champion.contract);
  if (incomparable) return { answers: null, incomparable };
  try {
    return { answers: champion.predict(instancesFor(champion.contract, rows)), incomparable: null };
  } catch (cause) {
    if (!(cause instanceof InvalidInstance)) throw cause;
    return { answers: null, incomparable: `it refuses a row of the test split: ${cause.message}` };
  }
}

interface Answers {
  readonly challenger: readonly Prediction[];
  readonly champion: readonly Prediction[] | null;
}

function table(contract: Contract, rows: readonly TestRow[], { challenger, champion }: Answers): Scores {
  const attributes = {};
  if (contract.kind === 'regression') {
    const values = (answers: readonly Prediction[]) => answers.map((answer) => ('value' in answer ? answer.value : 0));
    const truth = rows.map((row) => Number(row.truth));
    return {
      kind: contract.kind,
      truth,
      challenger: values(challenger),
      champion: champion && values(champion),
      attributes,
    };
  }
  const labels = rows.map((row) => String(row.truth));
  if (contract.kind === 'binary') {
    const { positive } = contract;
    const scores = (answers: readonly Prediction[]) => answers.map((answer) => ('score' in answer ? answer.score : 0));
    const truth = labels.map((label) => (label === positive ? 1 : 0));
    return {
      kind: contract.kind,
      positive,
      truth,
      challenger: scores(challenger),
      champion: champion && scores(champion),
      attributes,
    };
  }
  // A class that only the test split or only the champion knows still has its place, with probability 0 where unknown.
  const told = champion?.[0] && 'probabilities' in champion[0] ? Object.keys(champion[0].probabilities) : [];
  const classes = [...new Set([...contract.classes, ...told, ...labels])];
  const place = new Map(classes.map((name, index) => [name, index]));
  const spread = (answers: readonly Prediction[]) =>
    answers.map((answer) => {
      const of = new Map(Object.entries('probabilities' in answer ? answer.probabilities : {}));
      return classes.map((name) => of.get(name) ?? 0);
    });
  const truth = labels.map((label) => place.get(label) ?? 0);
  return {
    kind: contract.kind,
    classes,
    truth,
    challenger: spread(challenger),
    champion: champion && spread(champion),
    attributes,
  };
}
