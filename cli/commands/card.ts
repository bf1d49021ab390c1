import { writeFile } from 'node:fs/promises';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { cardSchema } from '../../domain/card.ts';
import { RUN_FILES, runPrefix } from '../../domain/names.ts';
import { cardText } from '../card-text.ts';
import { CLIENT_DEFAULTS } from '../environment.ts';
import { CliError } from '../io.ts';
import { openVersion, type Session } from '../session.ts';

export interface CardOptions {
  /** Writes the page into this file instead of printing. */
  readonly html?: string;
}

/** `sluice card MODEL[@VERSION]`: the model card as text, as JSON (`--json`) or as a page (`--html FILE`). */
export async function card(session: Session, reference: string, { html }: CardOptions): Promise<number> {
  const { version, registry } = await openVersion(session, reference);
  const prefix = runPrefix(version.model, version.runId);
  const client = new S3Client(CLIENT_DEFAULTS);
  const read = async (file: string) => {
    const { Body } = await client.send(new GetObjectCommand({ Bucket: version.artifact.bucket, Key: prefix + file }));
    if (!Body) throw new CliError(1, `s3://${version.artifact.bucket}/${prefix}${file} is empty`);
    return Body.transformToString();
  };
  if (html !== undefined) {
    await writeFile(html, await read(RUN_FILES.cardHtml));
    session.io.result({ model: version.model, version: version.version, file: html }, () => `wrote ${html}`);
    return 0;
  }
  const content = cardSchema.parse(JSON.parse(await read(RUN_FILES.cardJson)));
  // The card was written when the version was registered; what became of it since is in the registry.
  const decisions = (await registry.decisions()).filter((decision) => decision.version === version.version);
  session.io.result(content, () => cardText({ ...content, stage: version.stage, decisions }));
  return 0;
}
