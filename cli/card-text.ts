import type { Card } from '../domain/card.ts';
import { plainLine, quoted } from '../domain/wording.ts';
import { coloured, decimals, shortTime, table } from './io.ts';

/** The model card for a terminal: what the page says, without its charts. */
export function cardText(card: Card): string {
  const { problem, evaluation, data, lineage } = card;
  const champion = evaluation.metrics.champion;
  const positive = problem.positive === null ? '' : `, positive ${quoted(problem.positive)}`;
  const sections = [
    [
      `${card.model} ${card.semver} (version ${card.version})  ${coloured(card.stage)}`,
      `${problem.kind} problem, target ${quoted(problem.target)}${positive}`,
      `${data.trainRows} rows trained, ${data.testRows} tested, ${data.columns.length} columns, ${lineage.learner}`,
    ],
    [
      table(
        ['METRIC', 'VALUE', '95 % INTERVAL', ...(champion ? [`CHAMPION (${evaluation.championVersion})`] : [])],
        Object.entries(evaluation.metrics.challenger).map(([name, { value, lower, upper }]) => [
          name,
          decimals(value),
          `${decimals(lower)} to ${decimals(upper)}`,
          ...(champion ? [champion[name] ? decimals(champion[name].value) : ''] : []),
        ]),
      ),
    ],
    card.verdicts.map(({ status, sentence }) => `${coloured(status.padEnd(12))} ${sentence}`),
    [
      'what it looks at',
      ...evaluation.importance.slice(0, 8).map(({ column, importance }) => {
        const bar = '█'.repeat(Math.max(1, Math.round(importance * 40)));
        return `  ${plainLine(column).padEnd(24)} ${bar} ${(importance * 100).toFixed(0)} %`;
      }),
    ],
    [
      `dataset   sha256 ${lineage.dataset.sha256}`,
      `artifact  sha256 ${lineage.artifactSha256}`,
      `evidence  sha256 ${lineage.evidenceSha256}`,
      `code      ${lineage.codeCommit}, run ${lineage.runId}`,
    ],
    card.decisions.map(({ time, kind, who, why }) => `${shortTime(time)}  ${kind} by ${who}: ${why}`),
  ];
  return sections.map((lines) => lines.join('\n')).join('\n\n');
}
