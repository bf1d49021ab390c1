import type { WindowItem } from '../../domain/monitor/window.ts';
import { driftText, featureStates, stateOf } from '../drift-text.ts';
import { CliError } from '../io.ts';
import { reportOf, windowOf } from '../last-window.ts';
import { openModel, type Session } from '../session.ts';

/** `sluice drift MODEL`: how far each feature of the champion stands from its training data now. Exit 3 when something alerts. */
export async function drift(session: Session, name: string): Promise<number> {
  const opened = await openModel(session, name);
  const judged = ({ reportKey, versions }: WindowItem) =>
    reportKey !== null && versions.some(({ champion }) => champion);
  const window = await windowOf(opened, undefined, judged);
  const report = await reportOf(opened, window);
  const version = report?.versions.find(({ champion }) => champion);
  if (!report || !version) throw new CliError(1, `The report of window ${window.id} is gone`);
  const features = featureStates(version);
  const predicted = version.verdict?.prediction ?? null;
  const prediction = predicted && stateOf(predicted);
  const { open } = await opened.registry.reactions();
  const value = {
    model: name,
    window: window.id,
    status: window.status,
    version: version.version,
    rows: version.rows,
    features,
    prediction,
    quality: window.quality,
    incidents: open.map(({ id }) => id),
  };
  session.io.result(value, () => {
    const known = open.length > 0 ? `\n\nopen: ${open.map(({ id }) => id).join(', ')}; sluice incidents ${name}` : '';
    return driftText(report, version) + known;
  });
  return [...features, ...(prediction ? [prediction] : [])].some(({ signal }) => signal === 'ALERT') ? 3 : 0;
}
