// The open request: its outcome, waterfall, logs, Rollbar items, and the bytes sent to each
// destination.
import { html, Copy, Empty, Outcome, useEffect, useState } from "./parts.js";
import { clock, duration, short } from "./format.js";
import { rows, subscribe } from "./stream.js";
import { go, goTrace } from "./router.js";
import { Waterfall } from "./waterfall.js";
import { Logs } from "./logs.js";
import { Rollbar } from "./rollbar.js";
import { Destinations } from "./destinations.js";

export const TABS = ["waterfall", "logs", "rollbar", "destinations"];
const NAMES = { waterfall: "Waterfall", logs: "Logs", rollbar: "Rollbar", destinations: "Destinations" };

/** What an outcome means, in a sentence. */
function explain({ outcome, culprit, status }) {
  const where = culprit ? ` in “${culprit}”` : "";
  const reporter = "The extension reported it to X-Ray, Honeycomb and Rollbar, because the function no longer could.";
  return {
    running: "In progress: there is no response yet.",
    refused: `Rejected with ${status}: the request was not acceptable. Nothing is broken.`,
    error: `Failed${where}: the function responded with an error. Its process lives on.`,
    panic: `Panicked${where}. The function caught the panic and responded with an error. Its process lives on.`,
    timeout: `Exceeded its timeout${where}, and was killed. ${reporter}`,
    oom: `Ran out of memory${where}, and was killed. ${reporter}`,
    exit: `Exited${where}, in the middle of the request. ${reporter}`,
    crash: `Crashed${where}. ${reporter}`,
    gone: "The client closed the connection before there was a response.",
  }[outcome];
}

/** The data of the trace, fetched again whenever its row changes. */
function useTrace(id) {
  const [found, setFound] = useState({});
  useEffect(() => {
    let current = true;
    let loaded;
    const load = async () => {
      try {
        const response = await fetch(`/api/traces/${id}`);
        const body = await response.json();
        if (current) setFound(response.ok ? { id, trace: body } : { id, missing: true });
      } catch {
        if (current) setFound((before) => ({ ...before, id, missing: !before.trace }));
      }
    };
    const loadIfChanged = () => {
      const row = rows.ofTrace(id);
      if (row === loaded) return;
      loaded = row;
      load();
    };
    loaded = rows.ofTrace(id);
    load();
    const unsubscribe = subscribe(loadIfChanged);
    return () => {
      current = false;
      unsubscribe();
    };
  }, [id]);
  return found.id === id ? found : {};
}

function Tabs({ id, tab, trace }) {
  const counts = { waterfall: trace.spans.length, logs: trace.lines.length, rollbar: trace.reports.length };
  return html`<nav class="tabs" aria-label="Views of this request">${TABS.map((name) => html`
    <a href=${`#/trace/${id}${name === "waterfall" ? "" : `/${name}`}`} aria-current=${name === tab ? "page" : undefined}>
      ${NAMES[name]}${counts[name] === undefined ? "" : html` <small>${counts[name]}</small>`}</a>`)}</nav>`;
}

function Head({ trace }) {
  const request = trace.requests[0];
  const summary = request && explain(request);
  return html`<header class="head">
    <button class="quiet small back" onClick=${() => go("/")}>Close</button>
    ${request ? html`<h2><span class="method">${request.method}</span> ${request.path}</h2>
      <p class="facts"><${Outcome} value=${request.outcome} /> <span>${request.status ?? (request.outcome === "running" ? "no response yet" : "no response")}</span> <span>${duration(request.duration_us)}</span>
        ${request.cold === null ? "" : html`<span>${request.cold ? "cold start" : "warm"}</span>`}
        <span>${request.function ? short(request.function) : "answered by the gateway"}</span> <span>${clock(request.started_ms, true)}</span></p>
      ${summary ? html`<p class=${`summary ${request.outcome}`}>${summary}</p>` : ""}`
      : html`<h2>Orphan trace: no request to the gateway started it</h2>`}
    <p class="ids"><span>X-Ray</span> <code>${trace.xray_trace_id}</code> <${Copy} text=${trace.xray_trace_id} />
      <span>W3C</span> <code>${trace.trace_id}</code> <${Copy} text=${trace.trace_id} /></p>
  </header>`;
}

export function Detail({ id, tab }) {
  const { trace, missing } = useTrace(id);
  if (missing) {
    return html`<${Empty} title="Trace not found">
      <p>No destination has received <code>${id}</code>. If you have just sent the request, wait a moment. Old traces are dropped.</p>
      <p><button onClick=${() => go("/")}>Back to the requests</button></p>
    </${Empty}>`;
  }
  if (!trace) return html`<p class="note pad" role="status">Loading…</p>`;
  const View = { waterfall: Waterfall, logs: Logs, rollbar: Rollbar, destinations: Destinations }[tab] ?? Waterfall;
  return html`<article class="detail" data-trace=${id}>
    <${Head} trace=${trace} /><${Tabs} id=${id} tab=${tab} trace=${trace} />
    <div class="view"><${View} key=${id} trace=${trace} /></div>
  </article>`;
}

/** Shows the tab with this number of the open request. */
export function showTab(id, number) {
  if (id) goTrace(id, TABS[number - 1]);
}
