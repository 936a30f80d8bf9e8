// What every view uses: preact with htm, hooks, and small components.
import { h, render } from "preact";
import htm from "htm";
import { useState } from "preact/hooks";

export { render };
export { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
export const html = htm.bind(h);

const OUTCOMES = {
  running: "running", ok: "ok", refused: "rejected", error: "error", panic: "panic", timeout: "timeout", oom: "OOM",
  exit: "exit", crash: "crash", gone: "client left",
};

/** The outcome of a request as a coloured label. */
export function Outcome({ value }) {
  return html`<span class=${`outcome ${value}`} title=${value === "oom" ? "out of memory" : undefined}>${OUTCOMES[value] ?? value}</span>`;
}

/** A button that copies a text to the clipboard, and confirms it. */
export function Copy({ text, label = "Copy" }) {
  const [note, setNote] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setNote("Copied");
    } catch {
      setNote("Press Ctrl+C");
    }
    setTimeout(() => setNote(""), 1500);
  };
  return html`<button class="quiet small" onClick=${copy} title=${`Copy ${text}`}>${note || label}</button>`;
}

/** Code with a copy button. */
export function Code({ text, lang }) {
  return html`<div class="code"><pre tabindex="0" aria-label=${lang ?? "code"}>${text}</pre><${Copy} text=${text} /></div>`;
}

/** An empty state: what is missing, and what the user can do. */
export function Empty({ title, children }) {
  return html`<div class="empty"><strong>${title}</strong>${children}</div>`;
}

/** Names and values, in two columns. */
export function Fields({ pairs }) {
  const shown = pairs.filter(([, value]) => value !== undefined && value !== null && value !== "");
  return html`<dl class="fields">${shown.map(([name, value]) => html`<dt>${name}</dt><dd>${plain(value)}</dd>`)}</dl>`;
}

function plain(value) {
  if (typeof value === "string" || typeof value === "number" || value?.type) return value;
  return JSON.stringify(value);
}
