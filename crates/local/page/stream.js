// Receives the console's stream of requests, stores them as rows, and notifies subscribers at most
// once a frame.
import { Rows } from "./rows.js";

export const rows = new Rows();
/**
 * `expected` is the number of requests at the start of the stream. Until they have arrived, the
 * page is loading.
 */
export const stream = { state: "connecting", expected: 0 };

const subscribers = new Set();
let isScheduled = false;

/** Calls `subscriber` after changes. Returns a function that ends it. */
export function subscribe(subscriber) {
  subscribers.add(subscriber);
  return () => subscribers.delete(subscriber);
}

function notify() {
  if (isScheduled) return;
  isScheduled = true;
  const call = () => {
    isScheduled = false;
    for (const subscriber of subscribers) subscriber();
  };
  // A hidden page has no frames, so it uses a timer.
  if (document.hidden) setTimeout(call, 500);
  else requestAnimationFrame(call);
}

/** Connects to the stream. The browser reconnects by itself. */
export function connect() {
  const source = new EventSource("/api/requests/stream");
  source.addEventListener("hello", (event) => {
    const { record, fresh } = JSON.parse(event.data);
    // The first connection, or a new process: the stream starts with all its requests.
    if (fresh) rows.clear();
    rows.bound = record.bound;
    stream.expected = record.held;
    stream.state = "live";
    notify();
  });
  source.addEventListener("message", (event) => {
    rows.add(JSON.parse(event.data));
    notify();
  });
  source.addEventListener("error", () => {
    stream.state = "offline";
    notify();
  });
}
