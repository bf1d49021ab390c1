import type { Card } from './card.ts';
import { CARD_STYLE } from './card-style.ts';
import { bar, calibrationChart, confusionChart, rocChart, scatterChart, whisker } from './card-svg.ts';
import type { Estimate } from './flow.ts';
import { HEADLINE_METRICS } from './gates/judge.ts';
import { Html, html } from './html.ts';
import { METRICS } from './model-config.ts';
import type { Stage } from './registry-items.ts';
import { counted, metricLabel, showBytes, showCount, showInterval, showNumber, showPercent } from './wording.ts';

/**
 * The card as one page that stands alone: no scripts, nothing fetched (its policy forbids both), and every text from data
 * escaped, whatever somebody called a column or a class.
 */
export function cardHtml(card: Card): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${card.model} ${card.semver} – model card</title>
<style>${new Html(CARD_STYLE)}</style>
</head>
<body>
<main>
${header(card)}
${verdicts(card)}
${metrics(card)}
${slices(card)}
${features(card)}
${data(card)}
${lineage(card)}
${decisions(card)}
<footer>Written when the version was registered; <code>sluice show ${card.model}@${card.version}</code> tells where it stands now.</footer>
</main>
</body>
</html>
`.toString();
}

const STAGE_WORDS: Record<Stage, [text: string, tone: string]> = {
  REGISTERED: ['Registered', 'good'],
  REJECTED: ['Rejected', 'bad'],
  AWAITING_APPROVAL: ['Awaiting approval', 'open'],
  CHAMPION: ['Champion', 'good'],
  RETIRED: ['Retired', ''],
};

function header(card: Card): Html {
  const { problem, evaluation } = card;
  const [stage, tone] = STAGE_WORDS[card.stage];
  const headline = HEADLINE_METRICS[problem.kind];
  const estimate = evaluation.metrics.challenger[headline];
  const what = {
    binary: html`Tells how likely <b>${problem.target}</b> is <b>${problem.positive}</b>`,
    multiclass: html`Tells which <b>${problem.target}</b> a row has`,
    regression: html`Tells the <b>${problem.target}</b> of a row`,
  }[problem.kind];
  const failed = card.verdicts.filter(({ status }) => status === 'FAIL').length;
  const gates = failed > 0 ? `${counted(failed, 'gate')} failed.` : 'No gate failed.';
  return html`<header>
<p class="kicker">Model card</p>
<h1>${card.model} <small>version ${card.semver}</small></h1>
<p class="lead">${what}, learnt from ${counted(card.data.trainRows, 'row')}. ${gates}</p>
<p><span class="stage ${tone}">${stage}</span> <span class="note">number ${card.version}, ${day(card.createdAt)}</span></p>
<div class="figures">
${estimate ? html`<div><b>${showNumber(estimate.value)}</b><span>${metricLabel(headline)}, ${showInterval(estimate)}</span></div>` : null}
<div><b>${showCount(evaluation.rows)}</b><span>test rows</span></div>
<div><b>${showNumber(evaluation.latencyMs.p95)} ms</b><span>95 of 100 predictions</span></div>
<div><b>${showBytes(card.lineage.artifactBytes)}</b><span>artifact</span></div>
</div>
</header>`;
}

const STATUS_WORDS = { PASS: 'Passed', FAIL: 'Failed', WARN: 'Warning', INSUFFICIENT: 'Undecided' } as const;

/** What needs a reader's eye comes first. */
const ATTENTION = ['FAIL', 'WARN', 'INSUFFICIENT', 'PASS'] as const;

function verdicts(card: Card): Html {
  const ordered = ATTENTION.flatMap((status) => card.verdicts.filter((verdict) => verdict.status === status));
  const items = ordered.map(
    ({ gate, status, sentence }) =>
      html`<li><b class="${status}">${STATUS_WORDS[status]}</b><span>${sentence}<em>${gate.replaceAll('-', ' ')}</em></span></li>`,
  );
  return html`<section>
