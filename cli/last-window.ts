import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type WindowReport, windowReportSchema } from '../domain/monitor/report.ts';
import type { WindowItem } from '../domain/monitor/window.ts';
import { CLIENT_DEFAULTS } from './environment.ts';
import { CliError } from './io.ts';
import type { ModelSession } from './session.ts';

const RECENT = 200;

/** The window of that id, or the newest one that `wanted` takes. */
export async function windowOf(
  { registry, model }: ModelSession,
  id: string | undefined,
  wanted: (window: WindowItem) => boolean,
): Promise<WindowItem> {
  if (id !== undefined) {
    const window = await registry.window(id);
    if (window) return window;
    const recent = (await registry.windows(5)).map((item) => item.id).join(', ') || 'none';
    throw new CliError(2, `${model.name} has no window ${id}; the last are ${recent}`);
  }
  const found = (await registry.windows(RECENT)).find(wanted);
  if (found) return found;
  throw new CliError(3, `No window of ${model.name} has been judged yet`, {
    hint: 'Windows are judged a quarter of an hour after they end, where there were predictions.',
  });
}

/** The report of a window as data; null where it has none, because nothing was captured. */
export async function reportOf(session: ModelSession, { reportKey }: WindowItem): Promise<WindowReport | null> {
  if (reportKey === null) return null;
  return windowReportSchema.parse(JSON.parse(await readArtifact(session, reportKey)));
}

export async function readArtifact({ environment }: ModelSession, key: string): Promise<string> {
  const client = new S3Client(CLIENT_DEFAULTS);
  const { Body } = await client.send(new GetObjectCommand({ Bucket: environment.artifactBucket, Key: key }));
  if (!Body) throw new CliError(1, `s3://${environment.artifactBucket}/${key} is empty`);
  return Body.transformToString();
}
