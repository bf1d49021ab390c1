import { basename } from 'node:path';
import { trainingPrefix } from '../../domain/names.ts';
import { sendFile } from '../send-file.ts';
import type { Session } from '../session.ts';

export interface UploadOptions {
  readonly wait?: boolean;
  /** Name below `<model>/training/`. @default the file's own name */
  readonly as?: string;
}

/** `sluice upload MODEL FILE`: puts a dataset where the pipeline takes it from; with `--wait` follows what becomes of it. */
export function upload(session: Session, name: string, file: string, options: UploadOptions): Promise<number> {
  return sendFile(session, name, {
    file,
    expected: 'one CSV or Parquet file, or a manifest',
    key: trainingPrefix(name) + (options.as ?? basename(file)),
    wait: options.wait ?? false,
  });
}
