// The destinations side by side: the bytes that were sent to each because of one request. The
// server masks API keys.
import { html, Copy, Fields, useState } from "./parts.js";
import { bytes } from "./format.js";

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function Block({ title, note, text, asSent }) {
  const shown = asSent ? text : pretty(text);
  return html`<section class="block"><h4>${title} <small>${note}</small> <${Copy} text=${text} /></h4><pre tabindex="0">${shown}</pre></section>`;
}

function Destination({ name, children, isEmpty, why }) {
  return html`<section class=${`destination ${isEmpty ? "no-data" : ""}`} aria-label=${`Sent to ${name}`}>
    <h3>Sent to ${name}</h3>${isEmpty ? html`<p class="note">${why}</p>` : children}
  </section>`;
}

function octets(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** The first bytes as a hex dump, sixteen bytes a line. */
function dump(body, most = 512) {
  const data = octets(body).subarray(0, most);
  const lines = [];
  for (let at = 0; at < data.length; at += 16) {
    const part = [...data.subarray(at, at + 16)];
    const hex = part.map((one) => one.toString(16).padStart(2, "0")).join(" ");
    const text = part.map((one) => (one > 31 && one < 127 ? String.fromCharCode(one) : ".")).join("");
    lines.push(`${at.toString(16).padStart(4, "0")}  ${hex.padEnd(47)}  ${text}`);
  }
  return lines.join("\n");
}

function save(batch) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([octets(batch.body)]));
  link.download = `honeycomb-${batch.number}.bin`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

function Batch({ batch }) {
  if (!batch.headers) return html`<p class="note">Call ${batch.number} had ${batch.spans_of_trace} spans of this trace. Its bytes were dropped to make space.</p>`;
  return html`<section class="block"><h4>POST /v1/traces <small>${bytes(batch.bytes)} · ${batch.spans} spans, ${batch.spans_of_trace} of this trace</small></h4>
    <${Fields} pairs=${batch.headers} />
    ${batch.body
      ? html`<details><summary>Body as sent, in hex</summary><pre tabindex="0" class="hex">${dump(batch.body)}</pre>
          <button class="quiet small" onClick=${() => save(batch)}>Download all ${bytes(batch.bytes)}</button></details>`
      : html`<p class="note">The body contained a secret, so its bytes are not shown. In the decoded spans below the secret is masked.</p>`}
  </section>`;
}

export function Destinations({ trace }) {
  const [asSent, setAsSent] = useState(false);
  const { documents, batches, spans, reports, lines } = trace;
  const ran = trace.requests.some((request) => request.function);
  const byGateway = "The gateway answered this request itself, so no function ran.";
  const decoded = JSON.stringify(spans.map(({ resource, ...span }) => span), null, 2);
  const texts = lines.map(({ line }) => (typeof line === "string" ? line : JSON.stringify(line)));
  return html`<div><p class="choice"><label><input type="checkbox" checked=${asSent} onChange=${(event) => setAsSent(event.target.checked)} /> Show as sent, not formatted</label></p>
  <div class="destinations-grid">
    <${Destination} name="X-Ray" isEmpty=${!documents.length} why="Nothing: the client sent Sampled=0, or the documents were dropped to make space.">
      ${documents.map((one) => html`<${Block} key=${one.id} title=${one.name} asSent=${asSent} text=${one.raw}
        note=${`${bytes(one.raw.length)} · ${one.header ? `one UDP datagram, after the line ${one.header}` : "with PutTraceSegments"}`} />`)}
    </${Destination}>
    <${Destination} name="Honeycomb" isEmpty=${!spans.length} why=${ran ? "Nothing yet: the extension sends after the response. Without the layer nothing is sent." : byGateway}>
      ${batches.map((batch) => html`<${Batch} key=${batch.number} batch=${batch} />`)}
      <${Block} title="Spans of this trace, decoded" note=${`${spans.length}, without their shared resource`} asSent=${asSent} text=${decoded} />
    </${Destination}>
    <${Destination} name="Rollbar" isEmpty=${!reports.length} why=${ran ? "Nothing: only errors, panics, deaths and reported warnings become items." : byGateway}>
      ${reports.map((item) => html`<${Block} key=${item.uuid} title="POST /api/1/item/" note=${`${bytes(item.raw.length)} · token ${item.token}`} asSent=${asSent} text=${item.raw} />`)}
    </${Destination}>
    <${Destination} name="CloudWatch" isEmpty=${!lines.length} why=${ran ? "No lines yet." : byGateway}>
      <section class="block"><h4>/aws/lambda/${lines[0]?.function} <small>${texts.length} lines, from standard output and from Lambda</small> <${Copy} text=${texts.join("\n")} /></h4>
        ${texts.map((text) => html`<pre tabindex="0">${asSent ? text : pretty(text)}</pre>`)}</section>
    </${Destination}>
  </div></div>`;
}
