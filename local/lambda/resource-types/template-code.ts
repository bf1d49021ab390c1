import { Unsupported } from '../../kernel/errors.ts';
import type { AssetLocator } from '../../kernel/resource-type.ts';
import type { Document } from '../../kernel/service.ts';
import type { CodeStore } from '../code-store.ts';
import type { CodeSnapshot } from '../state.ts';

/** The code that a template names: an asset of the assembly, or source text. */
export function templateCode(codes: CodeStore, code: Document, assembly: AssetLocator): Promise<CodeSnapshot> {
  const { S3Bucket, S3Key, ZipFile, ...others } = code;
  const [other] = Object.keys(others);
  if (other) throw new Unsupported(`${other} of Lambda code`);
  if (ZipFile !== undefined) return codes.fromText(String(ZipFile));
  return codes.fromPath(assembly.path(String(S3Bucket), String(S3Key)));
}
