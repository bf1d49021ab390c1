/** The look of a card: one quiet column, numbers that line up, two palettes. No fonts are fetched. */
export const CARD_STYLE = `
:root{color-scheme:light dark;--paper:#fcfbf9;--ink:#23262b;--muted:#6d7178;--line:#e6e2db;--tint:#f4f1ec;--challenger:#2f5f8f;--champion:#b5762a;--pass:#2c7a4b;--warn:#96640a;--fail:#b23a2e;--idle:#6d7178}
@media (prefers-color-scheme:dark){:root{--paper:#15171a;--ink:#e4e2dd;--muted:#969aa1;--line:#2c2f34;--tint:#1c1f23;--challenger:#7fb0e0;--champion:#d9a25c;--pass:#6cc08b;--warn:#d9aa55;--fail:#ea8478;--idle:#969aa1}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 ui-sans-serif,system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;-webkit-text-size-adjust:100%}
main{max-width:54rem;margin:0 auto;padding:3.5rem 1.5rem 5rem}
h1,h2{font-family:ui-serif,"Iowan Old Style","Palatino Linotype",Palatino,Georgia,"Times New Roman",serif;font-weight:500;letter-spacing:-.01em;text-wrap:balance}
h1{font-size:2.5rem;line-height:1.15;margin:.2rem 0 .8rem;overflow-wrap:anywhere}
h1 small{font-size:.55em;color:var(--muted);letter-spacing:0;white-space:nowrap}
h2{font-size:1.4rem;margin:3.2rem 0 .9rem;padding-top:1.2rem;border-top:1px solid var(--line)}
p{margin:.4rem 0;max-width:44rem}
.kicker{color:var(--muted);font-size:.8rem;letter-spacing:.08em;text-transform:uppercase;margin:0}
.lead{font-size:1.1rem}
.muted,.note{color:var(--muted)}
.note{font-size:.86rem}
.stage{display:inline-block;border:1px solid currentColor;border-radius:1rem;padding:.05rem .7rem;font-size:.82rem;color:var(--idle)}
.stage.good{color:var(--pass)}.stage.bad{color:var(--fail)}.stage.open{color:var(--warn)}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(8.5rem,1fr));gap:1.2rem 2rem;margin:2rem 0 0}
.figures div{border-top:2px solid var(--line);padding-top:.5rem}
.figures b{display:block;font-size:1.6rem;font-weight:500;font-variant-numeric:tabular-nums;letter-spacing:-.01em}
.figures span{color:var(--muted);font-size:.84rem}
.verdicts,.log{list-style:none;margin:0;padding:0}
.verdicts li{display:grid;grid-template-columns:7.2rem 1fr;gap:.2rem 1rem;padding:.65rem 0;border-bottom:1px solid var(--line);overflow-wrap:anywhere}
.verdicts li:last-child,.log li:last-child{border-bottom:0}
.verdicts b{font-size:.78rem;font-weight:600;letter-spacing:.04em;text-transform:uppercase;padding-top:.2rem}
.verdicts em{font-style:normal;color:var(--muted);font-size:.86rem;display:block}
.PASS{color:var(--pass)}.FAIL{color:var(--fail)}.WARN{color:var(--warn)}.INSUFFICIENT{color:var(--idle)}
.scroll{overflow-x:auto;margin:0 -.5rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums;font-size:.94rem}
th,td{text-align:right;padding:.5rem .5rem;border-bottom:1px solid var(--line);vertical-align:top}
th:first-child,td:first-child{text-align:left;overflow-wrap:anywhere}
thead th{color:var(--muted);font-weight:500;font-size:.82rem;vertical-align:bottom}
tbody th{font-weight:500}
tbody tr:last-child>*{border-bottom:0}
td small,th small{display:block;color:var(--muted);font-size:.82rem;font-weight:400;white-space:nowrap}
td.wide{width:13rem;padding-top:.7rem}
.examples thead th{white-space:nowrap}.examples tbody th{font-weight:400;font-size:.86rem;line-height:1.4}.rollout th:first-child{min-width:5.5rem}.rollout .examples th:first-child{min-width:13rem}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(16rem,1fr));gap:1.5rem 2.5rem;margin-top:1.2rem}
figure{margin:0;max-width:25rem}
figcaption{font-size:.86rem;color:var(--muted);margin-top:.3rem}
.chart{width:100%;height:auto;display:block;overflow:visible}
.grid{stroke:var(--line);stroke-width:1}.diagonal{stroke:var(--muted);stroke-dasharray:3 4;opacity:.7}
.tick,.axis,.cell{fill:var(--muted);font-size:10.5px}.cell{text-anchor:middle}.cell.strong{fill:var(--paper)}
.line{fill:none;stroke-width:2;stroke-linejoin:round}.line.thin{stroke-width:1;opacity:.6}
.line.challenger{stroke:var(--challenger)}.line.champion{stroke:var(--champion);stroke-dasharray:5 3;stroke-width:1.6}
.area{fill:var(--challenger);opacity:.08}.dot{fill:var(--challenger);opacity:.85}.point{fill:var(--challenger);opacity:.4}
.hit{fill:var(--challenger)}.miss{fill:var(--champion)}
.whisker{display:block;width:100%;height:9px;margin:3px 0}.whisker line{stroke-width:2;vector-effect:non-scaling-stroke}.whisker .value{stroke-width:4}
.whisker.challenger line{stroke:var(--challenger)}.whisker.champion line{stroke:var(--champion)}
.key{display:inline-block;width:.9em;height:.22em;vertical-align:middle;margin:0 .35em 0 0;background:var(--challenger)}.key.champion{background:var(--champion)}
.bars{display:grid;grid-template-columns:minmax(6rem,14rem) 1fr 4.5rem;gap:.45rem 1rem;align-items:center;font-size:.94rem}
.bars span{overflow-wrap:anywhere;line-height:1.3}.bars span:nth-child(3n){text-align:right;color:var(--muted);white-space:nowrap;font-variant-numeric:tabular-nums}
.bar{width:100%;height:.6rem;display:block}.bar rect{fill:var(--challenger);opacity:.8}
dl{display:grid;grid-template-columns:9rem 1fr;gap:.5rem 1rem;margin:0}
dt{color:var(--muted);font-size:.9rem}dd{margin:0;overflow-wrap:anywhere}
code{font:.86em ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.log li{padding:.6rem 0;border-bottom:1px solid var(--line)}
time{white-space:nowrap}
summary{cursor:pointer;color:var(--muted);margin:.6rem 0}
footer{margin-top:3.5rem;color:var(--muted);font-size:.84rem}
@media (max-width:40rem){main{padding:2rem 1.1rem 3rem}h1{font-size:1.95rem}h2{margin-top:2.4rem}.verdicts li{grid-template-columns:1fr}dl{grid-template-columns:1fr;gap:0}dd{margin-bottom:.7rem}.metrics .wide{display:none}.bars{grid-template-columns:minmax(5rem,9rem) 1fr 3.9rem;gap:.45rem .7rem}.slices .rows{display:none}}
@media print{body{background:#fff}h2{break-after:avoid}figure,li,tr{break-inside:avoid}}
`;
