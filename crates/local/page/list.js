// The list of requests. Only the rows in sight are in the document, however many are held.
import "./vendored/environment.js";
import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from "./vendored/virtual-core/index.js";
import { html, Outcome, useLayoutEffect, useRef, useState } from "./parts.js";
import { clock, duration, short } from "./format.js";

export const ROW = 30;
/** Rows beyond each edge of what is in sight, so that a quick hand sees no gap. */
const BEYOND = 8;
const COLUMNS = ["time", "", "route", "status", "took", "outcome", "planes"];
const PLANES = [["X", 1, "X-Ray"], ["H", 2, "Honeycomb"], ["R", 4, "Rollbar"], ["C", 8, "CloudWatch"]];

/** The four planes as letters: lit where the plane has something of the request. */
function Planes({ bits }) {
  const names = PLANES.filter(([, bit]) => bits & bit).map(([, , name]) => name);
  const said = names.length ? `seen by ${names.join(", ")}` : "seen by no plane yet";
  return html`<span class="planes" title=${said} aria-label=${said}>
    ${PLANES.map(([letter, bit]) => html`<i class=${bits & bit ? "lit" : ""} aria-hidden="true">${letter}</i>`)}
  </span>`;
}

function Row({ row, start, place, of, chosen, open, onOpen }) {
  const name = row.route ?? row.path;
  const said = `${row.method} ${row.path}, ${row.status ?? "no answer"}, ${row.outcome}`;
  return html`<a class=${`row ${chosen ? "chosen" : ""} ${open ? "open" : ""}`} role="option" id=${`row-${row.seq}`} aria-selected=${chosen} aria-posinset=${place} aria-setsize=${of}
    href=${`#/trace/${row.trace}`} tabindex="-1" aria-label=${said} title=${row.path} style=${{ transform: `translateY(${start}px)` }}
    data-trace=${row.trace} data-outcome=${row.outcome} onClick=${onOpen}>
    <span class="time">${clock(row.started)}</span>
    <span class="method">${row.method || "–"}</span>
    <span class="path"><b>${name}</b>${row.detail ? html`<em>${row.detail}</em>` : row.fn ? html`<em>${short(row.fn)}</em>` : html`<em>gateway</em>`}</span>
    <span class=${`status s${String(row.status ?? 0)[0]}`}>${row.status ?? (row.outcome === "running" ? "…" : "–")}</span>
    <span class="took">${duration(row.duration)}${row.cold ? html`<sup title="cold start: a process was started for it">cold</sup>` : ""}</span>
    <${Outcome} value=${row.outcome} />
    <${Planes} bits=${row.planes} />
  </a>`;
}

export function List({ view, version, chosen, chosenSeq, open, onChoose }) {
  const box = useRef();
  const [, redraw] = useState(0);
  const held = useRef();
  held.current ??= new Virtualizer({
    count: 0, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: BEYOND, scrollToFn: elementScroll,
    observeElementRect, observeElementOffset, onChange: () => redraw((drawn) => drawn + 1),
  });
  const virtual = held.current;
  virtual.setOptions({ ...virtual.options, count: view.length });
  useLayoutEffect(() => virtual._didMount(), []);
  useLayoutEffect(() => virtual._willUpdate());
  // Whoever has scrolled down keeps what is in sight, however much comes in above it.
  const top = useRef();
  useLayoutEffect(() => {
    const { scrollTop } = box.current;
    const moved = top.current === undefined ? -1 : view.indexOf(top.current.seq);
    if (scrollTop > ROW && moved > top.current?.index) box.current.scrollTop = scrollTop + (moved - top.current.index) * ROW;
  }, [version]);
  useLayoutEffect(() => {
    const index = Math.floor(box.current.scrollTop / ROW);
    top.current = index < view.length ? { index, seq: view.at(index).seq } : undefined;
  });
  useLayoutEffect(() => {
    if (chosen >= 0 && chosen < view.length) virtual.scrollToIndex(chosen, { align: "auto" });
  }, [chosenSeq]);
  const items = virtual.getVirtualItems().filter(({ index }) => index < view.length);
  const active = chosen >= 0 ? view.at(chosen) : undefined;
  return html`<div class="columns" aria-hidden="true">${COLUMNS.map((name) => html`<span>${name}</span>`)}</div>
  <div class="list" ref=${box} role="listbox" tabindex="0" aria-label="Requests, newest first"
      aria-activedescendant=${active ? `row-${active.seq}` : undefined}>
    <div class="sheet" style=${{ height: `${virtual.getTotalSize()}px` }}>
      ${items.map(({ index, start }) => {
        const row = view.at(index);
        return html`<${Row} key=${row.seq} row=${row} start=${start} place=${index + 1} of=${view.length} chosen=${index === chosen} open=${row.trace === open}
          onOpen=${() => onChoose(row.seq)} />`;
      })}
    </div>
  </div>`;
}
