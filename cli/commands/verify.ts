import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import { decisionSchema, verifyChain } from '../../domain/decisions.ts';
import { headSchema, versionSchema } from '../../domain/registry-items.ts';
import { CLIENT_DEFAULTS } from '../environment.ts';
import { CliError } from '../io.ts';
import { openModel, type Session } from '../session.ts';

export interface VerifyOptions {
  /** Writes what was checked into this folder, artifacts included, so that it can be checked again without AWS. */
  readonly save?: string;
  /** Checks such a folder instead of a cloud. */
  readonly from?: string;
}

const recordSchema = z.object({
  head: headSchema,
  versions: z.array(versionSchema),
  decisions: z.array(decisionSchema),
});
type Record = z.infer<typeof recordSchema>;

interface Finding {
  readonly what: string;
  readonly problem: string;
}

const RECORD = 'record.json';

/** `sluice verify MODEL`: does the decision chain hold, and is every artifact the one that was judged? Exit 3 when not. */
export async function verify(session: Session, name: string, { save, from }: VerifyOptions): Promise<number> {
  const source = from === undefined ? await fromCloud(session, name) : await fromFolder(from, name);
  const { record } = source;
  const findings: Finding[] = [];
  const chain = verifyChain(record.decisions, record.head.decisions);
  if (!chain.ok) findings.push({ what: `decision ${chain.at}`, problem: chain.reason });
  findings.push(...headFindings(record));
  if (save !== undefined) await mkdir(join(save, 'artifacts'), { recursive: true });
  for (const { version, artifact } of record.versions) {
    const bytes = await source.artifact(artifact);
    const sha256 = bytes && createHash('sha256').update(bytes).digest('hex');
    const what = `artifact of version ${version}`;
    if (!bytes) findings.push({ what, problem: `${artifact.key} is missing` });
    else if (sha256 !== artifact.sha256) {
      findings.push({ what, problem: `its SHA-256 is ${sha256}, registered was ${artifact.sha256}` });
    }
    if (bytes && save !== undefined) await writeFile(join(save, 'artifacts', artifact.sha256), bytes);
  }
  if (save !== undefined) await writeFile(join(save, RECORD), `${JSON.stringify(record, null, 2)}\n`);
  const ok = findings.length === 0;
  const result = { model: name, ok, decisions: record.decisions.length, artifacts: record.versions.length, findings };
  session.io.result(result, () =>
    ok
      ? `${name}: ${result.decisions} decisions in an unbroken chain, ${result.artifacts} artifacts as registered`
      : [`${name}: NOT as recorded`, ...findings.map(({ what, problem }) => `  ${what}: ${problem}`)].join('\n'),
  );
  return ok ? 0 : 3;
}

/** Replays what the decisions say of the head and of each version's stage, and compares. */
function headFindings({ head, versions, decisions }: Record): Finding[] {
  const findings: Finding[] = [];
  const facts: { [name: string]: unknown } = {};
  for (const { after } of decisions) Object.assign(facts, after);
  const told = { champion: head.champion, previousChampion: head.previousChampion, lastVersion: head.lastVersion };
  for (const [fact, value] of Object.entries(told)) {
    const decided = facts[fact] ?? (fact === 'lastVersion' ? 0 : null);
    if (decided !== value)
      findings.push({ what: 'head', problem: `${fact} is ${value}, the decisions say ${decided}` });
  }
  for (const { version, stage, evidenceSha256 } of versions) {
    const own = decisions.filter((decision) => decision.version === version);
    if (own.length === 0) findings.push({ what: `version ${version}`, problem: 'no decision is about it' });
    const evidence = own[0]?.evidenceSha256;
    if (evidence && evidence !== evidenceSha256) {
      findings.push({ what: `version ${version}`, problem: 'its evidence is not what was decided on' });
    }
    const serves = head.champion === version;
    if (serves !== (stage === 'CHAMPION')) {
      findings.push({ what: `version ${version}`, problem: `it is ${stage}, the head's champion is ${head.champion}` });
    }
  }
  return findings;
}

interface Source {
  readonly record: Record;
  artifact(ref: { bucket: string; key: string; sha256: string }): Promise<Uint8Array | null>;
}

async function fromCloud(session: Session, name: string): Promise<Source> {
  const { registry } = await openModel(session, name);
  const [head, versions, decisions] = await Promise.all([registry.head(), registry.versions(), registry.decisions()]);
  const client = new S3Client({
    ...CLIENT_DEFAULTS,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 60_000 },
  });
  return {
    record: { head, versions, decisions },
    async artifact({ bucket, key }) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return (await Body?.transformToByteArray()) ?? null;
      } catch (error) {
        if ((error as Error).name === 'NoSuchKey') return null;
        throw error;
      }
    },
  };
}

async function fromFolder(folder: string, name: string): Promise<Source> {
  const text = await readFile(join(folder, RECORD), 'utf8').catch((cause: Error) => {
    throw new CliError(2, `Cannot read ${join(folder, RECORD)}: ${cause.message}`, { cause });
  });
  const parsed = recordSchema.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new CliError(2, `${join(folder, RECORD)} is not a saved record: ${z.prettifyError(parsed.error)}`);
  if (parsed.data.head.model !== name) {
    throw new CliError(2, `${folder} holds the record of "${parsed.data.head.model}", not of "${name}"`);
  }
  const artifacts = new Set(await readdir(join(folder, 'artifacts')));
  return {
    record: parsed.data,
    artifact: async ({ sha256 }) => (artifacts.has(sha256) ? readFile(join(folder, 'artifacts', sha256)) : null),
  };
}
