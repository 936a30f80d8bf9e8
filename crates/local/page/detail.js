// One request opened: what became of it, and its waterfall, logs, Rollbar items and planes.
import { html, Copy, Empty, Outcome, useEffect, useState } from "./parts.js";
import { clock, duration, short } from "./format.js";
import { listen, rows } from "./stream.js";
import { go, goTrace } from "./router.js";
import { Waterfall } from "./waterfall.js";
import { Logs } from "./logs.js";
import { Rollbar } from "./rollbar.js";
import { Planes } from "./planes.js";

export const TABS = ["waterfall", "logs", "rollbar", "planes"];
const NAMES = { waterfall: "Waterfall", logs: "Logs", rollbar: "Rollbar", planes: "Four planes" };

/** What an outcome means, in a sentence. */
function sentence({ outcome, culprit, status }) {
  const where = culprit ? ` in “${culprit}”` : "";
  const told = "The layer told X-Ray, Honeycomb and Rollbar, since the function no longer could.";
  return {
    running: "Under way: no answer has left yet.",
    refused: `Refused with ${status}: the request was not acceptable. Nothing is broken.`,
    error: `Failed${where}: the function answered with an error and lives on.`,
    panic: `Panicked${where}. The panic was caught and answered; the process lives on.`,
    timeout: `Passed its time limit${where}, and was killed. ${told}`,
    oom: `Ran out of memory${where}, and was killed. ${told}`,
    exit: `Exited${where}, in the middle of the request. ${told}`,
    crash: `Crashed${where}. ${told}`,
    gone: "The client closed the connection before there was an answer.",
  }[outcome];
}

/** The trace's data, asked for again whenever its row changes. */
function useTrace(id) {
  const [found, put] = useState({});
  useEffect(() => {
    let current = true;
    let seen;
    const load = async () => {
      try {
        const answer = await fetch(`/api/traces/${id}`);
        const body = await answer.json();
        if (current) put(answer.ok ? { id, trace: body } : { id, missing: true });
      } catch {
        if (current) put((before) => ({ ...before, id, missing: !before.trace }));
      }
    };
    const look = () => {
      const row = rows.ofTrace(id);
      if (row === seen) return;
      seen = row;
      load();
    };
    seen = rows.ofTrace(id);
    load();
    const end = listen(look);
    return () => {
      current = false;
      end();
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
  const said = request && sentence(request);
  return html`<header class="head">
    <button class="quiet small back" onClick=${() => go("/")}>Close</button>
    ${request ? html`<h2><span class="method">${request.method}</span> ${request.path}</h2>
      <p class="facts"><${Outcome} value=${request.outcome} /> <span>${request.status ?? (request.outcome === "running" ? "no answer yet" : "no answer")}</span> <span>${duration(request.duration_us)}</span>
        ${request.cold === null ? "" : html`<span>${request.cold ? "cold start" : "warm"}</span>`}
        <span>${request.function ? short(request.function) : "answered by the gateway"}</span> <span>${clock(request.started_ms, true)}</span></p>
      ${said ? html`<p class=${`said ${request.outcome}`}>${said}</p>` : ""}`
      : html`<h2>A trace that came through no gateway</h2>`}
    <p class="ids"><span>X-Ray</span> <code>${trace.xray_trace_id}</code> <${Copy} text=${trace.xray_trace_id} />
      <span>W3C</span> <code>${trace.trace_id}</code> <${Copy} text=${trace.trace_id} /></p>
  </header>`;
}

export function Detail({ id, tab }) {
  const { trace, missing } = useTrace(id);
  if (missing) {
    return html`<${Empty} title="No plane has this trace">
      <p>Not here, not yet, or no longer: <code>${id}</code>. If you have just sent the request, look again.</p>
      <p><button onClick=${() => go("/")}>Back to the requests</button></p>
    </${Empty}>`;
  }
  if (!trace) return html`<p class="note pad" role="status">Loading…</p>`;
  const View = { waterfall: Waterfall, logs: Logs, rollbar: Rollbar, planes: Planes }[tab] ?? Waterfall;
  return html`<article class="detail" data-trace=${id}>
    <${Head} trace=${trace} /><${Tabs} id=${id} tab=${tab} trace=${trace} />
    <div class="view"><${View} key=${id} trace=${trace} /></div>
  </article>`;
}

/** The tab of that number, of the open request. */
export function showTab(id, number) {
  if (id) goTrace(id, TABS[number - 1]);
}
