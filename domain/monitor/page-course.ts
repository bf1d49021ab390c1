import { type Html, html } from '../html.ts';
import { counted, showNumber } from '../wording.ts';
import { courseChart, isAlarming } from './charts.ts';
import type { WindowReport } from './report.ts';

/** How windows went up to this one. */
export function courseSection({ trend, settings }: WindowReport): Html | null {
  const told = trend.filter(({ maxPsi }) => maxPsi !== null);
  if (told.length < 2) return null;
  const ends = { first: trend[0]?.id ?? '', last: trend.at(-1)?.id ?? '' };
  const alerts = trend.map(isAlarming);
  const alarming = alerts.filter(Boolean).length;
  const features = courseChart({
    label: 'Largest index of a feature, by window',
    values: trend.map(({ maxPsi }) => maxPsi),
    alerts,
    titles: trend.map(
      ({ id, maxPsi, rows, alerts: count }) =>
        `${id}: index ${showNumber(maxPsi ?? 0)}, ${counted(rows, 'row')}, ${counted(count, 'feature')} moved`,
    ),
    ...ends,
    limit: { value: settings.delta, label: 'counts as unchanged' },
    show: (value) => String(Number(value.toPrecision(2))),
    root: true,
  });
  const predictions = trend.some(({ predictionPsi }) => predictionPsi !== null)
    ? courseChart({
        label: 'Index of the predictions, by window',
        values: trend.map(({ predictionPsi }) => predictionPsi),
        alerts: trend.map(() => false),
        titles: trend.map(({ id, predictionPsi }) => `${id}: index ${showNumber(predictionPsi ?? 0)}`),
        ...ends,
        limit: { value: settings.delta, label: 'counts as unchanged' },
        show: (value) => String(Number(value.toPrecision(2))),
        root: true,
      })
    : null;
  return html`<section>
<h2>Over time</h2>
<p class="muted">${counted(trend.length, 'window')} up to this one, ${alarming === 0 ? 'none of them' : counted(alarming, 'of them').replace('thems', 'them')} alarming.</p>
<figure class="course"><figcaption>Largest index of a feature of the champion.${alarming > 0 ? ' Red: the window raised an alarm.' : ''}</figcaption>${features}</figure>
${predictions ? html`<figure class="course"><figcaption>Index of its predictions.</figcaption>${predictions}</figure>` : null}
</section>`;
}
