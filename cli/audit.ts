import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import * as z from 'zod';
import { decisionSchema, verifyChain } from '../domain/decisions.ts';
import { evaluationSchema } from '../domain/evaluation.ts';
import { type JudgementFile, judgementSchema } from '../domain/judgement.ts';
import { headSchema, type Version, versionSchema } from '../domain/registry-items.ts';

/** What the registry says of one model. */
export const auditRecordSchema = z.object({
  head: headSchema,
  versions: z.array(versionSchema),
  decisions: z.array(decisionSchema),
});
export type AuditRecord = z.infer<typeof auditRecordSchema>;

/** The files of a version whose hashes lead up to its decisions. */
export const AUDITED_FILES = ['artifact', 'judgement', 'evaluation', 'scores'] as const;
export type AuditedFile = (typeof AUDITED_FILES)[number];

export interface AuditSource {
  readonly record: AuditRecord;
  /** The bytes as they are now; null where there are none. */
  read(version: Version, file: AuditedFile): Promise<Uint8Array | null>;
}

/** Something that is not as it was decided. */
export interface Finding {
  readonly what: string;
  readonly problem: string;
}

/**
 * Follows the hashes: the head vouches for the end of the decision chain, each decision for the one before and for the
 * judgement that it rests on, the judgement for the artifact, the evaluation and the scores.
 */
export async function audit(source: AuditSource): Promise<Finding[]> {
  const { head, versions, decisions } = source.record;
  const chain = verifyChain(decisions, head.decisions);
  const findings: Finding[] = chain.ok ? [] : [{ what: `decision ${chain.at}`, problem: chain.reason }];
  findings.push(...replayed(source.record));
  for (const version of versions) findings.push(...(await filesOf(version, source)));
  return findings;
}

/** Replays what the decisions say of the head and of each version, and compares. */
function replayed({ head, versions, decisions }: AuditRecord): Finding[] {
  const findings: Finding[] = [];
  const facts: Record<string, unknown> = { champion: null, previousChampion: null, lastVersion: 0, fencing: 0 };
  const stages = new Map<number, unknown>();
  for (const { version, kind, before, after } of decisions) {
    Object.assign(facts, after);
    if ('stage' in after) stages.set(version, after.stage);
    if (kind === 'PROMOTED' && typeof before.champion === 'number') stages.set(before.champion, 'RETIRED');
    if (kind === 'ROLLED_BACK' && typeof after.champion === 'number') stages.set(after.champion, 'CHAMPION');
  }
  for (const fact of ['champion', 'previousChampion', 'lastVersion', 'fencing'] as const) {
    if (facts[fact] === head[fact]) continue;
    findings.push({ what: 'head', problem: `${fact} is ${head[fact]}, the decisions say ${facts[fact]}` });
  }
  for (const version of versions) {
    const what = `version ${version.version}`;
    const own = decisions.find((decision) => decision.version === version.version);
    if (!own) {
      findings.push({ what, problem: 'no decision is about it' });
      continue;
    }
    if (own.evidenceSha256 !== version.evidenceSha256) {
      findings.push({ what, problem: 'its evidence is not what was decided on' });
    }
    const stage = stages.get(version.version);
    if (stage !== version.stage) findings.push({ what, problem: `it is ${version.stage}, the decisions say ${stage}` });
  }
  for (let number = 1; number <= Number(facts.lastVersion); number += 1) {
    if (versions.some(({ version }) => version === number)) continue;
    findings.push({ what: `version ${number}`, problem: 'it was decided on, and the registry has it no more' });
  }
  return findings;
}

async function filesOf(version: Version, { read }: AuditSource): Promise<Finding[]> {
  const findings: Finding[] = [];
  const check = async (file: AuditedFile, expected: string | undefined) => {
    const bytes = await read(version, file);
    const actual = bytes && createHash('sha256').update(bytes).digest('hex');
    if (actual !== null && (expected === undefined || actual === expected)) return bytes;
    const problem = actual === null ? 'it is missing' : `its SHA-256 is ${actual}, registered was ${expected}`;
    findings.push({ what: `${file} of version ${version.version}`, problem });
    return null;
  };
  await check('artifact', version.artifact.sha256);
  const judgement = parsed(await check('judgement', version.evidenceSha256), judgementSchema);
  const evidence: JudgementFile['evidence'] | undefined = judgement?.evidence;
  if (evidence && evidence.artifactSha256 !== version.artifact.sha256) {
    const problem = `the judgement is about the artifact ${evidence.artifactSha256}, registered is ${version.artifact.sha256}`;
    findings.push({ what: `version ${version.version}`, problem });
  }
  if (judgement && judgement.passed !== version.gates.passed) {
    const problem = `the registry says that its gates ${version.gates.passed ? 'passed' : 'failed'}, the judgement does not`;
    findings.push({ what: `version ${version.version}`, problem });
  }
  const evaluation = parsed(await check('evaluation', evidence?.evaluation.sha256), evaluationSchema);
  if (evaluation && !isDeepStrictEqual(evaluation.metrics.challenger, version.metrics)) {
    findings.push({ what: `version ${version.version}`, problem: 'its metrics are not those that were evaluated' });
  }
  await check('scores', evidence?.scores.sha256);
  return findings;
}

/** The content of a file whose hash held. One that does not parse was written so, and says nothing more. */
function parsed<T>(bytes: Uint8Array | null, schema: z.ZodType<T>): T | undefined {
  if (!bytes) return undefined;
  try {
    return schema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
  } catch {
    return undefined;
  }
}
