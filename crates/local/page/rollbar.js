// The Rollbar items of a trace, drawn as Rollbar's own item page lays them out: title, level, occurrences, traceback, request, person.
import { html, Empty, Fields } from "./parts.js";
import { count, moment } from "./format.js";

function Frame({ frame }) {
  const place = frame.lineno ? `${frame.filename}:${frame.lineno}` : frame.filename;
  return html`<li><code>${frame.method ?? "?"}</code> <span>${place}</span></li>`;
}

function Traceback({ exception, frames, first }) {
  // Rollbar shows the innermost frame first; items carry it last.
  const inward = [...(frames ?? [])].reverse();
  return html`<div class="traceback">
    <p>${first ? "" : html`<em>Caused by </em>`}<strong>${exception.class}</strong>: ${exception.message}</p>
    ${inward.length ? html`<ol>${inward.map((frame) => html`<${Frame} frame=${frame} />`)}</ol>` : html`<p class="note">It came with no frames.</p>`}
  </div>`;
}

function Item({ item }) {
  const { data, occurrences } = item;
  const chain = data.body.trace_chain ?? (data.body.trace ? [data.body.trace] : []);
  const { request, person, server } = data;
  return html`<article class="item">
    <header><span class=${`level ${item.level}`}>${item.level}</span><h3>${item.title}</h3></header>
    <${Fields} pairs=${[
      ["occurrences", html`<span>${count(occurrences.count)} · first ${moment(occurrences.first_ms)} · last ${moment(occurrences.last_ms)}</span>`],
      ["environment", item.environment], ["context", item.context], ["code version", data.code_version],
      ["framework", [data.framework, data.language, data.platform].filter(Boolean).join(" · ")], ["server", server?.host],
      ["fingerprint", data.fingerprint], ["uuid", item.uuid],
    ]} />
    <h4>Traceback</h4>
    ${chain.map(({ exception, frames }, at) => html`<${Traceback} exception=${exception} frames=${frames} first=${at === 0} />`)}
    ${data.body.message ? html`<p>${data.body.message.body}</p>` : ""}
    ${request ? html`<h4>Request</h4><${Fields} pairs=${[
      ["asked", `${request.method} ${request.url}${request.query_string && !request.url.includes("?") ? `?${request.query_string}` : ""}`], ["from", request.user_ip],
      ...Object.entries(request.headers ?? {}),
    ]} />` : ""}
    <h4>Person</h4>
    ${person ? html`<${Fields} pairs=${[["id", person.id], ["username", person.username]]} />` : html`<p class="note">Nobody was signed in.</p>`}
    ${data.custom ? html`<h4>Custom</h4><${Fields} pairs=${Object.entries(data.custom)} />` : ""}
  </article>`;
}

export function Rollbar({ trace }) {
  if (!trace.reports.length) {
    return html`<${Empty} title="Rollbar gets nothing of this request">
      <p>An item is made of an error, a panic, a death of the process, and of a warning that asks for it. The layer sends it after the answer.</p>
    </${Empty}>`;
  }
  return html`<div class="items">${trace.reports.map((item) => html`<${Item} key=${item.uuid} item=${item} />`)}</div>`;
}
