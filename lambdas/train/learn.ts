import { classCode, type Scale } from '../../domain/contract.ts';
import { LEARNER_LABEL, learnerColumn, learnerText } from '../../domain/data-schema.ts';
import { InvalidDataset } from '../../domain/errors.ts';
import type { YdfDataset, YdfTrainingModule } from '../shared/ydf.ts';
import { loadTraining } from '../shared/ydf-training.ts';
import { type Column, readTrainTable, type TextColumn, type TrainTable } from './table.ts';

export interface LearnRequest {
  /** YDF's own name of the learner. */
  readonly learner: string;
  readonly file: string;
  readonly rows: number;
  /** Which of f0…fn are numbers. */
  readonly numeric: readonly boolean[];
  /** Null for a regression. */
  readonly classes: readonly string[] | null;
}

export interface Learned {
  readonly description: string;
  readonly files: Map<string, Uint8Array>;
  readonly scale: Scale;
}

/** Trains in this thread, which the learner may abort; see trainer.ts for the side that survives it. */
export async function learn(request: LearnRequest, log: (line: string) => void): Promise<Learned> {
  const table = readTrainTable(request.file, {
    rows: request.rows,
    numeric: request.numeric,
    numericLabel: request.classes === null,
  });
  const ydf = await loadTraining(log);
  const dataset = new ydf.Dataset();
  table.features.forEach((column, index) => {
    addFeature(ydf, dataset, learnerColumn(index), column);
  });
  const scale = addLabel(ydf, dataset, table, request.classes);
  const learner = new ydf.InternalLearner();
  learner.init(request.learner, LEARNER_LABEL, request.classes ? 'CLASSIFICATION' : 'REGRESSION');
  const model = learner.trainFromDataset(dataset);
  model.save(FOLDER);
  const names = ydf.FS.readdir(FOLDER).filter((name) => !name.startsWith('.'));
  const read = (name: string) => Uint8Array.from(ydf.FS.readFile(`${FOLDER}/${name}`, { encoding: 'binary' }));
  return {
    description: model.describe(),
    files: new Map(names.map((name) => [name, name === 'header.pb' ? withoutMetadata(read(name)) : read(name)])),
    scale,
  };
}

const FOLDER = '/model';

function addFeature(ydf: YdfTrainingModule, dataset: YdfDataset, name: string, column: Column) {
  if (column instanceof Float32Array) addNumbers(ydf, dataset, name, column);
  else addTexts(ydf, dataset, name, { column, isLabel: false });
}

function addLabel(
  ydf: YdfTrainingModule,
  dataset: YdfDataset,
  { label }: TrainTable,
  classes: readonly string[] | null,
) {
  const scale = label instanceof Float64Array ? scaleOf(label) : { mean: 0, deviation: 1 };
  if (label instanceof Float64Array) {
    const scaled = label.map((value) => (value - scale.mean) / scale.deviation);
    addNumbers(ydf, dataset, LEARNER_LABEL, scaled);
  } else {
    const codes = new Map((classes ?? []).map((name, index) => [learnerText(name), classCode(index)]));
    const texts = label.texts.map((text) => codes.get(text) ?? '');
    const stray = label.codes.find((code) => texts[code] === '');
    if (stray !== undefined)
      throw new InvalidDataset(
        `The train split holds a label that its schema does not name: ${label.texts[stray]?.slice(0, 100)}`,
      );
    if (new Set(label.codes).size < 2)
      throw new InvalidDataset('The train split holds one label only; expected at least two');
    addTexts(ydf, dataset, LEARNER_LABEL, { column: { texts, codes: label.codes }, isLabel: true });
  }
  return scale;
}

/** Mean and standard deviation in two passes, which large offsets do not harm; a constant target keeps its unit. */
function scaleOf(values: Float64Array): Scale {
  const bad = values.find((value) => !Number.isFinite(value));
  if (bad !== undefined) throw new InvalidDataset(`The train split holds the target ${bad}; expected finite numbers`);
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  if (largest === 0) return { mean: 0, deviation: 1 };
  // Relative to the largest value, so that no sum or square can overflow.
  const mean = values.reduce((sum, value) => sum + value / largest / values.length, 0) * largest;
  const spread = values.reduce((sum, value) => sum + (value / largest - mean / largest) ** 2 / values.length, 0);
  const deviation = Math.sqrt(spread) * largest;
  return { mean, deviation: deviation > largest * 1e-12 ? deviation : 1 };
}

function addNumbers(ydf: YdfTrainingModule, dataset: YdfDataset, name: string, values: Float32Array | Float64Array) {
  const vector = ydf.CreateVectorFloat(values.length);
  for (const value of values) vector.push_back(value);
  dataset.addNumericalColumn(name, vector);
  vector.delete();
}

function addTexts(
  ydf: YdfTrainingModule,
  dataset: YdfDataset,
  name: string,
  { column, isLabel }: { column: TextColumn; isLabel: boolean },
) {
  const vector = ydf.CreateVectorString(column.codes.length);
  for (const code of column.codes) vector.push_back(column.texts[code] ?? '');
  dataset.addCategoricalColumn(name, vector, isLabel);
  vector.delete();
}

/**
 * Drops the field `metadata` (number 10: date, random id) from a serialized `AbstractModel` message: the only bytes that
 * differ between two trainings on the same data. Wire format: https://protobuf.dev/programming-guides/encoding/
 */
export function withoutMetadata(message: Uint8Array): Uint8Array {
  const kept: Uint8Array[] = [];
  let at = 0;
  const varint = () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at] ?? 0;
      at += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
  };
  while (at < message.length) {
    const from = at;
    const tag = varint();
    const value = tag % 8 === 0 || tag % 8 === 2 ? varint() : 0;
    at += { 0: 0, 1: 8, 2: value, 5: 4 }[tag % 8] ?? message.length;
    if (tag >> 3 !== METADATA_FIELD) kept.push(message.subarray(from, at));
  }
  return Uint8Array.from(Buffer.concat(kept));
}

const METADATA_FIELD = 10;
