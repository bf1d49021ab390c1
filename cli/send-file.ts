import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { uploadId } from '../domain/slot.ts';
import { CLIENT_DEFAULTS } from './environment.ts';
import { type Followed, follow, historyReader } from './follow.ts';
import { CliError, coloured } from './io.ts';
import { openModel, type Session } from './session.ts';

export interface SendOptions {
  readonly file: string;
  /** What kind of file is expected, for who gives something else. */
  readonly expected: string;
  readonly key: string;
  readonly wait: boolean;
}

const LOOK_EVERY_MS = 300;

/** Puts a file where the pipeline takes it from; where asked, follows what becomes of it. Gives the exit code. */
export async function sendFile(session: Session, name: string, options: SendOptions): Promise<number> {
  const { file, key } = options;
  const { environment, registry } = await openModel(session, name);
  const { io } = session;
  const found = await stat(file).catch((cause: Error) => {
    throw new CliError(2, `Cannot read ${file}: ${cause.message}`, { cause });
  });
  if (!found.isFile()) throw new CliError(2, `${file} is not a file: upload ${options.expected}`);
  const client = new S3Client({
    ...CLIENT_DEFAULTS,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 120_000 },
  });
  io.busy(`uploading ${file}`);
  const sent = await new Upload({
    client,
    params: { Bucket: environment.dataBucket, Key: key, Body: createReadStream(file) },
  }).done();
  const versionId = sent.VersionId;
  if (!versionId) throw new CliError(1, `The bucket ${environment.dataBucket} gave no version id: is versioning on?`);
  io.idle();
  const uri = `s3://${environment.dataBucket}/${key}`;
  if (!options.wait) {
    io.result({ model: name, key, versionId }, () => `uploaded ${uri}\nfollow it with: npx sluice runs ${name}`);
    return 0;
  }
  io.progress(`uploaded ${uri}`);
  const started = performance.now();
  const followed = await follow(uploadId(versionId), {
    registry,
    statesOf: historyReader(),
    progress(line) {
      io.progress(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line.trim()}`);
      io.busy(line.trim());
    },
    pause: () => sleep(LOOK_EVERY_MS),
    now: () => Date.now(),
  });
  if (!followed)
    throw new CliError(1, 'Nothing became of the upload within an hour', { hint: `Look at: npx sluice runs ${name}` });
  io.result({ model: name, key, versionId, status: followed.status, upload: followed.upload, run: followed.run }, () =>
    describe(followed, name),
  );
  return exitCode(followed);
}

function describe({ status, upload: uploaded, run }: Followed, name: string): string {
  const version = run?.version ? ` as ${name} ${run.semver} (version ${run.version})` : '';
  const reasons = (status === 'DUPLICATE' ? uploaded.reasons : (run?.reasons ?? uploaded.reasons)).map(
    (why) => `  ${why}`,
  );
  const next =
    status === 'AWAITING_APPROVAL'
      ? [`  answer with: npx sluice approve ${name}@${run?.version} or npx sluice reject ${name}@${run?.version}`]
      : [];
  return [`${coloured(status)}${version}`, ...reasons, ...next].join('\n');
}

const NO: ReadonlySet<Followed['status']> = new Set(['REJECTED', 'QUARANTINED', 'SUPERSEDED']);

/** A duplicate ends as the run ended that it repeats. */
function exitCode({ status, run }: Followed): number {
  const outcome = status === 'DUPLICATE' && run ? run.status : status;
  if (outcome === 'FAILED') return 1;
  return NO.has(outcome) ? 3 : 0;
}
