import * as z from 'zod';
import { canonicalSha256 } from '../../domain/canonical-json.ts';
import { buildCard } from '../../domain/card.ts';
import { cardHtml } from '../../domain/card-html.ts';
import { dataSchema } from '../../domain/data-schema.ts';
import type { Decision } from '../../domain/decisions.ts';
import { evaluationSchema } from '../../domain/evaluation.ts';
import { registerInput } from '../../domain/flow.ts';
import { judgementSchema } from '../../domain/judgement.ts';
import { trainingSettings } from '../../domain/model-config.ts';
import { RUN_FILES, runPrefix } from '../../domain/names.ts';
import type { Version } from '../../domain/registry-items.ts';
import { scoresSchema } from '../../domain/scores.ts';
import { modelConfigVariable, readEnvironment } from '../shared/environment.ts';
import { s3Objects } from '../shared/objects.ts';
import { dynamoRegistry } from '../shared/registry.ts';
import { taskHandler } from '../shared/task-handler.ts';
import { register } from './register.ts';

const environment = readEnvironment({
  MODEL_CONFIG: modelConfigVariable,
  ARTIFACT_BUCKET: z.string(),
  REGISTRY_TABLE: z.string(),
  CODE_COMMIT: z.string(),
  CODE_FINGERPRINT: z.string(),
});
const { MODEL_CONFIG: config, ARTIFACT_BUCKET: bucket } = environment;
const objects = s3Objects();

async function writeCard(version: Version, decision: Decision): Promise<void> {
  const { files } = version;
  const [evaluation, scores, judgement, schema] = await Promise.all([
    objects.getJson({ bucket, key: files.evaluation }, evaluationSchema),
    objects.getJson({ bucket, key: files.scores }, scoresSchema),
    objects.getJson({ bucket, key: files.judgement }, judgementSchema),
    objects.getJson({ bucket, key: files.schema }, dataSchema),
  ]);
  const card = buildCard({ version, evaluation, scores, judgement, schema, decisions: [decision] });
  const page = { bucket, key: runPrefix(version.model, version.runId) + RUN_FILES.cardHtml };
  await objects.putJson({ bucket, key: files.card }, card);
  await objects.putBytes(page, Buffer.from(cardHtml(card)), { contentType: 'text/html; charset=utf-8' });
}

const ports = {
  registry: dynamoRegistry(environment.REGISTRY_TABLE, config.name),
  writeCard,
  readSchema: async (key: string) => {
    const schema = await objects.getJson({ bucket, key }, dataSchema);
    return { schema, fingerprint: canonicalSha256(schema) };
  },
  now: () => new Date().toISOString(),
};
const settings = {
  approval: config.approval,
  codeCommit: environment.CODE_COMMIT,
  code: environment.CODE_FINGERPRINT,
  config: canonicalSha256(trainingSettings(config)),
};

export const handler = taskHandler(registerInput, (input) => register(input, ports, settings));
