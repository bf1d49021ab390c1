import { createHash } from 'node:crypto';
import { type Contract, classCode } from '../../domain/contract.ts';
import { InvalidArtifact } from '../../domain/errors.ts';
import { type ArtifactMetadata, unpackArtifact } from './artifact.ts';
import { type Cell, instanceReader } from './serving-instances.ts';
import { drain, type YdfFeature, type YdfModel } from './ydf.ts';
import { loadInference } from './ydf-inference.ts';

/** `score` is P(positive); probabilities are by class and sum to 1. */
export type BinaryPrediction = { label: string; score: number; probabilities: Record<string, number> };
export type MulticlassPrediction = { label: string; probabilities: Record<string, number> };
export type RegressionPrediction = { value: number };
export type Prediction = BinaryPrediction | MulticlassPrediction | RegressionPrediction;

/** A model as callers see it: the one code path for live traffic and for evaluation. */
export interface ServingModel {
  readonly contract: Contract;
  readonly metadata: ArtifactMetadata;
  /** All or nothing: the first instance that does not fit the contract is an `InvalidInstance`. */
  predict(instances: readonly unknown[]): Prediction[];
}

/** Checks an artifact against the digest that the registry holds, and makes it ready to answer. */
export async function loadModel(bytes: Uint8Array, expected: { sha256: string }): Promise<ServingModel> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (sha256 !== expected.sha256)
    throw new InvalidArtifact(
      `The artifact was altered: expected SHA-256 ${expected.sha256}, current one is ${sha256}`,
    );
  const { contract, metadata, files } = unpackArtifact(bytes);
  const model = await loadForest(files);
  const columns = engineColumns(contract, drain(model.getInputFeatures()));
  const readInstance = instanceReader(contract);
  const answer = answers(contract, drain(model.getLabelClasses()));
  return {
    contract,
    metadata,
    predict(instances) {
      const rows = instances.map(readInstance);
      const predictions: Prediction[] = [];
      for (let from = 0; from < rows.length; from += CHUNK) {
        const chunk = rows.slice(from, from + CHUNK);
        predictions.push(...answer(infer(model, columns, chunk), chunk.length));
      }
      return predictions;
    },
  };
}

/** Rows handed to the engine at a time, so that its memory does not follow the largest batch. */
const CHUNK = 1_000;

async function loadForest(files: ReadonlyMap<string, Uint8Array>): Promise<YdfModel> {
  const { FS, InternalLoadModel } = await loadInference();
  FS.mkdirTree(FOLDER);
  for (const [name, content] of files) FS.writeFile(`${FOLDER}/${name}`, content);
  let model: YdfModel | null;
  try {
    model = InternalLoadModel(FOLDER, false, '__NO_PREFIX__');
  } catch (cause) {
    throw new InvalidArtifact('Cannot read the forest in the artifact', { cause });
  }
  if (!model) throw new InvalidArtifact('Cannot read the forest in the artifact');
  for (const name of files.keys()) FS.unlink(`${FOLDER}/${name}`);
  return model;
}

const FOLDER = '/forest';

interface EngineColumn {
  /** Place among the contract's features. */
  readonly place: number;
  readonly engine: number;
  readonly numeric: boolean;
}

/** The forest may use fewer features than the contract has, never others. */
function engineColumns(contract: Contract, features: readonly YdfFeature[]): EngineColumn[] {
  const places = new Map(contract.features.map(({ column }, place) => [column, place]));
  return features.map(({ name, type, internalIdx }) => {
    const place = places.get(name) ?? -1;
    const numeric = contract.features[place]?.type === 'numeric';
    if (place < 0 || type !== (numeric ? 'NUMERICAL' : 'CATEGORICAL'))
      throw new InvalidArtifact(`The forest and the contract of the artifact disagree about column ${name}`);
    return { place, engine: internalIdx, numeric };
  });
}

function infer(model: YdfModel, columns: readonly EngineColumn[], rows: readonly Cell[][]): number[] {
  model.newBatchOfExamples(rows.length);
  rows.forEach((cells, row) => {
    for (const { place, engine, numeric } of columns) {
      const cell = cells[place];
      if (cell === null || cell === undefined) continue;
      if (numeric) model.setNumerical(row, engine, cell as number);
      else model.setCategoricalString(row, engine, cell as string);
    }
  });
  const outputs = drain(model.predict());
  if (!outputs.every(Number.isFinite))
    throw new InvalidArtifact('The forest answered with something that is no number');
  return outputs;
}

/** Turns the engine's numbers (one per row, or one per row and class) into predictions. */
function answers(contract: Contract, codes: readonly string[]): (outputs: number[], rows: number) => Prediction[] {
  if (contract.kind === 'regression') {
    const { mean, deviation } = contract.scale;
    return (outputs) => outputs.map((output) => ({ value: output * deviation + mean }));
  }
  const { classes } = contract;
  const place = new Map(classes.map((_, index) => [classCode(index), index]));
  const known = codes.map((code) => place.get(code) ?? -1);
  if (known.length < 2 || known.includes(-1))
    throw new InvalidArtifact('The forest and the contract of the artifact disagree about the classes');
  /** Probability of each of the contract's classes; one that the training data lacked stays at 0. */
  const spread = (outputs: readonly number[], row: number) => {
    const of = new Array<number>(classes.length).fill(0);
    // With two classes the engine gives the probability of the second one only.
    const own = known.length === 2 ? [1 - at(outputs, row), at(outputs, row)] : outputs.slice(row * known.length);
    known.forEach((index, output) => {
      of[index] = rounded(at(own, output));
    });
    return of;
  };
  const named = (of: readonly number[]) => Object.fromEntries(classes.map((name, index) => [name, at(of, index)]));
  if (contract.kind === 'multiclass')
    return (outputs, rows) =>
      Array.from({ length: rows }, (_, row) => {
        const of = spread(outputs, row);
        return { label: classes[of.indexOf(Math.max(...of))] ?? '', probabilities: named(of) };
      });
  const { positive, threshold } = contract;
  const negative = classes.find((name) => name !== positive) ?? '';
  return (outputs, rows) =>
    Array.from({ length: rows }, (_, row) => {
      const of = spread(outputs, row);
      const score = at(of, classes.indexOf(positive));
      return { label: score >= threshold ? positive : negative, score, probabilities: named(of) };
    });
}

/** Six digits: what is left of a 32-bit probability, and no more than a caller can use. */
const rounded = (probability: number) => Math.round(Math.max(0, Math.min(1, probability)) * 1e6) / 1e6;

const at = (values: readonly number[], index: number) => values[index] ?? 0;
