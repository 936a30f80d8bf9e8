// Buttons that make the function `rollbar-test` fail in each way, to show what the destinations
// receive.
import { html, useState } from "./parts.js";
import { traceId } from "./format.js";
import { goTrace } from "./router.js";

const KINDS = [
  ["error", "Error", "responds with 500"],
  ["panic", "Panic", "caught, responds with 500"],
  ["timeout", "Timeout", "sleeps past its timeout"],
  ["abort", "Crash", "aborts the process"],
  ["oom", "Out of memory", "allocates too much"],
  ["exit", "Exit", "exits the process"],
];

/** Calls the API through the console. Returns the response with its trace id. */
export async function callApi(path, options) {
  const response = await fetch(`/send${path}`, options);
  const text = await response.text();
  const trace = traceId(response.headers.get("x-amzn-trace-id") ?? "");
  let body = text;
  try {
    body = JSON.parse(text);
  } catch {
    // A body that is not JSON is shown as text.
  }
  return { status: response.status, ok: response.ok, trace, body };
}

export function Faults({ about }) {
  const [busy, setBusy] = useState("");
  const [error, setError] = useState("");
  const trigger = async (kind) => {
    setBusy(kind);
    setError("");
    try {
      const { trace } = await callApi(`/rollbar/test?kind=${kind}`);
      if (trace) goTrace(trace);
    } catch {
      setError("The API did not respond. Is cargo local still running?");
    }
    setBusy("");
  };
  return html`<section class="card" aria-labelledby="faults"><h2 id="faults">Trigger a fault</h2>
    <p>Each button makes <code>GET /rollbar/test</code> fail in its own way. Then its trace opens, with what X-Ray, Honeycomb, Rollbar and CloudWatch received.</p>
    ${about && !about.faults ? html`<p class="warning" role="status">Faults are switched off, because CRUDDER_FAULTS is off or the stage is “prod”. To switch them on, restart <code>cargo local</code> without that setting.</p>` : ""}
    <div class="faults">${KINDS.map(([kind, label, what]) => html`
      <button data-fault=${kind} disabled=${!about?.faults || busy !== ""} aria-busy=${busy === kind} onClick=${() => trigger(kind)}>
        <b>${label}</b><small>${busy === kind && kind === "timeout" ? `waiting ${about.timeout_s} s…` : what}</small>
      </button>`)}</div>
    ${error ? html`<p class="warning" role="alert">${error}</p>` : ""}
  </section>`;
}
