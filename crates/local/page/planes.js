// The four planes side by side: the bytes that left for each on account of one request. No key is among them: the server masks it.
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

function Plane({ name, children, isEmpty, why }) {
  return html`<section class=${`plane ${isEmpty ? "nothing" : ""}`} aria-label=${`What ${name} gets`}>
    <h3>What ${name} gets</h3>${isEmpty ? html`<p class="note">${why}</p>` : children}
  </section>`;
}

function octets(base64) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}

/** The first bytes as a hex dump of sixteen a line. */
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
  if (!batch.headers) return html`<p class="note">Call ${batch.number}, with ${batch.spans_of_trace} of its spans; its bytes have fallen off the end of what is kept.</p>`;
  return html`<section class="block"><h4>POST /v1/traces <small>${bytes(batch.bytes)} · ${batch.spans} spans, ${batch.spans_of_trace} of this trace</small></h4>
    <${Fields} pairs=${batch.headers} />
    ${batch.body
      ? html`<details><summary>The body, packed, as hex</summary><pre tabindex="0" class="hex">${dump(batch.body)}</pre>
          <button class="quiet small" onClick=${() => save(batch)}>Download all ${bytes(batch.bytes)}</button></details>`
      : html`<p class="note">A secret was found in the body, so its bytes are not shown. Below it is blotted out.</p>`}
  </section>`;
}

export function Planes({ trace }) {
  const [asSent, choose] = useState(false);
  const { documents, batches, spans, reports, lines } = trace;
  const ran = trace.requests.some((request) => request.function);
  const byGateway = "The gateway answered this request itself; no function ran.";
  const decoded = JSON.stringify(spans.map(({ resource, ...span }) => span), null, 2);
  const texts = lines.map(({ line }) => (typeof line === "string" ? line : JSON.stringify(line)));
  return html`<div><p class="choice"><label><input type="checkbox" checked=${asSent} onChange=${(event) => choose(event.target.checked)} /> as sent, not spread out</label></p>
  <div class="planes-grid">
    <${Plane} name="X-Ray" isEmpty=${!documents.length} why="Nothing: the caller said Sampled=0, or the documents have fallen off the end of what is kept.">
      ${documents.map((one) => html`<${Block} key=${one.id} title=${one.name} asSent=${asSent} text=${one.raw}
        note=${`${bytes(one.raw.length)} · ${one.header ? `one UDP datagram, after the line ${one.header}` : "by PutTraceSegments"}`} />`)}
    </${Plane}>
    <${Plane} name="Honeycomb" isEmpty=${!spans.length} why=${ran ? "Nothing yet: the layer sends after the answer. Without a layer it gets nothing." : byGateway}>
      ${batches.map((batch) => html`<${Batch} key=${batch.number} batch=${batch} />`)}
      <${Block} title="Its spans, decoded" note=${`${spans.length}, their shared resource left out`} asSent=${asSent} text=${decoded} />
    </${Plane}>
    <${Plane} name="Rollbar" isEmpty=${!reports.length} why=${ran ? "Nothing: only errors, panics, deaths and marked warnings become items." : byGateway}>
      ${reports.map((item) => html`<${Block} key=${item.uuid} title="POST /api/1/item/" note=${`${bytes(item.raw.length)} · token ${item.token}`} asSent=${asSent} text=${item.raw} />`)}
    </${Plane}>
    <${Plane} name="CloudWatch" isEmpty=${!lines.length} why=${ran ? "No line yet." : byGateway}>
      <section class="block"><h4>/aws/lambda/${lines[0]?.function} <small>${texts.length} lines, from standard output and from Lambda</small> <${Copy} text=${texts.join("\n")} /></h4>
        ${texts.map((text) => html`<pre tabindex="0">${asSent ? text : pretty(text)}</pre>`)}</section>
    </${Plane}>
  </div></div>`;
}
