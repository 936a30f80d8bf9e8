// The list of requests. Only the visible rows are in the document, however many there are.
import "./vendored/environment.js";
import { Virtualizer, elementScroll, observeElementOffset, observeElementRect } from "./vendored/virtual-core/index.js";
import { html, Outcome, useLayoutEffect, useRef, useState } from "./parts.js";
import { clock, duration, short } from "./format.js";

export const ROW = 30;
/** Rows beyond each edge of the visible part, so that fast scrolling shows no gap. */
const OVERSCAN = 8;
const COLUMNS = ["time", "", "route", "status", "duration", "outcome", "sent to"];
const DESTINATIONS = [["X", 1, "X-Ray"], ["H", 2, "Honeycomb"], ["R", 4, "Rollbar"], ["C", 8, "CloudWatch"]];

/** The destinations as letters: lit if the destination received data of the request. */
function Destinations({ bits }) {
  const names = DESTINATIONS.filter(([, bit]) => bits & bit).map(([, , name]) => name);
  const label = names.length ? `received by ${names.join(", ")}` : "received by no destination yet";
  return html`<span class="destinations" title=${label} aria-label=${label}>
    ${DESTINATIONS.map(([letter, bit]) => html`<i class=${bits & bit ? "lit" : ""} aria-hidden="true">${letter}</i>`)}
  </span>`;
}

function Row({ row, start, place, of, selected, open, onOpen }) {
  const name = row.route ?? row.path;
  const label = `${row.method} ${row.path}, ${row.status ?? "no response"}, ${row.outcome}`;
  return html`<a class=${`row ${selected ? "selected" : ""} ${open ? "open" : ""}`} role="option" id=${`row-${row.seq}`} aria-selected=${selected} aria-posinset=${place} aria-setsize=${of}
    href=${`#/trace/${row.trace}`} tabindex="-1" aria-label=${label} title=${row.path} style=${{ transform: `translateY(${start}px)` }}
    data-trace=${row.trace} data-outcome=${row.outcome} onClick=${onOpen}>
    <span class="time">${clock(row.started)}</span>
    <span class="method">${row.method || "–"}</span>
    <span class="path"><b>${name}</b>${row.detail ? html`<em>${row.detail}</em>` : row.fn ? html`<em>${short(row.fn)}</em>` : html`<em>gateway</em>`}</span>
    <span class=${`status s${String(row.status ?? 0)[0]}`}>${row.status ?? (row.outcome === "running" ? "…" : "–")}</span>
    <span class="duration">${duration(row.duration)}${row.cold ? html`<sup title="cold start: Lambda started a process for this request">cold</sup>` : ""}</span>
    <${Outcome} value=${row.outcome} />
    <${Destinations} bits=${row.destinations} />
  </a>`;
}

export function List({ view, version, selected, selectedSeq, open, onSelect }) {
  const box = useRef();
  const [, redraw] = useState(0);
  const virtualizer = useRef();
  virtualizer.current ??= new Virtualizer({
    count: 0, getScrollElement: () => box.current, estimateSize: () => ROW, overscan: OVERSCAN, scrollToFn: elementScroll,
    observeElementRect, observeElementOffset, onChange: () => redraw((drawn) => drawn + 1),
  });
  const virtual = virtualizer.current;
  virtual.setOptions({ ...virtual.options, count: view.length });
  useLayoutEffect(() => virtual._didMount(), []);
  useLayoutEffect(() => virtual._willUpdate());
  // After scrolling down, the visible rows stay where they are while new rows arrive above them.
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
    if (selected >= 0 && selected < view.length) virtual.scrollToIndex(selected, { align: "auto" });
  }, [selectedSeq]);
  const items = virtual.getVirtualItems().filter(({ index }) => index < view.length);
  const active = selected >= 0 ? view.at(selected) : undefined;
  return html`<div class="columns" aria-hidden="true">${COLUMNS.map((name) => html`<span>${name}</span>`)}</div>
  <div class="list" ref=${box} role="listbox" tabindex="0" aria-label="Requests, newest first"
      aria-activedescendant=${active ? `row-${active.seq}` : undefined}>
    <div class="sheet" style=${{ height: `${virtual.getTotalSize()}px` }}>
      ${items.map(({ index, start }) => {
        const row = view.at(index);
        return html`<${Row} key=${row.seq} row=${row} start=${start} place=${index + 1} of=${view.length} selected=${index === selected} open=${row.trace === open}
          onOpen=${() => onSelect(row.seq)} />`;
      })}
    </div>
  </div>`;
}
