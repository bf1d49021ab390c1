import { plainLine } from '../../domain/wording.ts';
import { coloured, decimals, shortTime, table } from '../io.ts';
import { openVersion, type Session } from '../session.ts';

/** `sluice show MODEL[@VERSION]`: one version whole, with the decisions about it. */
export async function show(session: Session, reference: string): Promise<number> {
  const { version, registry } = await openVersion(session, reference);
  const decisions = (await registry.decisions()).filter((decision) => decision.version === version.version);
  const { lineage } = version;
  session.io.result({ ...version, decisions }, () =>
    [
      `${version.model} ${version.semver} (version ${version.version})  ${coloured(version.stage)}`,
      '',
      `learner   ${lineage.learner}, ${lineage.trainRows} rows trained, ${lineage.testRows} tested`,
      `dataset   s3://${lineage.dataset.bucket}/${plainLine(lineage.dataset.key)} (version ${lineage.dataset.versionId})`,
      `          sha256 ${lineage.dataset.sha256}`,
      `artifact  s3://${version.artifact.bucket}/${version.artifact.key}`,
      `          sha256 ${version.artifact.sha256}`,
      `code      ${lineage.codeCommit}`,
      `run       ${version.runId}`,
      `card      s3://${version.artifact.bucket}/${version.files.card}`,
      '',
      table(
        ['METRIC', 'VALUE', '95 % INTERVAL'],
        Object.entries(version.metrics).map(([metric, { value, lower, upper }]) => [
          metric,
          decimals(value),
          `${decimals(lower)} to ${decimals(upper)}`,
        ]),
      ),
      '',
      ...(version.gates.passed ? ['gates     all passed'] : version.gates.failed.map((why) => `gate      ${why}`)),
      ...decisions.map(({ time, kind, who, why }) => `${shortTime(time)}  ${kind} by ${who}: ${why}`),
    ].join('\n'),
  );
  return 0;
}
