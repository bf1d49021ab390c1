import type { CardCharts } from './card-charts.ts';
import type { Estimate } from './flow.ts';
import { type Html, html } from './html.ts';
import { showPercent } from './wording.ts';

/** The pictures of a card: inline SVG, coloured by the classes of the page so that light and dark both fit. */

type Point = readonly [number, number];

/** Inner square of a chart and its margins, in the units of the view box. */
const SIZE = 240;
const LEFT = 58;
const TOP = 12;
const WIDTH = LEFT + SIZE + 16;
const HEIGHT = TOP + SIZE + 40;

export function rocChart(roc: Extract<CardCharts, { kind: 'binary' }>['roc']): Html {
  return unitChart('ROC curve', 'False positive rate', 'True positive rate', [
    html`<path class="area" d="${line([...roc.challenger, [1, 0]])}Z"/>`,
    roc.champion ? html`<path class="line champion" d="${line(roc.champion)}"/>` : null,
    html`<path class="line challenger" d="${line(roc.challenger)}"/>`,
  ]);
}

/** Dots grow with the rows behind them: a far dot of three rows is no reason to worry. */
export function calibrationChart(bins: Extract<CardCharts, { kind: 'binary' }>['calibration']): Html {
  const most = Math.max(1, ...bins.map(({ rows }) => rows));
  const at = bins.map(({ predicted, observed }): Point => [predicted, observed]);
  const dots = bins.map(
    ({ predicted, observed, rows }) =>
      html`<circle class="dot" cx="${x(predicted)}" cy="${y(observed)}" r="${round(2.5 + 6 * Math.sqrt(rows / most))}"><title>${rows} rows: predicted ${showPercent(predicted)}, observed ${showPercent(observed)}</title></circle>`,
  );
  return unitChart('Calibration', 'Predicted probability', 'Share positive', [
    html`<path class="line challenger thin" d="${line(at)}"/>`,
    dots,
  ]);
}

export function scatterChart(points: readonly Point[]): Html {
  const values = points.flat();
  const step = niceStep((Math.max(...values) - Math.min(...values)) / 4);
  const low = Math.floor(Math.min(...values) / step) * step;
  const span = Math.ceil((Math.max(...values) - low) / step) * step || step;
  const scale = (value: number) => (value - low) / span;
  const ticks = Array.from({ length: Math.round(span / step) + 1 }, (_, index) => ({
    share: (index * step) / span,
    label: tickLabel(low + index * step, step),
  }));
  const dots = points.map(
    ([actual, predicted]) => html`<circle class="point" cx="${x(scale(actual))}" cy="${y(scale(predicted))}" r="2.2"/>`,
  );
  return chart('Predicted against actual', 'Actual', 'Predicted', ticks, dots);
}

