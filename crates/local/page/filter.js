// The filter above the list: by text, trace id or outcome.
import { html, useRef, useEffect } from "./parts.js";
import { traceId } from "./format.js";

export const GROUPS = [
  ["", "all outcomes"],
  ["bad", "all failures"],
  ["ok", "ok"],
  ["refused", "rejected (4xx)"],
  ["error", "error"],
  ["panic", "panic"],
  ["timeout", "timeout"],
  ["oom", "out of memory"],
  ["exit", "exit"],
  ["crash", "crash"],
  ["running", "running"],
  ["gone", "client left"],
];

const BAD = ["error", "panic", "timeout", "oom", "exit", "crash"];

/** The query for `rows.view` from the values of the two fields. */
export function query(search, group) {
  const trace = traceId(search);
  const words = trace ? [] : search.toLowerCase().split(/\s+/).filter(Boolean);
  return { trace, words, outcome: group === "bad" ? BAD : group ? [group] : undefined };
}

export function Filter({ search, group, onSearch, onGroup, onEnter, focusCount }) {
  const field = useRef();
  useEffect(() => {
    if (focusCount) field.current.focus();
  }, [focusCount]);
  const keyDown = (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    field.current.blur();
    onEnter();
  };
  return html`<form class="filter" role="search" onSubmit=${(event) => event.preventDefault()}>
    <input ref=${field} type="search" name="search" value=${search} placeholder="Search path, function, error or trace id"
      aria-label="Search path, function, error or trace id" autocomplete="off" spellcheck="false"
      onInput=${(event) => onSearch(event.target.value)} onKeyDown=${keyDown} />
    <select name="outcome" aria-label="Outcome" value=${group} onChange=${(event) => onGroup(event.target.value)}>
      ${GROUPS.map(([value, label]) => html`<option value=${value}>${label}</option>`)}
    </select>
  </form>`;
}
