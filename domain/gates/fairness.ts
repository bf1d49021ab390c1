import { THRESHOLD } from '../metrics/additive.ts';
import type { Gate } from '../model-config.ts';
import type { BinaryScores } from '../scores.ts';
import { holm } from '../statistics/multiplicity.ts';
import { Z_TWO_SIDED } from '../statistics/proportion.ts';
import { normalCdf, normalSf } from '../statistics/special-functions.ts';
import { quoted, showInterval, showNumber } from '../wording.ts';
import { type Evidence, UNDECIDED, type Verdict, verdicts } from './verdict.ts';

type FairnessGate = Extract<Gate, { gate: 'fairness' }>;

interface Group {
  readonly name: string;
  readonly rows: number;
  readonly selected: number;
  readonly positives: number;
  readonly found: number;
}

/** One measure for the two groups that are furthest apart, and the Holm-adjusted evidence over all pairs. */
interface Disparity {
  readonly value: number;
  readonly lower: number;
  readonly upper: number;
  readonly low: string;
  readonly high: string;
  readonly p: number;
}

const ALPHA = 0.05;
/** Positives that a group needs before its share found means anything; the default support of slices. */
const MIN_POSITIVES = 20;

/**
 * `fairness`: are positive predictions (disparate impact: a ratio of shares) and hits among the truly positive (equal
 * opportunity: a difference of shares) spread evenly over the groups of an attribute? Every pair of groups with support
 * is compared. Blocks on one-sided 95 % evidence that a limit is crossed, warns when only the point estimate crosses it.
 */
export function fairness(gate: FairnessGate, { scores }: Evidence): Verdict {
  const verdict = verdicts('fairness');
  const name = quoted(gate.attribute);
  const asked = { attribute: gate.attribute, minImpact: gate.disparateImpact, maxDifference: gate.equalOpportunity };
  if (scores.kind !== 'binary') {
    return verdict('INSUFFICIENT', `Fairness over ${name} is defined for binary problems only; ${UNDECIDED}.`, asked);
  }
  const groups = groupsOf(scores, gate.attribute).filter(({ rows }) => rows >= gate.minRows);
  const impact = furthest(groups, (low, high) => disparateImpact(low, high, gate.disparateImpact));
  const withPositives = groups.filter(({ positives }) => positives >= MIN_POSITIVES);
  const opportunity = furthest(withPositives, (low, high) => equalOpportunity(low, high, gate.equalOpportunity));
  const numbers = { ...asked, groups: groups.length, ...flat('impact', impact), ...flat('opportunity', opportunity) };
  if (!impact && !opportunity) {
    const reason =
      groups.length < 2
        ? `fewer than two groups have ${gate.minRows} rows`
        : `no group has a positive prediction or ${MIN_POSITIVES} positives`;
    return verdict('INSUFFICIENT', `Fairness over ${name} cannot be told, because ${reason}; ${UNDECIDED}.`, numbers);
  }
  const crossed =
    (impact !== undefined && impact.value < gate.disparateImpact) ||
    (opportunity !== undefined && opportunity.value > gate.equalOpportunity);
  const proven = [impact, opportunity].some((disparity) => disparity !== undefined && disparity.p <= ALPHA);
  const sentence = `Over ${name}: ${impactText(impact, gate)}; ${opportunityText(opportunity, gate)}`;
  if (proven) return verdict('FAIL', `${sentence}. A limit is crossed with 95 % confidence.`, numbers);
  if (crossed) return verdict('WARN', `${sentence}. A limit is crossed, but chance could explain it.`, numbers);
  return verdict('PASS', `${sentence}.`, numbers);
}

/** Rows without the attribute belong to no group. */
function groupsOf(scores: BinaryScores, attribute: string): Group[] {
  const values = Object.hasOwn(scores.attributes, attribute) ? (scores.attributes[attribute] ?? []) : [];
  const groups = new Map<string, Group>();
  values.forEach((value, row) => {
    if (value === null) return;
    const group = groups.get(value) ?? { name: value, rows: 0, selected: 0, positives: 0, found: 0 };
    const selected = (scores.challenger[row] ?? 0) >= THRESHOLD ? 1 : 0;
    const positive = scores.truth[row] ?? 0;
    groups.set(value, {
      name: value,
      rows: group.rows + 1,
      selected: group.selected + selected,
      positives: group.positives + positive,
      found: group.found + selected * positive,
    });
  });
  return [...groups.values()];
}

