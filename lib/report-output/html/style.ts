/** The style of the page. Colour is never the only signal: each outcome has a word, and a pattern in its bar. */
export const STYLE = `
:root {
  --page: #f6f7f9; --card: #fff; --text: #1a1f27; --soft: #566070; --line: #dfe3e9; --hover: #f0f3f7;
  --ok: #12805c; --ok-soft: #dff3ea; --bad: #c22747; --bad-soft: #fce5ea;
  --late: #a25a00; --late-soft: #fdeed7; --run: #6246c9; --run-soft: #ebe7fb; --skip: #667080; --skip-soft: #e9ecf0;
  --name: clamp(11rem, 26%, 20rem); --ms: 5.5rem; --badge: 11rem; --gap: .9rem;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #0e1116; --card: #161b22; --text: #e7ebf0; --soft: #9da8b6; --line: #2b323c; --hover: #1d242d;
    --ok: #3fc48f; --ok-soft: #12332a; --bad: #ff7289; --bad-soft: #421a24;
    --late: #f2ae4b; --late-soft: #3b2a10; --run: #ab98ff; --run-soft: #2a2450; --skip: #95a0ae; --skip-soft: #262d36;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; padding: clamp(.9rem, 3vw, 2.5rem); background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', sans-serif;
}
main, footer { max-width: 76rem; margin: 0 auto; }
h1, h2, h3, h4, p, ul, ol, dl, dd, pre { margin: 0; padding: 0; }
h2 { font-size: .8rem; letter-spacing: .07em; text-transform: uppercase; color: var(--soft); margin-bottom: .6rem; }
bdi { overflow-wrap: anywhere; }
code, pre, .items, .tasks .name { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace; }

.is-completed { --c: var(--ok); --s: var(--ok-soft); }
.is-failed { --c: var(--bad); --s: var(--bad-soft); }
.is-timed-out, .is-forced { --c: var(--late); --s: var(--late-soft); }
.is-running, .is-unfinished { --c: var(--run); --s: var(--run-soft); }
.is-skipped, .is-waiting { --c: var(--skip); --s: var(--skip-soft); }

header { display: flex; gap: 1.1rem; align-items: flex-start; }
.icon { flex: none; width: 3.4rem; height: 3.4rem; padding: .7rem; border-radius: 1rem; background: var(--s); }
.icon path { fill: none; stroke: var(--c); stroke-width: 2.4; stroke-linecap: round; stroke-linejoin: round; }
h1 { font-size: clamp(1.35rem, 4vw, 1.9rem); line-height: 1.2; letter-spacing: -.015em; }
.nowrap { white-space: nowrap; }
h1 .nowrap { color: var(--c); font-variant-numeric: tabular-nums; }
.why { color: var(--soft); margin-top: .2rem; }
.why b { color: var(--text); }
.why time { white-space: nowrap; margin-left: .5em; }
.remark { margin-top: .35rem; overflow-wrap: anywhere; }

.figures { display: flex; flex-wrap: wrap; gap: .6rem; margin: 1.4rem 0; }
.figures div { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; padding: .5rem .95rem; }
.figures dt { font-size: .78rem; color: var(--soft); }
.figures dd { font-size: 1.15rem; font-weight: 650; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.figures small { font-weight: 400; color: var(--soft); white-space: nowrap; }

.troubles, .timeline { background: var(--card); border: 1px solid var(--line); border-radius: 1rem; padding: 1.1rem 1.25rem; margin-bottom: 1.2rem; }
.troubles ul { padding-left: 1.1rem; overflow-wrap: anywhere; }
a { color: inherit; font-weight: 650; text-decoration-color: var(--soft); text-underline-offset: .15em; }
a:hover { text-decoration-thickness: 2px; }
.troubles li::marker { color: var(--late); }

.chart { position: relative; }
.axis, .grid, .head, summary {
  display: grid; grid-template-columns: var(--name) minmax(0, 1fr) var(--ms) var(--badge);
  gap: var(--gap); align-items: center;
}
.rest > summary { display: list-item; }
.axis .track, .grid .track { grid-column: 2; }
.axis .track { height: 1.5rem; }
.axis i { position: absolute; font-style: normal; font-size: .75rem; color: var(--soft); white-space: nowrap; padding-left: .3rem; }
.axis .before { transform: translateX(-100%); padding: 0 .3rem 0 0; }
.grid { position: absolute; inset: 1.4rem 0 0; pointer-events: none; align-items: stretch; }
.grid i { position: absolute; top: 0; bottom: 0; border-left: 1px solid var(--line); }
.grid .end { border-left: 2px dashed var(--bad); z-index: 1; }
.grid .track { height: auto; }
.grid .end b { position: absolute; top: -1.4rem; right: .15rem; font-style: normal; font-size: .75rem; color: var(--bad); white-space: nowrap; background: var(--card); padding: 0 .25rem; }

.track { position: relative; display: block; height: 1rem; }
.bar, .late { position: absolute; top: .1rem; bottom: .1rem; min-width: 3px; border-radius: 3px; background: var(--c); }
.late { min-width: 0; border: 2px dotted var(--c); border-left: 0; background: none; }
.is-failed > * > .track .bar { box-shadow: inset 0 0 0 2px var(--c), inset 0 0 0 3px var(--card); }
.is-timed-out > * > .track .bar { background: repeating-linear-gradient(115deg, var(--c) 0 6px, var(--s) 6px 9px); border: 1px solid var(--c); }
.is-running > * > .track .bar { background: linear-gradient(90deg, var(--c), var(--s)); border: 1px solid var(--c); border-right-style: dashed; border-radius: 3px 0 0 3px; }
.phase .head .bar { top: .3rem; bottom: .3rem; }

.phase { position: relative; padding: .55rem 0 .5rem; }
.phase + .phase { border-top: 1px solid var(--line); }
h3.name { font-size: 1rem; }
h3 small { font-weight: 400; color: var(--soft); margin-left: .3em; font-size: .8rem; }
.ms { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.badge { justify-self: start; font-size: .78rem; line-height: 1.35; padding: .08rem .5rem; border-radius: .6rem; background: var(--s); color: var(--c); }
.is-completed > * > .badge { background: none; color: var(--soft); }
.note { color: var(--soft); padding: .15rem 0; font-size: .9rem; }

.tasks { list-style: none; }
.task > summary { cursor: pointer; list-style: none; border-radius: .4rem; padding: .12rem 0; }
.task > summary::-webkit-details-marker { display: none; }
.task > summary:hover, .rest > summary:hover { background: var(--hover); }
a:focus-visible, summary:focus-visible, pre:focus-visible { outline: 2px solid var(--run); outline-offset: 1px; }
.tasks .name { font-size: .82rem; padding-left: 1.1rem; position: relative; }
.tasks .name::before { content: '\\203a'; position: absolute; left: .3rem; color: var(--soft); transition: transform .12s; }
.task[open] .name::before { transform: rotate(90deg); }
.tasks .matters .name { font-weight: 700; }
.body { margin: .2rem 0 .7rem 1.1rem; padding: .6rem .9rem; border-left: 3px solid var(--c); background: var(--page); border-radius: 0 .5rem .5rem 0; position: relative; }
.body h4 { font-size: .85rem; margin-top: .5rem; }
.items { list-style: none; font-size: .82rem; }
.items li { display: flex; gap: 1rem; justify-content: space-between; max-width: 44rem; padding: .1rem 0; border-bottom: 1px dotted var(--line); }
.error { margin-top: .5rem; overflow-wrap: anywhere; }
.error ul { padding-left: 1.2rem; }
.because { color: var(--soft); }
pre { font-size: .78rem; line-height: 1.45; overflow-x: auto; color: var(--soft); padding: .3rem 0; max-height: 22rem; }
.rest { margin-top: .3rem; }
.rest > summary { cursor: pointer; color: var(--soft); font-size: .88rem; padding: .15rem .3rem; border-radius: .4rem; }

footer { color: var(--soft); font-size: .82rem; }

@media (max-width: 760px) {
  :root { --ms: auto; --badge: auto; }
  .axis, .grid { display: block; }
  .head, summary { grid-template-columns: minmax(0, 1fr) auto; gap: .1rem .6rem; }
  .head .track, summary .track { grid-column: 1 / -1; grid-row: 2; }
  .grid .track { height: 100%; }
  .is-skipped .track, .is-waiting .track, .is-completed > * > .badge { display: none; }
  .is-skipped > * > .ms, .is-waiting > * > .ms { display: none; }
  .task > summary { padding: .3rem 0; }
  .tasks .name { padding-left: .9rem; } .tasks .name::before { left: 0; }
  .body { margin-left: 0; }
  .troubles, .timeline { padding: .9rem; }
}
@media (prefers-reduced-motion: reduce) { * { transition: none !important; } }
@media (forced-colors: active) { .bar, .late { forced-color-adjust: none; } }
@media print {
  @page { margin: 14mm; }
  :root { color-scheme: light; }
  html, body { background: #fff; }
  body { padding: 0; font-size: 10pt; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  .matters::details-content { content-visibility: visible; display: block; height: auto; }
  .troubles, .timeline { border: 0; padding: 0; }
  li, .head { break-inside: avoid; } h2, h3 { break-after: avoid; }
  pre { max-height: none; white-space: pre-wrap; }
  footer { display: none; }
}
`;
