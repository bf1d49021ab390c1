import { type Html, html } from '../html.ts';
import { showNumber, showPercent } from '../wording.ts';
import type { Shape, TrendPoint } from './report.ts';

/** The pictures of a window's report: inline SVG, coloured by the classes of the page. */

/** Inner rectangle of a chart and its margins, in the units of the view box. */
const LEFT = 34;
const RIGHT = 8;
const TOP = 10;
const SPAN = 300;
const HEIGHT = 130;
const BOTTOM = TOP + HEIGHT;

/** Training as a filled shape, now as bars before it or as a line: over values where they are numbers, else by category. */
export function shapeChart(name: string, shape: Shape): Html {
  return shape.kind === 'numeric' && isSmooth(shape) ? densityChart(name, shape) : barChart(name, barsOf(shape));
}

interface Bar {
  readonly label: string;
  readonly training: number;
  readonly current: number;
}

/** Bars beyond this many are too thin to be read; the smallest are put together. */
const MOST_BARS = 14;

function barsOf(shape: Shape): Bar[] {
  const { training, current } = shape;
  const labels = shape.kind === 'categorical' ? shape.labels : intervals(shape.edges);
  const bars = labels.map((label, bin) => ({ label, training: training[bin] ?? 0, current: current[bin] ?? 0 }));
  if (bars.length <= MOST_BARS || shape.kind === 'numeric') return bars;
  const telling = new Set(
    [...bars].sort((a, b) => Math.max(b.training, b.current) - Math.max(a.training, a.current)).slice(0, MOST_BARS - 1),
  );
  const kept = bars.filter((bar) => telling.has(bar));
  const rest = bars.filter((bar) => !telling.has(bar));
  const sum = (side: 'training' | 'current') => rest.reduce((total, bar) => total + bar[side], 0);
  return [...kept, { label: `${rest.length} more`, training: sum('training'), current: sum('current') }];
}

const intervals = (edges: readonly number[]) => [
  ...edges.map((edge) => `≤ ${showTick(edge)}`),
  `> ${showTick(edges.at(-1) ?? 0)}`,
];

function barChart(name: string, bars: readonly Bar[]): Html {
  const most = Math.max(0.01, ...bars.flatMap(({ training, current }) => [training, current]));
  const top = niceCeiling(most);
  const width = SPAN / bars.length;
  const gap = Math.min(6, width * 0.2);
  const y = (share: number) => BOTTOM - (HEIGHT * share) / top;
  const room = Math.max(3, Math.floor(width / 5.6));
  // Where not every label has room, every second one is told.
  const every = room < 5 ? Math.ceil(32 / width) : 1;
  const drawn = bars.map(({ label, training, current }, index) => {
    const x = LEFT + index * width + gap / 2;
    const inner = width - gap;
    const title = html`<title>${label}: ${showPercent(current)} now, ${showPercent(training)} in training</title>`;
    const text =
      index % every === 0
        ? html`<text class="tick" text-anchor="middle" x="${round(x + inner / 2)}" y="${BOTTOM + 14}">${clipped(label, room * every)}</text>`
        : null;
    return html`<g>${title}<rect class="then" x="${round(x)}" width="${round(inner)}" y="${round(y(training))}" height="${round(BOTTOM - y(training))}"/><rect class="now" x="${round(x + inner * 0.22)}" width="${round(inner * 0.56)}" y="${round(y(current))}" height="${round(BOTTOM - y(current))}"/>${text}</g>`;
  });
  return frame(`Distribution of ${name}, now and in training`, [shareGrid(top), drawn]);
}

type NumericShape = Extract<Shape, { kind: 'numeric' }>;

/** Few distinct values are bars; so is a shape with a needle in it, which would show nothing but the needle. */
function isSmooth({ edges, low, high }: NumericShape): boolean {
  const middle = (edges[edges.length - 3] ?? 0) - (edges[2] ?? 0);
  return edges.length >= 8 && middle > LEAST_MIDDLE * (high - low);
}

/** Part of the picture that the middle of training, four fifths of its values, takes at least. */
const LEAST_MIDDLE = 0.15;

interface Step {
  readonly from: number;
  readonly to: number;
  readonly density: number;
}

