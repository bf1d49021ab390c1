import { plainLine } from '../../domain/wording.ts';
import { coloured, shortTime, table } from '../io.ts';
import { openModel, type Session } from '../session.ts';

/** `sluice runs MODEL`: every upload and what became of it, newest last. */
export async function runs(session: Session, name: string): Promise<number> {
  const { registry } = await openModel(session, name);
  const [items, uploads] = await Promise.all([registry.runs(), registry.uploads()]);
  items.sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1));
  uploads.sort((a, b) => (a.receivedAt < b.receivedAt ? -1 : 1));
  session.io.result({ model: name, runs: items, uploads }, () =>
    table(
      ['RECEIVED', 'OUTCOME', 'VERSION', 'UPLOAD', 'RUN', 'WHY'],
      uploads.map((upload) => {
        const run = items.find(({ runId }) => runId === upload.runId);
        const version = upload.status === 'DUPLICATE' ? '' : (run?.semver ?? '');
        const why = plainLine(upload.reasons[0] ?? '');
        const key = plainLine(upload.key);
        return [shortTime(upload.receivedAt), coloured(upload.status), version, key, upload.runId ?? '', why];
      }),
    ),
  );
  return 0;
}
