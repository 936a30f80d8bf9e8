// Builds one tree from the spans of Honeycomb and the segments of X-Ray: a span has the same id in
// both. No drawing here.

/** What each cause of death means, by the name that the extension writes. */
const DEATHS = { timeout: "timed out", "out-of-memory": "ran out of memory", exit: "exited", crash: "crashed" };

/**
 * The nodes of the tree in drawing order, with their depth; and the start and length of the whole,
 * in milliseconds.
 */
export function buildTree(trace) {
  const nodes = new Map();
  for (const segment of trace.segments) addSegment(nodes, segment);
  for (const span of trace.spans) addSpan(nodes, span);
  markFailedSpan(nodes);
  const drawn = [];
  const roots = [...nodes.values()].filter((node) => !nodes.has(node.parent));
  for (const root of roots.sort(byStart)) walk(root, 0, nodes, drawn);
  const start = Math.min(...drawn.map((node) => node.start));
  const end = Math.max(...drawn.map((node) => node.end ?? node.start));
  return { nodes: drawn, start, length: Math.max(end - start, 0.001) };
}

function addSegment(nodes, segment) {
  const { name: _, id: __, trace_id: ___, parent_id: ____, start_time: _____, end_time: ______, ...attributes } = segment.fields;
  const { origin, namespace, http, aws } = segment.fields;
  const kind = origin ? "aws" : namespace ? "database" : http ? "server" : "internal";
  nodes.set(segment.id, {
    id: segment.id, parent: segment.parent_id, name: namespace && aws?.operation ? `${segment.name}.${aws.operation}` : segment.name, kind,
    start: segment.start_time * 1e3, end: segment.end_time === null ? null : segment.end_time * 1e3, attributes, events: [], links: [],
    resource: undefined, error: segment.fault || segment.error, message: "", xray: true, honeycomb: false,
    death: segment.fields.annotations?.death, marked: segment.fields.annotations?.culprit === true,
  });
  for (const child of segment.children) addSegment(nodes, child);
}

function addSpan(nodes, span) {
  const known = nodes.get(span.span_id);
  nodes.set(span.span_id, {
    id: span.span_id, parent: span.parent_span_id ?? known?.parent ?? null, name: span.name,
    kind: span.attributes["db.system.name"] ? "database" : span.kind, start: span.start_ns / 1e6, end: span.end_ns / 1e6,
    attributes: span.attributes, events: span.events, links: span.links, resource: span.resource, error: span.status.code === 2,
    message: span.status.message, xray: Boolean(known), honeycomb: true, death: span.attributes["crudder.death"],
    marked: span.attributes["crudder.culprit"] === true,
  });
}

/**
 * Marks the failed span: the one that the extension marked, else the innermost with an exception,
 * else the innermost with an error.
 */
function markFailedSpan(nodes) {
  const depth = (node) => (node && nodes.has(node.parent) ? 1 + depth(nodes.get(node.parent)) : 0);
  const failed = [...nodes.values()].filter((node) => node.error && node.kind !== "aws").sort((one, other) => depth(other) - depth(one));
  const found = failed.find((node) => node.marked) ?? failed.find((node) => node.events.some(isException)) ?? failed[0];
  if (found) found.failure = found.death ? `${DEATHS[found.death] ?? found.death} here` : "failed here";
}

export function isException(event) {
  return event.name === "exception";
}

function walk(node, depth, nodes, drawn) {
  const children = [...nodes.values()].filter((child) => child.parent === node.id && child !== node).sort(byStart);
  drawn.push({ ...node, depth, children: children.length });
  if (depth < 64) for (const child of children) walk(child, depth + 1, nodes, drawn);
}

function byStart(one, other) {
  return one.start - other.start;
}
