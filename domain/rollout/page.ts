import { CARD_STYLE } from '../card-style.ts';
import { Html, html } from '../html.ts';
import type { RolloutCard } from './card.ts';
import { rolloutSection } from './card-html.ts';

/** The card of a rollout as one page without anything to load. */
export function rolloutPage(card: RolloutCard): string {
  const title = `${card.model} ${card.challenger.semver}: rollout`;
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
<header><h1>${title}</h1></header>
${rolloutSection(card)}
</main>
</body>
</html>
`.toString();
}
