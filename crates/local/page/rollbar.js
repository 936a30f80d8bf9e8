// The Rollbar items of a trace, in the layout of Rollbar's own page: title, level, occurrences,
// traceback, request, person.
import { html, Empty, Fields } from "./parts.js";
import { count, moment } from "./format.js";

function Frame({ frame }) {
  const place = frame.lineno ? `${frame.filename}:${frame.lineno}` : frame.filename;
  return html`<li><code>${frame.method ?? "?"}</code> <span>${place}</span></li>`;
}

function Traceback({ exception, frames, first }) {
  // Rollbar shows the innermost frame first; items have it last.
  const innermostFirst = [...(frames ?? [])].reverse();
  return html`<div class="traceback">
    <p>${first ? "" : html`<em>Caused by </em>`}<strong>${exception.class}</strong>: ${exception.message}</p>
    ${innermostFirst.length ? html`<ol>${innermostFirst.map((frame) => html`<${Frame} frame=${frame} />`)}</ol>` : html`<p class="note">No stack frames.</p>`}
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
      ["request", `${request.method} ${request.url}${request.query_string && !request.url.includes("?") ? `?${request.query_string}` : ""}`], ["client", request.user_ip],
      ...Object.entries(request.headers ?? {}),
    ]} />` : ""}
    <h4>Person</h4>
    ${person ? html`<${Fields} pairs=${[["id", person.id], ["username", person.username]]} />` : html`<p class="note">The user was not signed in.</p>`}
    ${data.custom ? html`<h4>Custom</h4><${Fields} pairs=${Object.entries(data.custom)} />` : ""}
  </article>`;
}

export function Rollbar({ trace }) {
  if (!trace.reports.length) {
    return html`<${Empty} title="No Rollbar items">
      <p>Errors, panics, deaths of the process and reported warnings become items. The extension sends them after the response.</p>
    </${Empty}>`;
  }
  return html`<div class="items">${trace.reports.map((item) => html`<${Item} key=${item.uuid} item=${item} />`)}</div>`;
}
