// All details of one span: error, events, attributes, links and resource.
import { html, Fields } from "./parts.js";
import { duration } from "./format.js";
import { isException } from "./tree.js";

/** The value of an attribute as text. */
function text(value) {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function Exception({ attributes, message }) {
  const get = (name) => attributes[`exception.${name}`];
  return html`<div class="exception">
    <strong>${get("type") ?? attributes["error.type"] ?? "error"}</strong> <span>${get("message") ?? message}</span>
    ${get("location") ? html` <code>${get("location")}</code>` : ""}
    ${get("stacktrace") ? html`<details><summary>Stack</summary><pre tabindex="0">${get("stacktrace")}</pre></details>` : ""}
  </div>`;
}

function Event({ event, start }) {
  const rest = Object.entries(event.attributes).filter(([name]) => !name.startsWith("exception."));
  return html`<li><h4>${event.name} <small>at ${duration((event.time_ns / 1e6 - start) * 1e3)}</small></h4>
    ${isException(event) ? html`<${Exception} attributes=${event.attributes} />` : ""}
    <${Fields} pairs=${rest.map(([name, value]) => [name, text(value)])} />
  </li>`;
}

export function Span({ node, start }) {
  const pairs = Object.entries(node.attributes).filter(([name]) => name !== "exception.stacktrace");
  const sources = [node.xray && "X-Ray", node.honeycomb && "Honeycomb"].filter(Boolean).join(" and ");
  const failed = node.error && !node.events.some(isException);
  return html`<div class="span-detail">
    ${failed && node.message ? html`<${Exception} attributes=${node.attributes} message=${node.message} />` : ""}
    ${node.events.length ? html`<h3>Events</h3><ul class="events">${node.events.map((event) => html`<${Event} event=${event} start=${start} />`)}</ul>` : ""}
    <h3>Attributes</h3>
    <${Fields} pairs=${[["span id", node.id], ["kind", node.kind], ["found in", sources], ...pairs.map(([name, value]) => [name, text(value)])]} />
    ${node.links.length ? html`<h3>Links</h3><${Fields} pairs=${node.links.map((link) => [link.trace_id, link.span_id])} />` : ""}
    ${node.resource ? html`<details><summary>Resource</summary><${Fields} pairs=${Object.entries(node.resource).map(([name, value]) => [name, text(value)])} /></details>` : ""}
  </div>`;
}
