import * as z from 'zod';
import { canonicalSha256 } from './canonical-json.ts';
import { COLUMN_TYPES, type DataSchema, featuresOf, learnerColumn } from './data-schema.ts';

/** What a model takes and gives: written into its artifact by training, enforced by serving, compared by evaluation. */

const featureSchema = z.object({
  name: z.string().min(1),
  /** The name that the learner knows it by; data never decides a name inside the model. */
  column: z.string().regex(/^f\d+$/),
  type: z.enum(COLUMN_TYPES),
  /** An instance without this field is refused, as a dataset without this column is; null is a missing value. */
  required: z.boolean(),
});
export type Feature = z.infer<typeof featureSchema>;

const scaleSchema = z.object({ mean: z.number(), deviation: z.number().positive() });
export type Scale = z.infer<typeof scaleSchema>;

const contractBase = {
  /** Raised when an older serving code could misread the artifact. */
  format: z.literal(1),
  model: z.string(),
  target: z.string(),
  /** Columns of the data that no prediction depends on, the id among them: an instance may carry them. */
  ignored: z.array(z.string()),
  features: z.array(featureSchema).min(1),
};

const classes = z.array(z.string()).min(2);

export const contractSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('binary'),
    ...contractBase,
    /** The learner knows a class by {@link classCode} of its place here. */
    classes: classes.max(2),
    positive: z.string(),
    /** The positive label is given from this P(positive) on. */
    threshold: z.number().gt(0).lt(1),
  }),
  z.object({ kind: z.literal('multiclass'), ...contractBase, classes }),
  z.object({
    kind: z.literal('regression'),
    ...contractBase,
    /** The learner saw (target − mean) / deviation: it computes in 32 bits, which would swallow large or tiny targets. */
    scale: scaleSchema,
  }),
]);
export type Contract = z.infer<typeof contractSchema>;

/** What a class is called inside the model; data never decides a name there. */
export const classCode = (index: number) => `k${index}`;

/** The contract of a model that was trained on data of this schema. */
export function contractOf(model: string, schema: DataSchema, scale: Scale = { mean: 0, deviation: 1 }): Contract {
  const { target } = schema;
  const base = {
    format: 1 as const,
    model,
    target: target.name,
    ignored: schema.columns.filter(({ role }) => role === 'id' || role === 'ignored').map(({ name }) => name),
    features: featuresOf(schema).map(({ name, type, required }, index) => ({
      name,
      column: learnerColumn(index),
      type,
      required,
    })),
  };
  if (target.kind === 'regression') return { kind: target.kind, ...base, scale };
  if (target.kind === 'multiclass') return { kind: target.kind, ...base, classes: target.classes };
  return { kind: target.kind, ...base, classes: target.classes, positive: target.positive, threshold: 0.5 };
}

/** Two versions with the same fingerprint can be called by the same client; anything else is a new MAJOR version. */
export function contractFingerprint(contract: Contract): string {
  const { kind, target, features } = contract;
  return canonicalSha256({
    kind,
    target,
    features: features.map(({ name, type, required }) => ({ name, type, required })),
    classes: contract.kind === 'regression' ? null : contract.classes,
    positive: contract.kind === 'binary' ? contract.positive : null,
  });
}

/** Why rows made for one contract cannot be scored by a model with another, or null when they can. */
export function incomparableBecause(rows: Contract, other: Contract): string | null {
  if (rows.kind !== other.kind) return `it solves a ${other.kind} problem, the data describes a ${rows.kind} one`;
  if (rows.target !== other.target) return `it predicts "${other.target}", the data holds "${rows.target}"`;
  if (rows.kind === 'binary' && other.kind === 'binary' && rows.positive !== other.positive)
    return `its positive label is "${other.positive}", that of the data is "${rows.positive}"`;
  if (rows.kind === 'binary' && other.kind === 'binary' && rows.classes.some((name) => !other.classes.includes(name)))
    return `its labels are ${listed(other.classes)}, those of the data are ${listed(rows.classes)}`;
  const types = new Map(rows.features.map(({ name, type }) => [name, type]));
  for (const { name, type } of other.features) {
    const now = types.get(name);
    if (now === undefined) return `it needs the column "${name}", which the data does not have`;
    if (now !== type) return `it reads "${name}" as ${type}, the data holds it as ${now}`;
  }
  return null;
}

const listed = (names: readonly string[]) => names.map((name) => JSON.stringify(name)).join(' and ');
