// The service map: client, API, functions and table, with rates, errors and latency. The console
// computes it; the page fetches it repeatedly while the map is open.
import { html, Empty, useEffect, useLayoutEffect, useRef, useState } from "./parts.js";
import { count, duration, plural, short } from "./format.js";

/** Milliseconds between two fetches. */
const INTERVAL_MS = 2000;

function useMap() {
  const [map, setMap] = useState();
  useEffect(() => {
    let timer;
    let current = true;
    const load = async () => {
      try {
        const found = await (await fetch("/api/map")).json();
        if (current) setMap(found);
      } catch {
        // The header shows that the console is offline. The last map stays.
      }
      if (current) timer = setTimeout(load, INTERVAL_MS);
    };
    load();
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, []);
  return map;
}

const share = (node) => (node.count ? (node.errors / node.count) * 100 : 0);
const ms = (value) => (value === null ? "–" : duration(value * 1e3));

function Node({ node, name, kind }) {
  const bad = share(node);
  return html`<div class=${`node ${kind} ${bad > 0 ? "bad" : ""}`} data-node=${name}>
    <strong>${name}</strong>
    <p><span>${plural(node.count, "request")}</span><span>${node.per_minute} / min</span></p>
    <p><span class=${bad > 0 ? "errors" : ""}>${bad > 0 && bad < 1 ? "<1" : bad.toFixed(0)} % errors</span><span>p50 ${ms(node.p50_ms)}</span><span>p99 ${ms(node.p99_ms)}</span></p>
    <i class="share" aria-hidden="true"><b style=${{ width: `${bad}%` }}></b></i>
  </div>`;
}

function TableCalls({ name, table }) {
  const node = table.find((one) => one.name === name);
  if (!node) return html`<span class="calls none" aria-hidden="true"></span>`;
  return html`<span class="calls">${plural(node.count, "call")} · p50 ${ms(node.p50_ms)} · p99 ${ms(node.p99_ms)}${node.errors ? html` · <b class="errors">${node.errors} failed</b>` : ""}</span>`;
}

/** The edges between the nodes, drawn behind them. */
function Lines({ map }) {
  const sheet = useRef();
  const [paths, setPaths] = useState([]);
  const measure = () => {
    const base = sheet.current?.parentElement;
    if (!base) return;
    const zero = base.getBoundingClientRect();
    const at = (selector) => [...base.querySelectorAll(selector)].map((one) => one.getBoundingClientRect());
    const line = (from, to) => {
      const [x1, y1, x2, y2] = [from.right - zero.left, from.top + from.height / 2 - zero.top, to.left - zero.left, to.top + to.height / 2 - zero.top];
      const bend = (x2 - x1) / 2;
      return `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
    };
    const [client] = at(".client");
    const [api] = at(".api");
    const functions = at(".function");
    setPaths([line(client, api), ...functions.map((one) => line(api, one))]);
  };
  useLayoutEffect(measure, [map]);
  useEffect(() => {
    addEventListener("resize", measure);
    return () => removeEventListener("resize", measure);
  }, []);
  return html`<svg class="lines" ref=${sheet} aria-hidden="true">${paths.map((path) => html`<path d=${path} />`)}</svg>`;
}

export function ServiceMap() {
  const map = useMap();
  if (!map) return html`<p class="note pad" role="status">Loading…</p>`;
  if (!map.looked_at) return html`<${Empty} title="No traffic yet"><p>The map is drawn from the requests that arrive.</p></${Empty}>`;
  const { api, functions, table } = map;
  return html`<section class="map pad" aria-label="Service map">
    <h2>Service map</h2>
    <p class="note">Shows the newest ${plural(map.looked_at, "request")}. Rates are of the last minute, latencies of the newest 1,000 requests of each node.${map.by_gateway ? ` The gateway answered ${plural(map.by_gateway, "request")} itself.` : ""}</p>
    <div class="graph"><${Lines} map=${map} />
      <div class="column"><div class="node client"><strong>Client</strong><p><span>${api.per_minute} / min</span></p></div></div>
      <div class="column"><${Node} node=${api} name="API" kind="api" /></div>
      <ul class="column functions">${functions.map((node) => html`<li key=${node.name}>
        <${Node} node=${node} name=${short(node.name)} kind="function" /><${TableCalls} name=${node.name} table=${table} /></li>`)}</ul>
      <div class="column"><div class="node table"><strong>DynamoDB</strong><p><span>${plural(table.reduce((sum, one) => sum + one.count, 0), "call")}</span></p></div></div>
    </div>
  </section>`;
}
