// Hears the console's stream of requests into the rows, and tells whoever draws, at most once a frame.
import { Rows } from "./rows.js";

export const rows = new Rows();
/** `expected` is how many were held when the stream began: until they are here, the page is loading. */
export const stream = { state: "connecting", expected: 0 };

const listeners = new Set();
let waiting = false;

/** Calls `listener` after news; gives back what ends it. */
export function listen(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function tell() {
  if (waiting) return;
  waiting = true;
  const call = () => {
    waiting = false;
    for (const listener of listeners) listener();
  };
  // A hidden page has no frames, and must not pile up news either.
  if (document.hidden) setTimeout(call, 500);
  else requestAnimationFrame(call);
}

/** Begins to hear. The browser connects again by itself. */
export function open() {
  const source = new EventSource("/api/requests/stream");
  source.addEventListener("hello", (event) => {
    const { record, fresh } = JSON.parse(event.data);
    // Another process than before, or the first: what it holds comes whole.
    if (fresh) rows.clear();
    rows.bound = record.bound;
    stream.expected = record.held;
    stream.state = "live";
    tell();
  });
  source.addEventListener("message", (event) => {
    rows.take(JSON.parse(event.data));
    tell();
  });
  source.addEventListener("error", () => {
    stream.state = "offline";
    tell();
  });
}
