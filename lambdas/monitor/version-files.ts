import type * as z from 'zod';
import { type DataSchema, dataSchema } from '../../domain/data-schema.ts';
import { type Evaluation, evaluationSchema } from '../../domain/evaluation.ts';
import { type TrainingProfile, trainingProfileSchema } from '../../domain/profile.ts';
import type { Version } from '../../domain/registry-items.ts';
import { type Scores, scoresSchema } from '../../domain/scores.ts';
import type { MonitorPorts } from './ports.ts';
import { readable } from './readable.ts';

/** What a version is judged by; null is what cannot be read any more. */
export interface VersionFiles {
  readonly version: Version | null;
  readonly schema: DataSchema | null;
  readonly profile: TrainingProfile | null;
  readonly scores: Scores | null;
  readonly evaluation: Evaluation | null;
  /** Why it cannot be judged. */
  readonly unjudged: string | null;
}

const NOTHING = { schema: null, profile: null, scores: null, evaluation: null };

/**
 * The files of the run that made a version. One that is gone, or is not what it was, makes the version unjudged: that must
 * not keep the others from being watched.
 */
export async function versionFiles(number: number, ports: MonitorPorts): Promise<VersionFiles> {
  const version = await ports.registry.version(number);
  if (!version) return { version, ...NOTHING, unjudged: `the registry has no version ${number}` };
  const { files } = version;
  const read = <T>(key: string, schema: z.ZodType<T>) => readable(key, schema, ports);
  const [schema, profile, scores, evaluation] = await Promise.all([
    read(files.schema, dataSchema),
    read(files.profile, trainingProfileSchema),
    read(files.scores, scoresSchema),
    read(files.evaluation, evaluationSchema),
  ]);
  const gone = [
    ...(schema ? [] : ['its schema']),
    ...(profile ? [] : ['its training profile']),
    ...(scores ? [] : ['its scores']),
  ];
  const unjudged = gone.length === 0 ? null : `${gone.join(' and ')} cannot be read`;
  return { version, schema, profile, scores, evaluation, unjudged };
}