type Compare = (a: Group, b: Group) => (Disparity & { distance: number }) | undefined;

function furthest(groups: readonly Group[], compare: Compare): Disparity | undefined {
  const pairs = groups.flatMap((a, index) => groups.slice(index + 1).flatMap((b) => compare(a, b) ?? []));
  if (pairs.length === 0) return undefined;
  const p = Math.min(...holm(pairs.map((pair) => pair.p)));
  const { distance: _, ...worst } = pairs.reduce((a, b) => (b.distance > a.distance ? b : a));
  return { ...worst, p };
}

/** The smaller share of positive predictions over the larger; Katz's log interval with half a row added, for empty cells. */
function disparateImpact(a: Group, b: Group, limit: number): ReturnType<Compare> {
  if (a.selected + b.selected === 0) return undefined;
  const [low, high] = a.selected / a.rows <= b.selected / b.rows ? [a, b] : [b, a];
  const value = low.selected / low.rows / (high.selected / high.rows);
  const centre = Math.log(((low.selected + 0.5) * (high.rows + 0.5)) / ((low.rows + 0.5) * (high.selected + 0.5)));
  const error = Math.sqrt(
    1 / (low.selected + 0.5) - 1 / (low.rows + 0.5) + 1 / (high.selected + 0.5) - 1 / (high.rows + 0.5),
  );
  return {
    value,
    lower: Math.min(value, Math.exp(centre - Z_TWO_SIDED * error)),
    upper: Math.max(value, Math.exp(centre + Z_TWO_SIDED * error)),
    low: low.name,
    high: high.name,
    p: normalCdf((centre - Math.log(limit)) / error),
    distance: -value,
  };
}

/** The larger share of positives found less the smaller; Agresti and Caffo's interval (a hit and a miss added to each). */
function equalOpportunity(a: Group, b: Group, limit: number): ReturnType<Compare> {
  const [low, high] = a.found / a.positives <= b.found / b.positives ? [a, b] : [b, a];
  const value = high.found / high.positives - low.found / low.positives;
  const [p, q] = [(high.found + 1) / (high.positives + 2), (low.found + 1) / (low.positives + 2)];
  const error = Math.sqrt((p * (1 - p)) / (high.positives + 2) + (q * (1 - q)) / (low.positives + 2));
  return {
    value,
    lower: Math.min(value, p - q - Z_TWO_SIDED * error),
    upper: Math.max(value, p - q + Z_TWO_SIDED * error),
    low: low.name,
    high: high.name,
    p: normalSf((p - q - limit) / error),
    distance: value,
  };
}

const flat = (name: string, disparity: Disparity | undefined): Verdict['numbers'] =>
  disparity
    ? {
        [name]: disparity.value,
        [`${name}Lower`]: disparity.lower,
        [`${name}Upper`]: disparity.upper,
        [`${name}Low`]: disparity.low,
        [`${name}High`]: disparity.high,
        [`${name}P`]: disparity.p,
      }
    : { [name]: null };

const measured = (disparity: Disparity) => `${showNumber(disparity.value)} (95 % interval ${showInterval(disparity)})`;

const impactText = (impact: Disparity | undefined, gate: FairnessGate) =>
  impact
    ? `${quoted(impact.low)} is predicted positive ${measured(impact)} times as often as ${quoted(impact.high)}, at least ${gate.disparateImpact} is asked`
    : 'disparate impact cannot be told, because no group has a positive prediction';

const opportunityText = (opportunity: Disparity | undefined, gate: FairnessGate) =>
  opportunity
    ? `the share of positives found differs by ${measured(opportunity)} between ${quoted(opportunity.high)} and ${quoted(opportunity.low)}, at most ${gate.equalOpportunity} is asked`
    : `equal opportunity cannot be told, because fewer than two groups have ${MIN_POSITIVES} positives`;
