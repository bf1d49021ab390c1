import { CARD_STYLE } from '../card-style.ts';
import { Html, html } from '../html.ts';
import { showCount } from '../wording.ts';
import type { RolloutCard } from './card.ts';
import { rolloutSection } from './card-html.ts';
import type { RolloutAction } from './decision.ts';
import { showDuration } from './wording.ts';

/** The card of a rollout as one page without anything to load. */
export function rolloutPage(card: RolloutCard): string {
  const { model, challenger, champion, decision, strategy, startedAt } = card;
  const title = `${model} ${challenger.semver}: rollout`;
  const [word, tone] = STAGES[decision.action];
  const { requests, elapsedMs } = decision.numbers;
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Html(CARD_STYLE)}</style>
</head>
<body>
<main>
<header>
<p class="kicker">Rollout</p>
<h1>${model} <small>version ${challenger.semver}</small></h1>
<p class="lead">${strategy.replaceAll('-', ' ')}${champion ? `, ${sameVersion(card) ? 'the same model on new code' : `compared with version ${champion.semver}`}` : ''}.</p>
<p><span class="stage ${tone}">${word}</span> <span class="note">begun ${startedAt.slice(0, 16).replace('T', ' ')} UTC</span></p>
<div class="figures">
<div><b>${showDuration(elapsedMs)}</b><span>until the decision</span></div>
${
  card.comparison
    ? html`<div><b>${showCount(requests.challenger)}</b><span>copies to the challenger, none in a caller's way</span></div>`
    : html`<div><b>${showCount(requests.challenger)}</b><span>requests to the challenger</span></div><div><b>${showCount(requests.champion)}</b><span>requests to the champion</span></div>`
}
</div>
</header>
${rolloutSection(card)}
</main>
</body>
</html>
`.toString();
}

const STAGES: Record<RolloutAction, [word: string, tone: string]> = {
  PROMOTE: ['Promoted', 'good'],
  ROLLBACK: ['Rolled back', 'bad'],
  HOLD: ['Held', 'open'],
  NEXT_STEP: ['Under way', 'open'],
};

const sameVersion = ({ challenger, champion }: RolloutCard) => challenger.version === champion?.version;
