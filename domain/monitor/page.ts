import { Html, html } from '../html.ts';
import { counted, showCount, showNumber, showPercent } from '../wording.ts';
import { courseSection } from './page-course.ts';
import { featureSections } from './page-features.ts';
import { qualitySection } from './page-quality.ts';
import { REPORT_STYLE } from './page-style.ts';
import type { VersionReport, WindowReport } from './report.ts';
import { ATTENTION, SIGNAL_WORDS } from './signal-words.ts';
import type { WindowStatus } from './window.ts';
import { showWindow } from './wording.ts';

/**
 * The report of a window as one page that stands alone: no scripts, nothing fetched (its policy forbids both), and every
 * text from data escaped, whatever somebody called a column.
 */
export function reportPage(report: WindowReport): string {
  const { model, window } = report;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${model} ${window.id} – window report</title>
<style>${new Html(REPORT_STYLE)}</style>
</head>
<body>
<main>
${header(report)}
${fired(report)}
${report.versions.map((version) => versionSections(version, report))}
${courseSection(report)}
${captureSection(report)}
<footer>Written <time>${report.writtenAt.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*$/, '$1 $2 UTC')}</time>. Captures without labels cannot tell whether predictions are right, only whether the world still looks as it did in training. <code>sluice drift ${model}</code> tells what is open now.</footer>
</main>
</body>
</html>
`.toString();
}

const STATUS_WORDS: Record<WindowStatus, [text: string, tone: string]> = {
  RUNNING: ['Running', ''],
  FAILED: ['Failed', 'bad'],
  EMPTY: ['Empty', ''],
  STOPPED: ['Capture stopped', 'bad'],
  INSUFFICIENT: ['Too few rows to tell', ''],
  OK: ['As in training', 'good'],
  SUSPECT: ['Something to watch', 'open'],
  DRIFT: ['Drift', 'bad'],
  LOSS: ['Worse predictions', 'bad'],
};

function header(report: WindowReport): Html {
  const { model, window, status, sentence, captured } = report;
  const [word, tone] = STATUS_WORDS[status];
  const champion = report.versions.find((version) => version.champion) ?? report.versions[0];
  return html`<header>
<p class="kicker">Window report</p>
<h1>${model} <small>${showWindow(window)}</small></h1>
<p class="lead">${sentence}</p>
<p><span class="stage ${tone}">${word}</span> <span class="note">${versionsOf(report.versions)}</span></p>
<div class="figures">
<div><b>${showCount(captured.rows)}</b><span>predictions captured</span></div>
${champion ? figures(champion) : null}
</div>
</header>`;
}

const versionsOf = (versions: readonly VersionReport[]) =>
  versions.length === 0 ? '' : versions.map(nameOf).join(', ');
const nameOf = ({ version, semver, champion }: VersionReport) =>
  `${semver ? `version ${semver}` : `version number ${version}`}${champion ? ', champion' : ''}`;

function figures({ verdict, quality }: VersionReport): (Html | null)[] {
  const features = verdict?.features.filter(({ unwatched }) => unwatched === null) ?? [];
  const largest = Math.max(0, ...features.map(({ psi }) => psi ?? 0));
  const psi = verdict?.prediction?.psi ?? null;
  return [
    verdict && features.length > 0
      ? html`<div><b>${verdict.alerts.length} of ${features.length}</b><span>features moved, largest index ${showNumber(largest)}</span></div>`
      : null,
    psi === null ? null : html`<div><b>${showNumber(psi)}</b><span>index of the predictions</span></div>`,
    quality?.loss === null || quality?.loss === undefined
      ? null
      : html`<div><b>${showPercent(quality.loss)}</b><span>${quality.measure}, by labels</span></div>`,
  ];
}

function fired({ fired: told, status, settings }: WindowReport): Html | null {
  if (status === 'EMPTY') return null;
  const ordered = ATTENTION.flatMap((signal) => told.filter((entry) => entry.signal === signal));
  const items = ordered.map(
    ({ signal, what, why }) =>
      html`<li><b class="${signal}">${SIGNAL_WORDS[signal]}</b><span>${what}<em>${why}</em></span></li>`,
  );
  return html`<section>
<h2>What fired, and why</h2>
${items.length > 0 ? html`<ul class="verdicts">${items}</ul>` : html`<p>Nothing.</p>`}
<p class="note">A move is told when it is both beyond an index of ${showNumber(settings.delta)} and beyond chance. All features together may raise a false alarm once in ${showCount(Math.round(settings.falseAlarmWindows))} windows; only what the evidence of the windows together confirms leads to more than a message.</p>
</section>`;
}

function versionSections(version: VersionReport, { versions }: WindowReport): Html {
  const several = versions.length > 1;
  const title = several
    ? html`<h2>${version.semver ? `Version ${version.semver}` : `Version number ${version.version}`}<small>${version.champion ? 'champion' : 'takes part in the traffic'}, ${counted(version.rows, 'prediction')}</small></h2>`
    : null;
  if (version.unjudged !== null)
    return html`<section>${title ?? html`<h2>Not judged</h2>`}<p>Its ${counted(version.rows, 'prediction')} cannot be compared: ${version.unjudged}.</p></section>`;
  return html`${title ? html`<section>${title}</section>` : null}${featureSections(version, several)}${qualitySection(version, several)}`;
}

function captureSection({ captured, captureStopped }: WindowReport): Html | null {
  const { brokenLines, brokenObjects, lateObjects, leftOut, objects } = captured;
  const lines = [
    ...(captureStopped ? ['Requests were answered in this window, and nothing of them was captured.'] : []),
    ...(objects > 0 ? [`${counted(captured.rows, 'prediction')} came in ${counted(objects, 'object')}.`] : []),
    ...(lateObjects > 0
      ? [
          `${counted(lateObjects, 'object')} of earlier hours came late and ${lateObjects === 1 ? 'is' : 'are'} counted here.`,
        ]
      : []),
    ...(brokenLines > 0 ? [`${counted(brokenLines, 'line')} could not be read.`] : []),
    ...(brokenObjects > 0 ? [`${counted(brokenObjects, 'object')} could not be read whole.`] : []),
    ...(leftOut > 0
      ? [`${counted(leftOut, 'instance')} of large requests ${leftOut === 1 ? 'was' : 'were'} left out.`]
      : []),
  ];
  if (lines.length === 0) return null;
  return html`<section>
<h2>Capture</h2>
${lines.map((line) => html`<p class="note">${line}</p>`)}
</section>`;
}
