// A trace as a waterfall: who called whom, when, for how long, and where it went wrong.
import { html, Empty, useMemo, useState } from "./parts.js";
import { duration } from "./format.js";
import { grow } from "./tree.js";
import { Span } from "./span.js";

const KINDS = { aws: "AWS", server: "function", internal: "step", client: "call", database: "DynamoDB", producer: "send", consumer: "receive" };

function Axis({ length }) {
  const marks = [0, 0.25, 0.5, 0.75, 1];
  return html`<div class="axis" aria-hidden="true"><span class="name">span</span><span class="track">
    ${marks.map((mark) => html`<i style=${{ left: `${mark * 100}%` }}>${duration(length * mark * 1e3)}</i>`)}
  </span></div>`;
}

function Bar({ node, start, length }) {
  const left = ((node.start - start) / length) * 100;
  const width = (((node.end ?? node.start) - node.start) / length) * 100;
  // A label stands right of its bar where there is room, else left of it.
  const after = left + width < 72;
  const label = html`<em style=${after ? { left: `${left + width}%` } : { right: `${100 - left}%` }}>${took(node)}</em>`;
  const inside = !after && width > 28;
  return html`<span class="track">
    <i class="bar" style=${{ left: `${left}%`, width: `${Math.max(width, 0.15)}%` }}>${inside ? took(node) : ""}</i>
    ${inside ? "" : label}
  </span>`;
}

function took(node) {
  return node.end === null ? "in progress" : duration((node.end - node.start) * 1e3);
}

function Line({ node, tree, isOpen, onToggle }) {
  const kind = `${node.kind} ${node.error ? "bad" : ""} ${node.culprit ? "culprit" : ""} ${isOpen ? "open" : ""}`;
  return html`<li class=${`span ${kind}`} data-span=${node.id}>
    <button class="line" aria-expanded=${isOpen} onClick=${onToggle}>
      <span class="name" style=${{ paddingLeft: `${node.depth * 14 + 4}px` }}>
        <span class="label">${node.name}</span> <small>${KINDS[node.kind] ?? node.kind}</small>
        ${node.culprit ? html`<strong class="mark">${node.culprit}</strong>` : ""}
      </span>
      <${Bar} node=${node} start=${tree.start} length=${tree.length} />
    </button>
    ${isOpen ? html`<${Span} node=${node} start=${tree.start} />` : ""}
  </li>`;
}

export function Waterfall({ trace }) {
  const tree = useMemo(() => grow(trace), [trace]);
  const [toggled, toggle] = useState({});
  if (!tree.nodes.length) {
    return html`<${Empty} title="No spans">
      <p>${nothing(trace)}</p>
    </${Empty}>`;
  }
  const isOpen = (node) => toggled[node.id] ?? Boolean(node.culprit);
  return html`<div class="waterfall">
    <${Axis} length=${tree.length} />
    ${!trace.spans.length && trace.requests[0]?.function ? html`<p class="note">X-Ray’s word alone so far. While traffic is dense the layer sends what went well during the next invocation of the function, so that it costs nobody time.</p>` : ""}
    <ol>${tree.nodes.map((node) => html`<${Line} key=${node.id} node=${node} tree=${tree} isOpen=${isOpen(node)}
      onToggle=${() => toggle({ ...toggled, [node.id]: !isOpen(node) })} />`)}</ol>
    ${trace.requests[0]?.cold ? html`<p class="note">A cold start: before the function’s own span, its process was being started.</p>` : ""}
    <p class="note">Grey is what AWS itself adds and X-Ray alone shows. Choose a span for its attributes and events.</p>
  </div>`;
}

function nothing(trace) {
  const request = trace.requests[0];
  if (request && !request.function) return "The gateway answered this request itself; no function ran, and the caller asked not to be sampled.";
  if (request?.outcome === "running") return "The request is under way. Spans come when the layer has sent them.";
  return "The layer has sent none yet, or they have fallen off the end of what the stand-ins keep (16 MB each).";
}
