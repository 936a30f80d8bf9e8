// What every module of the page draws with: preact with htm, hooks, and the smallest pieces.
import { h, render } from "preact";
import htm from "htm";
import { useState } from "preact/hooks";

export { render };
export { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
export const html = htm.bind(h);

const OUTCOMES = {
  running: "running", ok: "ok", refused: "refused", error: "error", panic: "panic", timeout: "timeout", oom: "OOM",
  exit: "exit", crash: "crash", gone: "client left",
};

/** How a request ended, as a word in the colour of its kind. */
export function Outcome({ value }) {
  return html`<span class=${`outcome ${value}`} title=${value === "oom" ? "out of memory" : undefined}>${OUTCOMES[value] ?? value}</span>`;
}

/** A button that puts a text on the clipboard, and says so. */
export function Copy({ text, label = "Copy" }) {
  const [said, say] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      say("Copied");
    } catch {
      say("Press Ctrl+C");
    }
    setTimeout(() => say(""), 1500);
  };
  return html`<button class="quiet small" onClick=${copy} title=${`Copy ${text}`}>${said || label}</button>`;
}

/** Code that one may want elsewhere. */
export function Code({ text, lang }) {
  return html`<div class="code"><pre tabindex="0" aria-label=${lang ?? "code"}>${text}</pre><${Copy} text=${text} /></div>`;
}

/** A place where nothing is yet, and what one can do about it. */
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