/** The next of 1, 2, 5, 10, … times a power of ten. */
function niceStep(least: number): number {
  if (!(least > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}

const tickLabel = (value: number, step: number) =>
  Math.abs(value) >= 1e6 || step < 1e-3
    ? value.toExponential(1)
    : value.toFixed(Math.max(0, -Math.floor(Math.log10(step))));

export function confusionChart(classes: readonly string[], confusion: readonly (readonly number[])[]): Html {
  const cell = SIZE / classes.length;
  const cells = confusion.flatMap((row, is) => {
    const total = Math.max(
      1,
      row.reduce((sum, rows) => sum + rows, 0),
    );
    return row.map((rows, said) => {
      const share = rows / total;
      const [left, top] = [LEFT + said * cell, TOP + is * cell];
      return html`<g><rect class="${is === said ? 'hit' : 'miss'}" x="${round(left)}" y="${round(top)}" width="${round(cell - 1)}" height="${round(cell - 1)}" fill-opacity="${round(0.04 + 0.9 * share)}"/><text class="${share > 0.55 ? 'cell strong' : 'cell'}" x="${round(left + cell / 2)}" y="${round(top + cell / 2 + 3.5)}">${rows}</text><title>${classes[is]} predicted as ${classes[said]}: ${rows} rows (${showPercent(share)})</title></g>`;
    });
  });
  const names = classes.flatMap((name, index) => [
    html`<text class="tick" text-anchor="end" x="${LEFT - 5}" y="${round(TOP + (index + 0.5) * cell + 3.5)}">${clipped(name, 9)}</text>`,
    html`<text class="tick" text-anchor="middle" x="${round(LEFT + (index + 0.5) * cell)}" y="${TOP + SIZE + 14}">${clipped(name, Math.max(2, Math.floor(cell / 6)))}</text>`,
  ]);
  return frame('Confusion matrix', [
    cells,
    names,
    html`<text class="axis" x="${LEFT + SIZE / 2}" y="${HEIGHT - 6}" text-anchor="middle">Predicted, by row of the true class</text>`,
  ]);
}

/** An interval with its estimate on a scale that several share; `side` gives the colour. */
export function whisker(
  estimate: Estimate,
  scale: { low: number; high: number },
  side: 'challenger' | 'champion',
): Html {
  const span = scale.high - scale.low || 1;
  const at = (value: number) => round(2 + (196 * (value - scale.low)) / span);
  return html`<svg class="whisker ${side}" viewBox="0 0 200 10" preserveAspectRatio="none" aria-hidden="true"><line x1="${at(estimate.lower)}" x2="${at(estimate.upper)}" y1="5" y2="5"/><line class="value" x1="${at(estimate.value)}" x2="${at(estimate.value)}" y1="0" y2="10"/></svg>`;
}

/** A bar of a share of its row. */
export const bar = (share: number): Html =>
  html`<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect width="${round(Math.max(0.5, 100 * Math.min(1, share)))}" height="10"/></svg>`;

function unitChart(
  title: string,
  across: string,
  up: string,
  content: readonly (Html | readonly Html[] | null)[],
): Html {
  const ticks = [0, 0.25, 0.5, 0.75, 1].map((share) => ({ share, label: String(share) }));
  return chart(title, across, up, ticks, content);
}

function chart(
  title: string,
  across: string,
  up: string,
  ticks: readonly { share: number; label: string }[],
  content: readonly (Html | readonly Html[] | null)[],
): Html {
  const grid = ticks.map(
    ({ share, label }) =>
      html`<line class="grid" x1="${LEFT}" x2="${LEFT + SIZE}" y1="${y(share)}" y2="${y(share)}"/><line class="grid" x1="${x(share)}" x2="${x(share)}" y1="${TOP}" y2="${TOP + SIZE}"/><text class="tick" text-anchor="end" x="${LEFT - 6}" y="${round(y(share) + 3.5)}">${label}</text><text class="tick" text-anchor="middle" x="${x(share)}" y="${TOP + SIZE + 15}">${label}</text>`,
  );
  const middle = TOP + SIZE / 2;
  return frame(title, [
    grid,
    html`<line class="diagonal" x1="${x(0)}" y1="${y(0)}" x2="${x(1)}" y2="${y(1)}"/>`,
    content,
    html`<text class="axis" text-anchor="middle" x="${LEFT + SIZE / 2}" y="${HEIGHT - 6}">${across}</text><text class="axis" text-anchor="middle" transform="rotate(-90 10 ${middle})" x="10" y="${middle}">${up}</text>`,
  ]);
}

type Content = Html | null | readonly Content[];

const frame = (title: string, content: readonly Content[]): Html =>
  html`<svg class="chart" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">${content}</svg>`;

const x = (share: number) => round(LEFT + SIZE * share);
const y = (share: number) => round(TOP + SIZE * (1 - share));
const line = (points: readonly Point[]) =>
  points.map(([a, b], index) => `${index ? 'L' : 'M'}${x(a)} ${y(b)}`).join('');
const round = (value: number) => Math.round(value * 100) / 100;
const clipped = (text: string, length: number) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
