import { basename } from 'node:path';
import { truthPrefix } from '../../domain/names.ts';
import { sendFile } from '../send-file.ts';
import type { Session } from '../session.ts';

export interface TruthOptions {
  readonly wait?: boolean;
  /** Name below `<model>/truth/`. @default the file's own name */
  readonly as?: string;
}

/** `sluice truth MODEL FILE`: what really happened, by inference id; quality is judged by it as soon as it is enough. */
export function truth(session: Session, name: string, file: string, options: TruthOptions): Promise<number> {
  return sendFile(session, name, {
    file,
    expected: 'one CSV or Parquet file with the columns inference_id and label',
    key: truthPrefix(name) + (options.as ?? basename(file)),
    wait: options.wait ?? false,
  });
}
