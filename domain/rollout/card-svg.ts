import { type Html, html } from '../html.ts';
import { counted } from '../wording.ts';
import type { RolloutCard } from './card.ts';

/** Inner rectangle of a chart and its margins, in the units of the view box. */
const LEFT = 44;
const TOP = 12;
const SPAN = 280;
const HEIGHT = 150;
/** Powers of ten beyond which evidence looks the same. */
const DECADES = 6;

/**
 * The course of one guardrail's evidence over the challenger's requests, on a logarithmic scale: above the upper dashed
 * line it moves on (solid) or is rolled back (dashed line of harm).
 */
export function evidenceChart({ trace, guardrails, decision }: RolloutCard, at: number): Html {
  const most = Math.max(1, ...trace.points.map(({ challengers }) => challengers));
  const x = (requests: number) => round(LEFT + (SPAN * requests) / most);
  const course = (which: 0 | 1) => [
    `M${x(0)} ${y(0)}`,
    ...trace.points.map(({ challengers, evidence }) => `L${x(challengers)} ${y(evidence[at]?.[which] ?? 0)}`),
  ];
  const limit = (evidence: number | null, name: string) =>
    evidence === null
      ? null
      : html`<line class="diagonal" x1="${LEFT}" x2="${LEFT + SPAN}" y1="${y(Math.log(evidence))}" y2="${y(Math.log(evidence))}"><title>${name}: ${evidence}</title></line>`;
  const ticks = [-4, -2, 0, 2, 4].map(
    (power) =>
      html`<line class="grid" x1="${LEFT}" x2="${LEFT + SPAN}" y1="${y(power * Math.LN10)}" y2="${y(power * Math.LN10)}"/><text class="tick" text-anchor="end" x="${LEFT - 5}" y="${y(power * Math.LN10) + 3.5}">${power < 0 ? `1/${10 ** -power}` : 10 ** power}</text>`,
  );
  return html`<svg class="chart" viewBox="0 0 ${LEFT + SPAN + 12} ${TOP + HEIGHT + 30}" role="img" aria-label="Evidence about ${guardrails[at]?.name}">${ticks}${limit(decision.numbers.toMoveOn, 'moves on')}${limit(decision.numbers.toRollBack, 'rolls back')}<path class="line challenger" d="${course(0).join('')}"/><path class="line champion" d="${course(1).join('')}"/><text class="tick" x="${LEFT}" y="${TOP + HEIGHT + 15}">0</text><text class="tick" text-anchor="end" x="${LEFT + SPAN}" y="${TOP + HEIGHT + 15}">${counted(most, 'request')}</text></svg>`;
}

const y = (ln: number) =>
  round(TOP + (HEIGHT * (DECADES - Math.max(-DECADES, Math.min(DECADES, ln / Math.LN10)))) / (2 * DECADES));

const round = (value: number) => Math.round(value * 100) / 100;
