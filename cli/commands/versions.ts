import { coloured, decimals, shortTime, table } from '../io.ts';
import { openModel, type Session } from '../session.ts';

/** `sluice versions MODEL`: every registered version, oldest first. */
export async function versions(session: Session, name: string): Promise<number> {
  const { registry } = await openModel(session, name);
  const items = await registry.versions();
  session.io.result({ model: name, versions: items }, () =>
    table(
      ['VERSION', 'SEMVER', 'STAGE', 'CREATED', 'METRICS', 'GATES'],
      items.map((item) => [
        String(item.version),
        item.semver,
        coloured(item.stage),
        shortTime(item.createdAt),
        Object.entries(item.metrics)
          .slice(0, 2)
          .map(([metric, { value }]) => `${metric} ${decimals(value)}`)
          .join(', '),
        item.gates.passed ? 'passed' : (item.gates.failed[0] ?? 'failed'),
      ]),
    ),
  );
  return 0;
}
