// A trace as a waterfall: the calls, their times, and the failed span.
import { html, Empty, useMemo, useState } from "./parts.js";
import { duration } from "./format.js";
import { buildTree } from "./tree.js";
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
  // The label is right of its bar if there is space, else left of it.
  const after = left + width < 72;
  const label = html`<em style=${after ? { left: `${left + width}%` } : { right: `${100 - left}%` }}>${durationOf(node)}</em>`;
  const inside = !after && width > 28;
  return html`<span class="track">
    <i class="bar" style=${{ left: `${left}%`, width: `${Math.max(width, 0.15)}%` }}>${inside ? durationOf(node) : ""}</i>
    ${inside ? "" : label}
  </span>`;
}

function durationOf(node) {
  return node.end === null ? "in progress" : duration((node.end - node.start) * 1e3);
}

function Line({ node, tree, isOpen, onToggle }) {
  const kind = `${node.kind} ${node.error ? "bad" : ""} ${node.failure ? "failed-span" : ""} ${isOpen ? "open" : ""}`;
  return html`<li class=${`span ${kind}`} data-span=${node.id}>
    <button class="line" aria-expanded=${isOpen} onClick=${onToggle}>
      <span class="name" style=${{ paddingLeft: `${node.depth * 14 + 4}px` }}>
        <span class="label">${node.name}</span> <small>${KINDS[node.kind] ?? node.kind}</small>
        ${node.failure ? html`<strong class="mark">${node.failure}</strong>` : ""}
      </span>
      <${Bar} node=${node} start=${tree.start} length=${tree.length} />
    </button>
    ${isOpen ? html`<${Span} node=${node} start=${tree.start} />` : ""}
  </li>`;
}

export function Waterfall({ trace }) {
  const tree = useMemo(() => buildTree(trace), [trace]);
  const [toggled, toggle] = useState({});
  if (!tree.nodes.length) {
    return html`<${Empty} title="No spans">
      <p>${whyEmpty(trace)}</p>
    </${Empty}>`;
  }
  const isOpen = (node) => toggled[node.id] ?? Boolean(node.failure);
  return html`<div class="waterfall">
    <${Axis} length=${tree.length} />
    ${!trace.spans.length && trace.requests[0]?.function ? html`<p class="note">Only X-Ray has this trace so far. Under dense traffic the extension exports successful requests during the next invocation, so that no response has to wait.</p>` : ""}
    <ol>${tree.nodes.map((node) => html`<${Line} key=${node.id} node=${node} tree=${tree} isOpen=${isOpen(node)}
      onToggle=${() => toggle({ ...toggled, [node.id]: !isOpen(node) })} />`)}</ol>
    ${trace.requests[0]?.cold ? html`<p class="note">A cold start: Lambda started the process before the function’s own span.</p>` : ""}
    <p class="note">AWS itself adds the grey spans, and only X-Ray has them. Select a span to see its attributes and events.</p>
  </div>`;
}

function whyEmpty(trace) {
  const request = trace.requests[0];
  if (request && !request.function) return "The gateway answered this request itself, so no function ran, and the client sent Sampled=0.";
  if (request?.outcome === "running") return "The request is in progress. Spans appear when the extension has exported them.";
  return "The extension has exported no spans yet, or they were dropped: each fake keeps the newest 16 MB.";
}
