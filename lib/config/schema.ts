import * as z from 'zod';
import {
  type Gate,
  METRICS,
  type ModelConfig,
  modelConfigSchema,
  modelNameSchema,
  settingsJson,
} from '../../domain/model-config.ts';
import { dataStackName, modelStackName } from '../../domain/names.ts';
import { watchMistakes } from './watch-mistakes.ts';

/** Days that CloudWatch Logs accepts as a retention. */
const LOG_RETENTION_DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 3653] as const;

const environmentNameSchema = z.string().regex(/^[a-z][a-z0-9-]{0,18}[a-z0-9]$|^[a-z]$/, {
  error: 'expected 1 to 20 lower-case letters, digits and hyphens, starting with a letter',
});

export const environmentSchema = z.strictObject({
  /** Absent: the account of whoever deploys. */
  account: z
    .string()
    .regex(/^\d{12}$/, { error: 'expected the 12 digits of an AWS account, as text' })
    .optional(),
  /** Absent: the region of whoever deploys. */
  region: z
    .string()
    .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, { error: "expected an AWS region such as 'eu-west-1'" })
    .optional(),
  /** `customer-managed`: one KMS key of the account for data, queues, topic and logs (1 USD a month). */
  encryption: z.enum(['aws-managed', 'customer-managed']).default('aws-managed'),
  logRetentionDays: z
    .literal(LOG_RETENTION_DAYS)
    .transform((days): number => days)
    .default(90),
  /** A CloudWatch dashboard for each model (3 USD a month each). */
  dashboard: z.boolean().default(false),
});
export type EnvironmentConfig = z.infer<typeof environmentSchema>;
export type EnvironmentInput = z.input<typeof environmentSchema>;

const entries = <T extends z.ZodType>(key: z.ZodType<string, string>, value: T, what: string) =>
  z.record(key, value).refine((record) => Object.keys(record).length > 0, { error: `expected at least one ${what}` });

export const sluiceSchema = z
  .strictObject({
    environments: entries(environmentNameSchema, environmentSchema, 'environment, for example dev: {}'),
    models: entries(modelNameSchema, modelConfigSchema, "model, for example churn: { problem: { kind: 'binary', … } }"),
  })
  .superRefine((config, context) => {
    for (const [name, model] of Object.entries(config.models)) {
      for (const { path, message } of modelMistakes(model)) {
        context.addIssue({ code: 'custom', path: ['models', name, ...path], message });
      }
    }
    for (const message of stackNameClashes(config)) {
      context.addIssue({ code: 'custom', path: ['models'], message });
    }
  });
export type SluiceConfig = z.infer<typeof sluiceSchema>;
export type SluiceInput = z.input<typeof sluiceSchema>;

type Mistake = { path: PropertyKey[]; message: string };

const LONGEST_APPROVAL_MS = 30 * 86_400_000;
/** With what a person may take after it, well within the year that an execution may last. */
const LONGEST_ROLLOUT_MS = 60 * 86_400_000;

/** Settings reach the handlers as an environment variable; Lambda takes 4 096 bytes for all variables, names of buckets included. */
const LARGEST_SETTINGS = 3_000;

/** What the shape cannot say: which parts of a model contradict each other. */
function modelMistakes(model: ModelConfig): Mistake[] {
  const mistakes: Mistake[] = [];
  const { problem, gates = [], approvalTimeout, rollout } = model;
  const { target, id, ignore } = problem;
  if (approvalTimeout > LONGEST_APPROVAL_MS) {
    mistakes.push({
      path: ['approvalTimeout'],
      message: `got ${Math.round(approvalTimeout / 86_400_000)} days; allowed: at most 30 days`,
    });
  }
  if ('limit' in rollout && (rollout.limit.time ?? 0) > LONGEST_ROLLOUT_MS) {
    mistakes.push({ path: ['rollout', 'limit', 'time'], message: 'allowed: at most 60 days' });
  }
  if ('guardrails' in rollout && rollout.guardrails.quality !== false && rollout.guardrails.quality.required) {
    const message = 'labels do not reach rollouts in this version; allowed: false';
    mistakes.push({ path: ['rollout', 'guardrails', 'quality', 'required'], message });
  }
  const bytes = Buffer.byteLength(settingsJson(model));
  if (bytes > LARGEST_SETTINGS) {
    const message = `the settings take ${bytes} bytes as JSON; allowed: ${LARGEST_SETTINGS}. Columns that need no rule can be left out`;
    mistakes.push({ path: [], message });
  }
  mistakes.push(...watchMistakes(model));
  if (id === target) {
    mistakes.push({ path: ['problem', 'id'], message: `"${target}" is the target already; allowed: another column` });
  }
  for (const [index, column] of ignore.entries()) {
    if (column === target || column === id) {
      const role = column === target ? 'target' : 'id';
      mistakes.push({
        path: ['problem', 'ignore', index],
        message: `"${column}" is the ${role}; it cannot be ignored`,
      });
    }
  }
  for (const [index, gate] of gates.entries()) {
    mistakes.push(
      ...gateMistakes(gate, problem).map(({ path, message }) => ({ path: ['gates', index, ...path], message })),
    );
  }
  return mistakes;
}

function gateMistakes(gate: Gate, { kind, target }: ModelConfig['problem']): Mistake[] {
  const mistakes: Mistake[] = [];
  if ('metric' in gate) {
    const metrics = Object.entries(METRICS).filter(([, { kinds }]) => (kinds as readonly string[]).includes(kind));
    const allowed = metrics.map(([metric]) => metric);
    if (!allowed.includes(gate.metric)) {
      const message = `got "${gate.metric}", which a ${kind} problem does not have; allowed: ${allowed.join(', ')}`;
      mistakes.push({ path: ['metric'], message });
    }
  }
  if (gate.gate === 'fairness' && kind !== 'binary') {
    mistakes.push({ path: [], message: `fairness compares rates of the positive class; allowed: binary problems` });
  }
  const columns = gate.gate === 'fairness' ? [gate.attribute] : gate.gate === 'slices' ? gate.columns : [];
  if (columns.includes(target)) {
    mistakes.push({ path: [], message: `"${target}" is the target; allowed: any other column` });
  }
  return mistakes;
}

/** Stack names become file names too, and some file systems fold case. */
function stackNameClashes({ environments, models }: SluiceConfig): string[] {
  const owners = new Map<string, string>();
  const clashes: string[] = [];
  for (const environment of Object.keys(environments)) {
    const names = [
      { name: dataStackName(environment), owner: `the data of environment "${environment}"` },
      ...Object.keys(models).map((model) => ({
        name: modelStackName(environment, model),
        owner: `model "${model}" in environment "${environment}"`,
      })),
    ];
    for (const { name, owner } of names) {
      const other = owners.get(name.toLowerCase());
      if (other) clashes.push(`${owner} and ${other} would both be the stack ${name}; rename one`);
      owners.set(name.toLowerCase(), owner);
    }
  }
  return clashes;
}