<h2>Verdicts</h2>
<ul class="verdicts">${items}</ul>
</section>`;
}

function metrics(card: Card): Html {
  const { challenger, champion } = card.evaluation.metrics;
  const versus = champion && card.evaluation.championVersion !== null;
  const rows = Object.entries(challenger).map(([name, estimate]) => {
    const other = champion?.[name];
    const both = [estimate, ...(other ? [other] : [])];
    const scale = { low: Math.min(...both.map((e) => e.lower)), high: Math.max(...both.map((e) => e.upper)) };
    const lower = name in METRICS && METRICS[name as keyof typeof METRICS].lowerIsBetter;
    return html`<tr><th scope="row">${metricLabel(name)}${lower ? html`<small>lower is better</small>` : null}</th><td>${figure(estimate)}</td>${versus ? html`<td>${other ? figure(other) : '–'}</td>` : null}${versus ? html`<td class="wide">${whisker(estimate, scale, 'challenger')}${other ? whisker(other, scale, 'champion') : null}</td>` : null}</tr>`;
  });
  const unmeasured = Object.entries(card.evaluation.unmeasured).map(
    ([name, reason]) => html`<p class="note">${metricLabel(name)} cannot be told: ${reason}.</p>`,
  );
  return html`<section class="metrics">
<h2>Performance</h2>
<p class="muted">On ${counted(card.evaluation.rows, 'row')} that were kept from training, with 95 % intervals.</p>
<div class="scroll"><table><thead><tr><th scope="col">Metric</th><th scope="col"><span class="key"></span>This version</th>${versus ? html`<th scope="col"><span class="key champion"></span>Champion <small>version ${card.evaluation.championVersion}</small></th><th scope="col" class="wide"></th>` : null}</tr></thead><tbody>${rows}</tbody></table></div>
${unmeasured}${card.evaluation.incomparable ? html`<p class="note">The champion could not be compared: ${card.evaluation.incomparable}.</p>` : null}
<div class="charts">${charts(card)}</div>
</section>`;
}

const figure = (estimate: Estimate): Html =>
  html`${showNumber(estimate.value)}<small>${showInterval(estimate)}</small>`;

function charts({ charts: drawn }: Card): Html[] {
  if (drawn.kind === 'binary') {
    const against = drawn.roc.champion ? ' Dashed: the champion.' : '';
    return [
      ...(drawn.roc.challenger.length > 0
        ? [
            html`<figure>${rocChart(drawn.roc)}<figcaption>ROC curve: hits won for false alarms paid.${against}</figcaption></figure>`,
          ]
        : []),
      html`<figure>${calibrationChart(drawn.calibration)}<figcaption>Calibration: on the line, a predicted 70 % comes true in 70 of 100. Dots grow with their rows.</figcaption></figure>`,
    ];
  }
  if (drawn.kind === 'regression') {
    return [
      html`<figure>${scatterChart(drawn.points)}<figcaption>Predicted against actual: on the line, the prediction is right.</figcaption></figure>`,
    ];
  }
  const omitted =
    drawn.omitted > 0 ? ` ${counted(drawn.omitted, 'rarer class')}es not drawn.`.replace('classes', 'classe') : '';
  return [
    html`<figure>${confusionChart(drawn.classes, drawn.confusion)}<figcaption>Each row of the picture is a true class; on the diagonal it was found.${omitted}</figcaption></figure>`,
  ];
}

/** Slices with fewer rows say more about chance than about the model. */
const MIN_SLICE_ROWS = 30;
const MAX_SLICES = 40;

function slices(card: Card): Html | null {
  const metric = HEADLINE_METRICS[card.problem.kind];
  const told = card.evaluation.slices.filter(({ rows, challenger }) => rows >= MIN_SLICE_ROWS && challenger[metric]);
  if (told.length === 0) return null;
  const champion = told.some((slice) => slice.champion?.[metric]);
  const rows = told.slice(0, MAX_SLICES).map((slice) => {
    const [own, other] = [slice.challenger[metric], slice.champion?.[metric]];
    return html`<tr><th scope="row">${slice.column}<small>${slice.value ?? 'missing'}</small></th><td class="rows">${showCount(slice.rows)}</td><td>${own ? figure(own) : '–'}</td>${champion ? html`<td>${other ? figure(other) : '–'}</td>` : null}</tr>`;
  });
  const left = card.evaluation.slices.length - rows.length;
  return html`<section class="slices">