function steps({ edges, low, high }: NumericShape, shares: readonly number[]): Step[] {
  const bounds = [Math.min(low, edges[0] ?? low), ...edges, Math.max(high, edges.at(-1) ?? high)];
  return shares.map((share, bin) => {
    const [from = 0, to = 0] = [bounds[bin], bounds[bin + 1]];
    return { from, to, density: to > from ? share / (to - from) : 0 };
  });
}

function densityChart(name: string, shape: NumericShape): Html {
  const [then, now] = [steps(shape, shape.training), steps(shape, shape.current)];
  const most = Math.max(...then.map(({ density }) => density), ...now.map(({ density }) => density));
  const [low = 0, high = 1] = [then[0]?.from, then.at(-1)?.to];
  const [left, span] = [4, SPAN + LEFT - 4];
  const x = (value: number) => round(left + (span * (value - low)) / (high - low || 1));
  const y = (density: number) => round(BOTTOM - (HEIGHT * density) / (most || 1));
  const outline = (course: readonly Step[]) =>
    course.map(({ from, to, density }) => `L${x(from)} ${y(density)}L${x(to)} ${y(density)}`).join('');
  const step = niceStep((high - low) / 5);
  const ticks: Html[] = [];
  for (let value = Math.ceil(low / step) * step; value <= high; value += step) {
    const at = Math.abs(value) < step / 1e6 ? 0 : value;
    ticks.push(
      html`<line class="grid" x1="${x(at)}" x2="${x(at)}" y1="${TOP}" y2="${BOTTOM}"/><text class="tick" text-anchor="middle" x="${x(at)}" y="${BOTTOM + 14}">${showTick(at)}</text>`,
    );
  }
  const titles = then.map(
    ({ from, to }, bin) =>
      html`<rect class="touch" x="${x(from)}" width="${round(Math.max(0, x(to) - x(from)))}" y="${TOP}" height="${HEIGHT}"><title>${showTick(from)} to ${showTick(to)}: ${showPercent(shape.current[bin] ?? 0)} now, ${showPercent(shape.training[bin] ?? 0)} in training</title></rect>`,
  );
  return frame(`Distribution of ${name}, now and in training`, [
    ticks,
    html`<line class="base" x1="${left}" x2="${left + span}" y1="${BOTTOM}" y2="${BOTTOM}"/>`,
    html`<path class="then" d="M${x(low)} ${BOTTOM}${outline(then)}L${x(high)} ${BOTTOM}Z"/>`,
    html`<path class="now-area" d="M${x(low)} ${BOTTOM}${outline(now)}L${x(high)} ${BOTTOM}Z"/>`,
    html`<path class="now-line" d="M${x(low)} ${BOTTOM}${outline(now)}L${x(high)} ${BOTTOM}"/>`,
    titles,
  ]);
}

export interface Course {
  readonly label: string;
  /** One value a window or day; null where there is none. */
  readonly values: readonly (number | null)[];
  /** What speaks against it at this place: it is drawn as a dot. */
  readonly alerts: readonly boolean[];
  readonly titles: readonly string[];
  readonly first: string;
  readonly last: string;
  /** A line that it should stay below. */
  readonly limit: { readonly value: number; readonly label: string } | null;
  readonly show: (value: number) => string;
  /** Small values get more room: for what is mostly near zero and then is not. */
  readonly root?: boolean;
}

