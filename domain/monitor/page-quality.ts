import { type Html, html } from '../html.ts';
import { counted, showCount, showPercent } from '../wording.ts';
import { courseChart } from './charts.ts';
import type { QualityReport, VersionReport } from './report.ts';
import { SIGNAL_WORDS } from './signal-words.ts';

/** What labels say of a version. */
export function qualitySection({ quality }: VersionReport, nested: boolean): Html | null {
  if (!quality || quality.cohorts.length === 0) return null;
  const heading = nested ? html`<h3 class="sub">Right or wrong</h3>` : html`<h2>Right or wrong</h2>`;
  const { loss, coverage, interval, limit, atEvaluation, measure, sentence } = quality;
  const figures =
    loss === null
      ? null
      : html`<div class="figures">
<div><b>${showPercent(loss)}</b><span>${measure}${interval ? `, ${showPercent(interval.lower)} to ${showPercent(interval.upper)}` : ''}</span></div>
${atEvaluation === null ? null : html`<div><b>${showPercent(atEvaluation)}</b><span>on the test rows</span></div>`}
${limit === null ? null : html`<div><b>${showPercent(limit)}</b><span>tolerated at most</span></div>`}
${coverage === null ? null : html`<div><b>${showPercent(coverage)}</b><span>of the predictions have a label</span></div>`}
</div>`;
  return html`<section>
${heading}
<p class="muted">${sentence}</p>
${figures}
${course(quality)}
${cohorts(quality)}
${slices(quality)}
</section>`;
}

function course({ cohorts: days, limit, measure }: QualityReport): Html | null {
  const told = days.filter(({ loss }) => loss !== null);
  if (told.length < 2) return null;
  const chart = courseChart({
    label: `${measure} by day`,
    values: days.map(({ loss }) => loss),
    alerts: days.map(({ signal }) => signal === 'ALERT' || signal === 'ALERT_SINGLE'),
    titles: days.map(
      ({ day, loss, labelled }) =>
        `${day}: ${loss === null ? 'no labels' : showPercent(loss)}, ${counted(labelled, 'label')}`,
    ),
    first: days[0]?.day ?? '',
    last: days.at(-1)?.day ?? '',
    limit: limit === null ? null : { value: limit, label: 'tolerated at most' },
    show: (value) => `${Number((100 * value).toPrecision(2))} %`,
  });
  return html`<figure class="course"><figcaption>${measure}, by the day of the predictions.</figcaption>${chart}</figure>`;
}

const STATUS_WORDS = { OPEN: 'waits for labels', SCORED: 'judged', MISSED: 'too few labels came' } as const;
const MOST_DAYS = 14;

function cohorts({ cohorts: days }: QualityReport): Html {
  const rows = days
    .slice(-MOST_DAYS)
    .reverse()
    .map(
      ({ day, status, rows: predicted, labelled, loss, signal }) =>
        html`<tr><th scope="row">${day}</th><td>${loss === null ? '–' : showPercent(loss)}</td><td>${showCount(labelled)}<small>of ${counted(predicted, 'prediction')}</small></td><td class="state ${status === 'SCORED' ? signal : 'quiet'}">${status === 'SCORED' ? SIGNAL_WORDS[signal] : STATUS_WORDS[status]}</td></tr>`,
    );
  return html`<details class="cut"><summary>Days</summary><div class="scroll"><table><thead><tr><th scope="col">Day</th><th scope="col">Loss</th><th scope="col">Labels</th><th scope="col"></th></tr></thead><tbody>${rows}</tbody></table></div></details>`;
}

function slices({ slices: told }: QualityReport): Html | null {
  if (told.length === 0) return null;
  const rows = told.map(
    ({ column, value, n, loss, signal }) =>
      html`<tr><th scope="row">${column}<small>${value ?? 'missing'}</small></th><td>${loss === null ? '–' : showPercent(loss)}</td><td>${counted(n, 'label')}</td><td class="state ${signal}">${SIGNAL_WORDS[signal]}</td></tr>`,
  );
  return html`<h3 class="sub">By slice</h3><div class="scroll"><table><thead><tr><th scope="col">Slice</th><th scope="col">Loss</th><th scope="col"></th><th scope="col"></th></tr></thead><tbody>${rows}</tbody></table></div>`;
}
