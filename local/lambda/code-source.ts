import { Unsupported } from '../kernel/errors.ts';
import type { Call, CloudContext, Document } from '../kernel/service.ts';
import type { CodeStore } from './code-store.ts';
import type { CodeSnapshot } from './state.ts';

/** The code that a call of the API hands in: the bytes of a zip file, or where one is in S3. */
export async function codeFrom(
  context: CloudContext,
  codes: CodeStore,
  input: Document,
  call: Call,
): Promise<CodeSnapshot> {
  const { ZipFile, S3Bucket, S3Key, S3ObjectVersion } = input;
  if (ZipFile !== undefined) {
    return codes.fromZip(ZipFile instanceof Uint8Array ? ZipFile : Buffer.from(String(ZipFile), 'base64'));
  }
  if (S3Bucket === undefined || S3Key === undefined) {
    const given = Object.keys(input).join(', ') || 'nothing';
    throw new Unsupported(`Lambda code from ${given}`, { hint: 'It takes ZipFile, or S3Bucket and S3Key.' });
  }
  const source = { Bucket: S3Bucket, Key: S3Key, ...(S3ObjectVersion ? { VersionId: S3ObjectVersion } : {}) };
  const { Body } = await context.call(call.principal, 's3', 'GetObject', source, call.work);
  return codes.fromZip(await bytesOf(Body));
}

async function bytesOf(body: unknown): Promise<Uint8Array> {
  if (body instanceof Uint8Array) return body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks);
}