<h2>Slices</h2>
<p class="muted">${metricLabel(metric)} where rows share a value.${left > 0 ? ` ${counted(left, 'smaller slice')} left out.` : ''}</p>
<div class="scroll"><table><thead><tr><th scope="col">Slice</th><th scope="col" class="rows">Rows</th><th scope="col">This version</th>${champion ? html`<th scope="col">Champion</th>` : null}</tr></thead><tbody>${rows}</tbody></table></div>
</section>`;
}

const MAX_FEATURES = 20;

function features({ evaluation }: Card): Html | null {
  const ranked = [...evaluation.importance].sort((a, b) => b.importance - a.importance);
  const total = ranked.reduce((sum, { importance }) => sum + Math.max(0, importance), 0);
  const largest = ranked[0]?.importance ?? 0;
  if (total <= 0) return null;
  const rows = ranked
    .slice(0, MAX_FEATURES)
    .map(
      ({ column, importance }) =>
        html`<span>${column}</span>${bar(importance / largest)}<span>${showPercent(Math.max(0, importance) / total)}</span>`,
    );
  const left = ranked.length - rows.length;
  return html`<section>
<h2>What it looks at</h2>
<p class="muted">Features by their share of the importance.${left > 0 ? ` ${counted(left, 'lesser one')} left out.` : ''}</p>
<div class="bars">${rows}</div>
</section>`;
}

function data({ data: { trainRows, testRows, columns }, lineage: { dataset } }: Card): Html {
  const rows = columns.map(
    ({ name, role, type, missingShare }) =>
      html`<tr><th scope="row">${name}</th><td>${type}<small>${role}</small></td><td>${missingShare > 0 ? showPercent(missingShare) : '–'}</td></tr>`,
  );
  return html`<section>
<h2>Data</h2>
<p>${counted(trainRows, 'row')} to learn from and ${counted(testRows, 'row')} to test on, ${counted(columns.length, 'column')}, ${showBytes(dataset.bytes)} uploaded ${day(dataset.uploadedAt)}.</p>
<details${new Html(columns.length <= 12 ? ' open' : '')}><summary>Columns</summary>
<div class="scroll"><table><thead><tr><th scope="col">Column</th><th scope="col">Type</th><th scope="col">Missing</th></tr></thead><tbody>${rows}</tbody></table></div></details>
</section>`;
}

function lineage({ lineage: from }: Card): Html {
  const facts: [string, Html | string][] = [
    ['Run', html`<code>${from.runId}</code>`],
    ['Learner', from.learner.replaceAll('-', ' ')],
    ['Dataset', html`<code>s3://${from.dataset.bucket}/${from.dataset.key}</code>`],
    ['Object version', html`<code>${from.dataset.versionId}</code>`],
    ['Dataset SHA-256', html`<code>${from.dataset.sha256}</code>`],
    ['Artifact SHA-256', html`<code>${from.artifactSha256}</code>`],
    ['Judgement SHA-256', html`<code>${from.evidenceSha256}</code>`],
    ['Code commit', html`<code>${from.codeCommit}</code>`],
    ['Configuration', html`<code>${from.config}</code>`],
    ['Contract', html`<code>${from.contract}</code>`],
  ];
  return html`<section>
<h2>Where it comes from</h2>
<dl>${facts.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>
</section>`;
}

function decisions(card: Card): Html | null {
  if (card.decisions.length === 0) return null;
  const entries = card.decisions.map(
    ({ time, kind, version, who, why }) =>
      html`<li>${kind.toLowerCase().replaceAll('_', ' ')} <span class="muted">version number ${version}, by ${who}, ${day(time)}</span><br>${why}</li>`,
  );
  return html`<section>
<h2>Decisions so far</h2>
<ol class="log">${entries}</ol>
</section>`;
}

/** `2026-03-01 09:30 UTC`. */
const day = (time: string) => html`<time>${time.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*$/, '$1 $2 UTC')}</time>`;
