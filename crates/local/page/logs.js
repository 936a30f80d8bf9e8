// The log lines of a trace in the order of writing, as CloudWatch has them.
import { html, Empty, useState } from "./parts.js";
import { clock } from "./format.js";

/** The summary of a line: its message, or the main values of one of Lambda's own lines. */
function summary(line) {
  if (typeof line === "string") return line;
  if (line.message !== undefined) return line.message;
  const { metrics, status } = line.record ?? {};
  const words = [line.type, status, metrics && `${Math.round(metrics.durationMs)} ms, billed ${metrics.billedDurationMs} ms, ${metrics.maxMemoryUsedMB} of ${metrics.memorySizeMB} MB`];
  return words.filter(Boolean).join(" · ");
}

function level(entry) {
  if (entry.source !== "function") return entry.source === "platform" ? "LAMBDA" : "LAYER";
  return typeof entry.line === "string" ? "TEXT" : entry.line.level ?? "INFO";
}

function Line({ entry, isOpen, onToggle }) {
  const kind = level(entry);
  return html`<li class=${`log ${kind.toLowerCase()}`}>
    <button class="line" aria-expanded=${isOpen} onClick=${onToggle}>
      <span class="time">${clock(Date.parse(entry.timestamp), true)}</span><span class="level">${kind}</span><span class="summary">${summary(entry.line)}</span>
    </button>
    ${isOpen ? html`<pre tabindex="0">${typeof entry.line === "string" ? entry.line : JSON.stringify(entry.line, null, 2)}</pre>` : ""}
  </li>`;
}

export function Logs({ trace }) {
  const [open, toggle] = useState({});
  const { lines } = trace;
  if (!lines.length) {
    return html`<${Empty} title="No log lines">
      <p>${trace.requests[0]?.function ? "None have arrived yet, or they were dropped: the console keeps the newest 16 MB." : "The gateway answered this request itself, so no function ran."}</p>
    </${Empty}>`;
  }
  return html`<div class="logs">
    <p class="note">Log group <code>/aws/lambda/${lines[0].function}</code>, stream <code>${lines[0].log_stream}</code>. Select a line to see all its fields.</p>
    <ol>${lines.map((entry, at) => html`<${Line} key=${at} entry=${entry} isOpen=${Boolean(open[at])} onToggle=${() => toggle({ ...open, [at]: !open[at] })} />`)}</ol>
  </div>`;
}
