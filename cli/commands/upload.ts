import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { S3Client } from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { trainingPrefix } from '../../domain/names.ts';
import { uploadId } from '../../domain/slot.ts';
import { CLIENT_DEFAULTS } from '../environment.ts';
import { type Followed, follow, historyReader } from '../follow.ts';
import { CliError, coloured } from '../io.ts';
import { openModel, type Session } from '../session.ts';

export interface UploadOptions {
  readonly wait?: boolean;
  /** Name below `<model>/training/`. @default the file's own name */
  readonly as?: string;
}

const LOOK_EVERY_MS = 300;

/** `sluice upload MODEL FILE`: puts a dataset where the pipeline takes it from; with `--wait` follows what becomes of it. */
export async function upload(session: Session, name: string, file: string, options: UploadOptions): Promise<number> {
  const { environment, registry } = await openModel(session, name);
  const { io } = session;
  const found = await stat(file).catch((cause: Error) => {
    throw new CliError(2, `Cannot read ${file}: ${cause.message}`, { cause });
  });
  if (!found.isFile()) throw new CliError(2, `${file} is not a file: upload one CSV or Parquet file, or a manifest`);
  const key = trainingPrefix(name) + (options.as ?? basename(file));
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
