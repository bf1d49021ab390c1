import type { FeatureVerdict } from '../drift/verdict.ts';
import { type Html, html } from '../html.ts';
import { counted, showCount, showNumber, showPercent } from '../wording.ts';
import { indexBar, shapeChart } from './charts.ts';
import type { Shape, VersionReport } from './report.ts';
import { SIGNAL_WORDS } from './signal-words.ts';

const LEGEND = html`<p class="legend"><span><i class="then"></i>in training</span><span><i class="now"></i>in this window</span></p>`;

/** What features and predictions of a version look like beside training. */
export function featureSections(version: VersionReport, nested: boolean): Html {
  const heading = (text: string) => (nested ? html`<h3 class="sub">${text}</h3>` : html`<h2>${text}</h2>`);
  return html`${moved(version, heading)}${prediction(version, heading)}${data(version, heading)}${table(version, heading)}`;
}

type Heading = (text: string) => Html;

function moved({ verdict, shapes }: VersionReport, heading: Heading): Html | null {
  if (!verdict || shapes.length === 0) return null;
  const told = shapes.flatMap(({ feature, shape }) => {
    const found = verdict.features.find(({ name }) => name === feature);
    return found ? [figure(found, shape)] : [];
  });
  const any = verdict.features.some(({ signal }) => signal !== 'NONE' && signal !== 'INSUFFICIENT');
  return html`<section>
${heading(any ? 'Features that moved' : 'Features, the most different first')}
${LEGEND}
<div class="charts moved">${told}</div>
</section>`;
}

function figure(column: FeatureVerdict, shape: Shape): Html {
  const { name, signal, sentence, psi, importance } = column;
  const matters = importance === null || importance === 0 ? '' : `, ${showPercent(importance)} of the importance`;
  const index = psi === null ? '' : `index ${showNumber(psi)}`;
  const alarming = column.sides.filter((side) => side.signal === 'ALERT' || side.signal === 'ALERT_SINGLE');
  const sentences = [...(sentence === null ? [] : [sentence]), ...alarming.map((side) => side.sentence)];
  const text =
    sentences.length > 0 ? sentences.map((one) => `${one}.`).join(' ') : 'As in training, as far as can be told.';
  return html`<figure><h3>${name} <small class="${signal}">${SIGNAL_WORDS[signal]}</small></h3><figcaption>${text}<em>${index}${matters}${confirmation(column)}</em></figcaption>${shapeChart(name, shape)}</figure>`;
}

/** What stands behind a verdict. */
function confirmation({ signal, since, evidence, needed }: FeatureVerdict): string {
  if (signal === 'ALERT') return since ? `; confirmed since ${since}` : '; confirmed';
  if (signal !== 'ALERT_SINGLE' && signal !== 'SUSPECT') return '';
  return evidence > 1 ? `; evidence over windows ${showEvidence(evidence)} of ${showEvidence(needed)}` : '';
}

const showEvidence = (value: number) => (value < 10 ? value.toFixed(1) : showCount(Math.round(value)));

function prediction({ verdict, predictionShape }: VersionReport, heading: Heading): Html | null {
  const column = verdict?.prediction;
  if (!column || !predictionShape) return null;
  const expected = verdict?.expectedLoss;
  return html`<section>
${heading('Predictions')}
<div class="charts moved">${figure({ ...column, name: 'What was predicted' }, predictionShape)}</div>
${expected ? html`<p class="note">By its own probabilities the model expects an error of ${showPercent(expected.now)}, on the test rows ${showPercent(expected.reference)}: about ${showPercent(expected.estimate)} in truth, if nothing but the inputs changed. Nothing is done on this alone.</p>` : null}
</section>`;
}

function data({ verdict }: VersionReport, heading: Heading): Html | null {
  if (!verdict) return null;
  const sides = verdict.features.flatMap(({ name, sides: looks }) =>
    looks.filter(({ signal }) => signal !== 'NONE' && signal !== 'INSUFFICIENT').map((look) => ({ name, look })),
  );
  const findings = verdict.data.findings;
  if (sides.length === 0 && findings.length === 0) return null;
  const items = [
    ...findings.map(
      ({ signal, sentence, count, rows }) =>
        html`<li><b class="${signal === 'NONE' ? 'INSUFFICIENT' : signal}">${signal === 'NONE' ? 'Noted' : SIGNAL_WORDS[signal]}</b><span>${sentence}<em>${showCount(count)} of ${counted(rows, 'row')}</em></span></li>`,
    ),
    ...sides.map(
      ({ name, look }) =>
        html`<li><b class="${look.signal}">${SIGNAL_WORDS[look.signal]}</b><span>${look.sentence}<em>${name}: ${showPercent(look.now)} now, ${showPercent(look.reference)} in training, up to ${showPercent(look.tolerated)} is let pass</em></span></li>`,
    ),
  ];
  return html`<section>
${heading('Quality of the data')}
<ul class="verdicts">${items}</ul>
</section>`;
}

const MOST_ROWS = 300;

function table({ verdict }: VersionReport, heading: Heading): Html | null {
  if (!verdict || verdict.features.length === 0) return null;
  const ordered = [...verdict.features].sort((a, b) => (b.psi ?? -1) - (a.psi ?? -1));
  const rows = ordered.slice(0, MOST_ROWS).map((column) => {
    const { name, psi, delta, signal, importance, unwatched, n, needs } = column;
    const few = signal === 'INSUFFICIENT' && unwatched === null;
    const missing = column.sides.find(({ side }) => side === 'missing');
    const state = unwatched ? UNWATCHED[unwatched] : SIGNAL_WORDS[signal];
    return html`<tr><th scope="row">${name}</th><td>${psi === null ? '–' : showNumber(psi)}${few ? html`<small>${showCount(n)} of ${showCount(needs)} rows</small>` : null}</td><td class="meter">${psi === null ? null : indexBar(psi, delta, signal)}</td><td class="secondary">${missing ? showPercent(missing.now) : '–'}</td><td class="secondary">${importance === null ? '–' : showPercent(importance)}</td><td class="state ${unwatched ? 'quiet' : signal}">${state}</td></tr>`;
  });
  const left = ordered.length - rows.length;
  return html`<section>
${heading('All features')}
<p class="muted">How far each one is from training, as population stability index. The mark is what counts as unchanged.${left > 0 ? ` ${counted(left, 'feature')} left out.` : ''}</p>
<div class="scroll"><table><thead><tr><th scope="col">Feature</th><th scope="col">Index</th><th scope="col" class="meter"></th><th scope="col" class="secondary">Missing</th><th scope="col" class="secondary">Importance</th><th scope="col"></th></tr></thead><tbody>${rows}</tbody></table></div>
</section>`;
}

const UNWATCHED = {
  ignored: 'Not watched',
  redacted: 'Not captured',
  absent: 'Absent',
  empty: 'Never had a value',
} as const;
