import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import * as z from 'zod';
import type { Version } from '../domain/registry-items.ts';
import { AUDITED_FILES, type AuditedFile, type AuditSource, auditRecordSchema } from './audit.ts';
import { CLIENT_DEFAULTS } from './environment.ts';
import { CliError } from './io.ts';
import { openModel, type Session } from './session.ts';

const RECORD = 'record.json';

/** The registry and the artifact bucket as they are. */
export async function cloudSource(session: Session, name: string): Promise<AuditSource> {
  const { registry } = await openModel(session, name);
  const [head, versions, decisions] = await Promise.all([registry.head(), registry.versions(), registry.decisions()]);
  const client = new S3Client({
    ...CLIENT_DEFAULTS,
    requestHandler: { connectionTimeout: 3_000, requestTimeout: 60_000 },
  });
  return {
    record: { head, versions, decisions },
    async read({ artifact, files }, file) {
      const Key = file === 'artifact' ? artifact.key : files[file];
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: artifact.bucket, Key }));
        return (await Body?.transformToByteArray()) ?? null;
      } catch (error) {
        if ((error as Error).name === 'NoSuchKey') return null;
        throw error;
      }
    },
  };
}

/** What {@link saving} has written, with no AWS at all. */
export async function folderSource(folder: string, name: string): Promise<AuditSource> {
  const file = join(folder, RECORD);
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new CliError(2, `Cannot read ${file}: ${cause.message}`, { cause });
  });
  const record = parseRecord(text, file);
  if (record.head.model !== name) {
    throw new CliError(2, `${folder} holds the record of "${record.head.model}", not of "${name}"`);
  }
  return { record, read: (version, which) => bytesAt(join(folder, fileName(version, which))) };
}

/** A source that writes everything that is read from it into a folder. */
export async function saving(source: AuditSource, folder: string): Promise<AuditSource> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, RECORD), `${JSON.stringify(source.record, null, 2)}\n`);
  return {
    record: source.record,
    async read(version, which) {
      const bytes = await source.read(version, which);
      if (bytes) {
        await mkdir(join(folder, versionFolder(version)), { recursive: true });
        await writeFile(join(folder, fileName(version, which)), bytes);
      }
      return bytes;
    },
  };
}

/** How many files an audit reads for a record. */
export const fileCount = ({ record }: AuditSource): number => record.versions.length * AUDITED_FILES.length;

const versionFolder = ({ version }: Version) => `version-${version}`;

/** Names of our own: keys from a registry that may have been altered must not lead out of the folder. */
const fileName = (version: Version, which: AuditedFile) =>
  join(versionFolder(version), which === 'artifact' ? 'artifact.zip' : `${which}.json`);

function parseRecord(text: string, file: string) {
  try {
    return auditRecordSchema.parse(JSON.parse(text));
  } catch (cause) {
    const why = cause instanceof z.ZodError ? z.prettifyError(cause) : (cause as Error).message;
    throw new CliError(3, `${file} is not a record as it was saved: ${why}`, { cause });
  }
}

async function bytesAt(file: string): Promise<Uint8Array | null> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
