import { type Html, html } from '../html.ts';
import { showCount } from '../wording.ts';
import type { RolloutCard } from './card.ts';
import { evidenceChart } from './card-svg.ts';
import { comparisonSection } from './comparison-html.ts';
import { showEvidence } from './wording.ts';

const VERDICTS = {
  PROMOTE: ['Promoted', 'PASS'],
  ROLLBACK: ['Rolled back', 'FAIL'],
  HOLD: ['Held', 'INSUFFICIENT'],
  NEXT_STEP: ['More traffic', 'PASS'],
} as const;

/** The section of a card's page that tells of a rollout; the page brings `CARD_STYLE`. */
export function rolloutSection(card: RolloutCard): Html {
  const { decision, guardrails, sentences, trace } = card;
  const [word, tone] = VERDICTS[decision.action];
  const [lead, why, ...more] = sentences;
  // The table says what the sentences on guardrails say.
  const rest = more.filter((sentence) => !guardrails.some(({ name }) => sentence.startsWith(`${name}: `)));
  const charts = trace.points.length > 0 ? guardrails.map((guardrail, at) => figure(card, guardrail.name, at)) : [];
  return html`<section class="rollout">
<h2>Decision</h2>
<ul class="verdicts"><li><b class="${tone}">${word}</b><span>${why}<em>${lead}</em></span></li></ul>
${table(card)}
<div class="charts">${charts}</div>
${card.comparison ? comparisonSection(card.comparison) : null}
${rest.map((sentence) => html`<p class="note">${sentence}</p>`)}
</section>`;
}

function table({ decision: { numbers } }: RolloutCard): Html | null {
  if (numbers.guardrails.length === 0) return null;
  const share = (tally: { n: number; bad: number } | null) =>
    tally && tally.n > 0
      ? html`${((100 * tally.bad) / tally.n).toFixed(2)} %<small>${showCount(tally.bad)} of ${showCount(tally.n)}</small>`
      : '–';
  const rows = numbers.guardrails.map(
    ({ name, required, challenger, champion, lnSafe, lnHarm }) =>
      html`<tr><th scope="row">${name}${required ? null : html`<small>can only roll back</small>`}</th><td>${share(challenger)}</td><td>${share(champion)}</td><td>${showEvidence(lnSafe)}<small>of ${numbers.toMoveOn}</small></td><td>${showEvidence(lnHarm)}<small>of ${numbers.toRollBack}</small></td></tr>`,
  );
  return html`<div class="scroll"><table><thead><tr><th scope="col">Guardrail</th><th scope="col"><span class="key"></span>Challenger</th><th scope="col"><span class="key champion"></span>Champion</th><th scope="col">Evidence that it does no harm</th><th scope="col">Evidence of harm</th></tr></thead><tbody>${rows}</tbody></table></div>`;
}

const figure = (card: RolloutCard, name: string, at: number): Html =>
  html`<figure>${evidenceChart(card, at)}<figcaption>Evidence about ${name}, over the challenger's requests. Solid: that it does no harm. Dashed: of harm. Dotted lines: what is enough.</figcaption></figure>`;
