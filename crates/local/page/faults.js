// Buttons that make `rollbar-test` die in each way, so that one can watch it being caught.
import { html, useState } from "./parts.js";
import { traceId } from "./format.js";
import { goTrace } from "./router.js";

const KINDS = [
  ["error", "Error", "answers 500"],
  ["panic", "Panic", "caught, answers 500"],
  ["timeout", "Timeout", "sleeps past its limit"],
  ["abort", "Crash", "the process is killed"],
  ["oom", "Out of memory", "takes more than it has"],
  ["exit", "Exit", "the process leaves"],
];

/** Asks the API, by way of the console, and opens the trace of the answer. */
export async function ask(path, options) {
  const answer = await fetch(`/send${path}`, options);
  const text = await answer.text();
  const trace = traceId(answer.headers.get("x-amzn-trace-id") ?? "");
  let body = text;
  try {
    body = JSON.parse(text);
  } catch {
    // What is no JSON is shown as it is.
  }
  return { status: answer.status, ok: answer.ok, trace, body };
}

export function Faults({ about }) {
  const [busy, work] = useState("");
  const [failed, fail] = useState("");
  const cause = async (kind) => {
    work(kind);
    fail("");
    try {
      const { trace } = await ask(`/rollbar/test?kind=${kind}`);
      if (trace) goTrace(trace);
    } catch {
      fail("The API did not answer. Is cargo local still running?");
    }
    work("");
  };
  return html`<section class="card" aria-labelledby="faults"><h2 id="faults">Cause a fault</h2>
    <p>Each kills a request of <code>GET /rollbar/test</code> in its own way. What X-Ray, Honeycomb, Rollbar and CloudWatch make of it opens by itself.</p>
    ${about && !about.faults ? html`<p class="warning" role="status">Faults are switched off: CRUDDER_FAULTS is off, or the stage is “prod”. Start <code>cargo local</code> without that variable.</p>` : ""}
    <div class="faults">${KINDS.map(([kind, label, what]) => html`
      <button data-fault=${kind} disabled=${!about?.faults || busy !== ""} aria-busy=${busy === kind} onClick=${() => cause(kind)}>
        <b>${label}</b><small>${busy === kind && kind === "timeout" ? `waiting ${about.timeout_s} s…` : what}</small>
      </button>`)}</div>
    ${failed ? html`<p class="warning" role="alert">${failed}</p>` : ""}
  </section>`;
}
