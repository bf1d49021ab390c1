import { type Html, html } from '../html.ts';
import { showCount, showNumber, showPercent } from '../wording.ts';
import { type Comparison, DIFFERENCE_EDGES, type RowTally } from './comparison.ts';
import { sameShare, showDifference, showMean, showMeanSize } from './comparison-wording.ts';
import type { Measure } from './row-difference.ts';

/** The part of a rollout's card that tells how both versions answered the same requests. */
export function comparisonSection(comparison: Comparison): Html {
  const { all, requests, measure } = comparison;
  const copies = html`<div><b>${showCount(requests.copied)}</b><span>requests copied</span></div>`;
  if (measure === null) return html`<h2>Row by row</h2><div class="figures">${copies}</div>${failures(comparison)}`;
  return html`<h2>Row by row</h2>
<div class="figures">
<div><b>${showPercent(sameShare(all))}</b><span>of ${showCount(all.rows)} rows have the same answer</span></div>
<div><b>${showMeanSize(all, measure)}</b><span>${SIZES[measure]}</span></div>
${copies}
<div><b>${showCount(requests.unanswered)}</b><span>not answered</span></div>
</div>
<div class="charts"><figure>${sizesChart(comparison, measure)}<figcaption>Rows by how far the two answers are apart.</figcaption></figure></div>
${slices(comparison, measure)}
${biggest(comparison, measure)}
${failures(comparison)}`;
}

const SIZES: Record<Measure, string> = {
  score: 'mean difference of the score',
  value: 'mean difference of the value',
  probabilities: 'of the probability went elsewhere',
};

const LINE = 19;
const LABEL = 76;
const BAR = 190;

function sizesChart({ sizes }: Comparison, measure: Measure): Html {
  const most = Math.max(1, ...sizes);
  const show = (edge: number) => (measure === 'score' ? String(edge) : `${Number((100 * edge).toFixed(1))} %`);
  const rows = sizes.map((count, bin) => {
    const edge = DIFFERENCE_EDGES[bin];
    const name = edge === undefined ? `over ${show(DIFFERENCE_EDGES.at(-1) ?? 0)}` : `to ${show(edge)}`;
    const middle = bin * LINE + 11.5;
    const width = Math.round((BAR * count * 10) / most) / 10;
    return html`<text class="tick" text-anchor="end" x="${LABEL - 8}" y="${middle}">${name}</text><rect class="hit" x="${LABEL}" y="${bin * LINE + 2}" width="${width}" height="12"/><text class="tick" x="${LABEL + width + 6}" y="${middle}">${showCount(count)}</text>`;
  });
  return html`<svg class="chart" viewBox="0 0 ${LABEL + BAR + 64} ${sizes.length * LINE + 2}" role="img" aria-label="Rows by the size of their difference">${rows}</svg>`;
}

function slices({ slices: all }: Comparison, measure: Measure): Html | null {
  if (all.length === 0) return null;
  const columns = [...new Set(all.map(({ column }) => column))];
  const ordered = columns.flatMap((column) =>
    all.filter((slice) => slice.column === column).sort((a, b) => sameShare(a) - sameShare(b)),
  );
  const rows = ordered.map((slice) => {
    const value = slice.others ? 'all others' : (slice.value ?? 'missing');
    return html`<tr><th scope="row">${slice.column}<small>${value}</small></th><td>${showCount(slice.rows)}</td><td>${showPercent(sameShare(slice))}</td><td>${apart(slice, measure)}</td><td>${slice.unanswered > 0 ? showCount(slice.unanswered) : '–'}</td></tr>`;
  });
  return html`<h2>By slice</h2>
<div class="scroll"><table><thead><tr><th scope="col">Slice</th><th scope="col">Rows</th><th scope="col">Same answer</th><th scope="col">Apart</th><th scope="col">Not answered</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function apart(slice: RowTally, measure: Measure): Html | string {
  if (slice.rows === slice.unanswered) return '–';
  const signed = showMean(slice, measure);
  return html`${showMeanSize(slice, measure)}${signed ? html`<small>signed ${signed}</small>` : null}`;
}

function biggest({ biggest: found }: Comparison, measure: Measure): Html | null {
  const different = found.filter(({ difference }) => difference !== 0);
  if (different.length === 0) return null;
  const rows = different.map(
    ({ inferenceId, champion, challenger, difference, instance }) =>
      html`<tr><th scope="row">${fields(instance)}<small>${inferenceId}</small></th><td>${answer(champion)}</td><td>${answer(challenger)}</td><td>${showDifference(difference, measure)}</td></tr>`,
  );
  return html`<h2>Biggest differences</h2>
<div class="scroll"><table class="examples"><thead><tr><th scope="col">Row</th><th scope="col"><span class="key champion"></span>Champion</th><th scope="col"><span class="key"></span>Challenger</th><th scope="col">Difference</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

function failures({ failures: found }: Comparison): Html | null {
  if (found.length === 0) return null;
  const items = found.map(
    ({ why, instance, inferenceId }) =>
      html`<li><b class="FAIL">No answer</b><span>${why}<em>${fields(instance)} (${inferenceId})</em></span></li>`,
  );
  return html`<h2>Not answered</h2><ul class="verdicts">${items}</ul>`;
}

const answer = (given: number | string) => (typeof given === 'number' ? showNumber(given) : given);

const fields = (instance: Comparison['biggest'][number]['instance']) =>
  Object.entries(instance)
    .map(([name, value]) => `${name} ${value ?? 'missing'}`)
    .join(', ');
