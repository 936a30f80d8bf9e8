// Formats times, durations, sizes, counts and trace ids for people.

/** A duration in microseconds: 850 µs, 12.4 ms, 2.31 s. */
export function duration(micros) {
  if (micros === null || micros === undefined) return "";
  if (micros < 1000) return `${Math.round(micros)} µs`;
  if (micros < 1e6) return `${digits(micros / 1e3)} ms`;
  return `${digits(micros / 1e6)} s`;
}

function digits(number) {
  return number >= 100 ? number.toFixed(0) : number >= 10 ? number.toFixed(1) : number.toFixed(2);
}

/** The time of day, to the second, or with `exact` to the millisecond. */
export function clock(milliseconds, exact = false) {
  const date = new Date(milliseconds);
  const two = (number) => String(number).padStart(2, "0");
  const text = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return exact ? `${text}.${String(date.getMilliseconds()).padStart(3, "0")}` : text;
}

/** Date and time, for events that may be older than today. */
export function moment(milliseconds) {
  return new Date(milliseconds).toLocaleString();
}

/** A size: 850 B, 12.4 kB, 2.3 MB. */
export function bytes(count) {
  return count < 1024 ? `${count} B` : count < 1048576 ? `${(count / 1024).toFixed(1)} kB` : `${(count / 1048576).toFixed(1)} MB`;
}

/** A number with thousands separators. */
export function count(number) {
  return number.toLocaleString("en-US");
}

/** A number with its noun in singular or plural. */
export function plural(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** A trace id of 32 hex digits in X-Ray's form. */
export function xray(trace) {
  return `1-${trace.slice(0, 8)}-${trace.slice(8)}`;
}

/**
 * The 32 hex digits of a trace id in X-Ray's form, in W3C's form, or in a header; undefined for
 * other text.
 */
export function traceId(text) {
  const bare = text.trim().toLowerCase().replace(/^(x-amzn-trace-id:\s*)?root=/, "").split(";")[0].trim();
  const inHeader = /^00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(bare)?.[1];
  const inXray = /^1-([0-9a-f]{8})-([0-9a-f]{24})$/.exec(bare);
  if (inHeader) return inHeader;
  if (inXray) return inXray[1] + inXray[2];
  return /^[0-9a-f]{32}$/.test(bare) ? bare : undefined;
}

/** The name of a function without the prefix that all of them have. */
export function short(name) {
  return name?.replace(/^crudder-[a-z0-9]+-/, "") ?? "";
}
