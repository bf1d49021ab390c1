import { CARD_STYLE } from '../card-style.ts';

/** The look of a report: that of a card, and what only a report shows. */
export const REPORT_STYLE = `${CARD_STYLE}
:root{--now:#2f5f8f;--then:#cfc8bb;--alarm:#b23a2e}
@media (prefers-color-scheme:dark){:root{--now:#7fb0e0;--then:#45443f;--alarm:#ea8478}}
.then{fill:var(--then)}.now{fill:var(--now)}.now-area{fill:var(--now);opacity:.16}.now-line{fill:none;stroke:var(--now);stroke-width:2;stroke-linejoin:round}
.line.now{stroke:var(--now);fill:none;stroke-width:1.6}.base{stroke:var(--line)}.touch{fill:transparent}
.calm{fill:var(--now)}.alarm{fill:var(--alarm)}
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.4rem;color:var(--muted);font-size:.86rem;margin:.2rem 0 .8rem}
.legend i{display:inline-block;width:.85em;height:.85em;border-radius:2px;vertical-align:-.08em;margin-right:.45em}
.legend .then{background:var(--then)}.legend .now{background:var(--now)}.legend .alarm{background:var(--alarm);border-radius:50%}
.moved{grid-template-columns:repeat(auto-fill,minmax(min(100%,19rem),1fr));gap:2.2rem 2.5rem}
.moved figure{max-width:none}
.moved h3,.sub{font-size:1rem;font-weight:600;margin:0;overflow-wrap:anywhere}
.sub{margin:1.8rem 0 .5rem}
.moved h3 small{font-weight:400;color:var(--muted);font-size:.82rem;white-space:nowrap;margin-left:.5em}
.moved figcaption{color:var(--ink);font-size:.92rem;margin:.15rem 0 .5rem}
.moved figcaption em{font-style:normal;color:var(--muted);display:block;font-size:.84rem}
.course{margin:1rem 0 0;max-width:none}.course figcaption{margin:0 0 .4rem}
.bar.index{overflow:visible}.bar.index rect{opacity:.9}.bar.index rect.NONE,.bar.index rect.INSUFFICIENT{fill:var(--now);opacity:.45}.bar.index rect.SUSPECT{fill:var(--warn)}.bar.index rect.ALERT,.bar.index rect.ALERT_SINGLE{fill:var(--fail)}
.bar.index .mark{stroke:var(--ink);stroke-width:1;vector-effect:non-scaling-stroke;opacity:.55}
td.meter{width:8.5rem;padding-top:.85rem}
.NONE{color:var(--pass)}.SUSPECT{color:var(--warn)}.ALERT,.ALERT_SINGLE{color:var(--fail)}
.state{font-size:.84rem;white-space:nowrap}
.quiet{color:var(--muted)}
.cut{margin-top:1.2rem}
h2 small{font-family:ui-sans-serif,system-ui,sans-serif;font-size:.6em;color:var(--muted);margin-left:.5em;letter-spacing:0}
@media (max-width:40rem){td.meter,th.meter,.secondary{display:none}.figures{grid-template-columns:repeat(2,1fr)}.tick{font-size:12px}.course .tick{font-size:17px}}
`;
