import { binomialSf } from '../statistics/special-functions.ts';
import { counted, quoted, showCount, showPercent } from '../wording.ts';
import type { WindowInput } from './compare.ts';
import type { DataQualityVerdict, FeatureVerdict } from './verdict.ts';
import { worst } from './worst.ts';

type Finding = DataQualityVerdict['findings'][number];

/** Training had none of these; half a percent is tolerated all the same. */
const TOLERATED = 0.005;

/** What is wrong with the data themselves, as the reader and the sides of the columns saw it. */
export function judgeData(
  { data = {}, window }: Pick<WindowInput, 'data' | 'window'>,
  { features, level }: { features: readonly FeatureVerdict[]; level: number },
): DataQualityVerdict {
  const { brokenLines = 0, wrongTypes = {}, newColumns = {} } = data;
  const { rows } = window;
  const alarm = (count: number, of: number) =>
    binomialSf(count, of, TOLERATED) < level ? ('ALERT_SINGLE' as const) : ('NONE' as const);
  const findings: Finding[] = [];
  if (brokenLines > 0)
    findings.push({
      finding: 'brokenLines',
      column: null,
      count: brokenLines,
      rows,
      signal: alarm(brokenLines, rows + brokenLines),
      sentence: `${counted(brokenLines, 'captured line')} could not be read, beside ${counted(rows, 'prediction')} that could`,
    });
  for (const [column, count] of Object.entries(wrongTypes))
    findings.push({
      finding: 'wrongType',
      column,
      count,
      rows,
      signal: alarm(count, rows),
      sentence: `${quoted(column)} has values of another type in ${showPercent(count / Math.max(1, rows))} of the rows; they count as missing`,
    });
  for (const { name, unwatched } of features)
    if (unwatched === 'absent')
      findings.push({
        finding: 'absentColumn',
        column: name,
        count: rows,
        rows,
        signal: 'ALERT_SINGLE',
        sentence: `${quoted(name)} is in none of the ${showCount(rows)} captured instances`,
      });
  for (const [column, count] of Object.entries(newColumns))
    findings.push({
      finding: 'newColumn',
      column,
      count,
      rows,
      signal: 'NONE',
      sentence: `${quoted(column)} is new: the model does not know it and does not use it`,
    });
  const sides = features.flatMap((feature) => feature.sides.filter((side) => isFault(side, feature)));
  return { signal: worst([...findings, ...sides].map(({ signal }) => signal)), findings };
}

/** Values move out of the usual range when the world moves, too: then it is drift, and told as such. */
const isFault = ({ side }: FeatureVerdict['sides'][number], feature: FeatureVerdict) =>
  side !== 'range' || feature.broken || feature.signal === 'NONE';