/** A value over windows or days, with what alerted. */
export function courseChart(course: Course): Html {
  const { values, limit, show } = course;
  const told = values.filter((value) => value !== null);
  const top = niceCeiling(Math.max(limit === null ? 0 : limit.value * 1.25, ...told, 1e-9));
  const wide = 2 * SPAN + 60;
  const x = (index: number) => round(LEFT + (values.length < 2 ? wide / 2 : (wide * index) / (values.length - 1)));
  const scaled = (share: number) => (course.root ? Math.sqrt(share) : share);
  const y = (value: number) => round(BOTTOM - HEIGHT * scaled(Math.max(0, Math.min(value, top)) / top));
  let open = false;
  const path = values
    .map((value, index) => {
      if (value === null) {
        open = false;
        return '';
      }
      const command = `${open ? 'L' : 'M'}${x(index)} ${y(value)}`;
      open = true;
      return command;
    })
    .join('');
  const dots = values.map((value, index) => {
    if (value === null) return null;
    const alert = course.alerts[index] ?? false;
    const size = alert ? 4 : values.length > 60 ? 1.4 : 2.4;
    return html`<circle class="${alert ? 'alarm' : 'calm'}" cx="${x(index)}" cy="${y(value)}" r="${size}"><title>${course.titles[index] ?? ''}</title></circle>`;
  });
  const grid = (course.root ? [0, 0.25, 1] : [0, 0.5, 1]).map(
    (share) =>
      html`<line class="grid" x1="${LEFT}" x2="${LEFT + wide}" y1="${y(share * top)}" y2="${y(share * top)}"/><text class="tick" text-anchor="end" x="${LEFT - 5}" y="${y(share * top) + 3.5}">${show(share * top)}</text>`,
  );
  const bound = limit
    ? html`<line class="diagonal" x1="${LEFT}" x2="${LEFT + wide}" y1="${y(limit.value)}" y2="${y(limit.value)}"/><text class="tick" x="${LEFT + 4}" y="${round(y(limit.value) - 5)}">${limit.label}</text>`
    : null;
  const ends = html`<text class="tick" x="${LEFT}" y="${BOTTOM + 15}">${course.first}</text>${values.length > 1 ? html`<text class="tick" text-anchor="end" x="${LEFT + wide}" y="${BOTTOM + 15}">${course.last}</text>` : null}`;
  return html`<svg class="chart" viewBox="0 0 ${LEFT + wide + RIGHT} ${BOTTOM + 22}" role="img" aria-label="${course.label}">${grid}${bound}<path class="line now" d="${path}"/>${dots}${ends}</svg>`;
}

export const isAlarming = ({ status }: Pick<TrendPoint, 'status'>) => status === 'DRIFT' || status === 'LOSS';

/** An index against what still counts as unchanged: how far it reaches, and where the line is. */
export function indexBar(psi: number, delta: number, tone: string): Html {
  const scale = (value: number) => round(100 * Math.min(1, Math.sqrt(value / 0.5)));
  return html`<svg class="bar index" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true"><rect class="${tone}" width="${Math.max(0.6, scale(psi))}" height="10"/><line class="mark" x1="${scale(delta)}" x2="${scale(delta)}" y1="0" y2="10"/></svg>`;
}

const shareGrid = (top: number): Html[] =>
  [0, 0.5, 1].map((part) => {
    const at = round(BOTTOM - HEIGHT * part);
    return html`<line class="grid" x1="${LEFT}" x2="${LEFT + SPAN}" y1="${at}" y2="${at}"/><text class="tick" text-anchor="end" x="${LEFT - 5}" y="${at + 3.5}">${Number((100 * part * top).toPrecision(2))} %</text>`;
  });

type Content = Html | null | readonly Content[];

const frame = (title: string, content: readonly Content[]): Html =>
  html`<svg class="chart" viewBox="0 0 ${LEFT + SPAN + RIGHT} ${BOTTOM + 20}" role="img" aria-label="${title}">${content}</svg>`;

/** The next of 1, 2, 5, 10, … times a power of ten. */
function niceStep(least: number): number {
  if (!(least > 0)) return 1;
  const power = 10 ** Math.floor(Math.log10(least));
  return power * ([1, 2, 5].find((factor) => factor * power >= least) ?? 10);
}

function niceCeiling(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return power * ([1, 1.5, 2, 3, 4, 5, 6, 8].find((factor) => factor * power >= value * 0.999) ?? 10);
}

function showTick(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return value.toExponential(1).replace('e+', 'e');
  if (size >= 1e4) return `${Number((value / 1e3).toPrecision(3))}k`;
  if (size > 0 && size < 1e-3) return showNumber(value);
  return String(Number(value.toPrecision(3)));
}

const round = (value: number) => Math.round(value * 100) / 100;
const clipped = (text: string, length: number) => (text.length > length ? `${text.slice(0, length - 1)}…` : text);
