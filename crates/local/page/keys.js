// The keyboard: one map of keys to what they do, silent while somebody types.

export const KEYS = [
  ["j / k", "next, previous request"],
  ["Enter", "open the marked request"],
  ["1 to 4", "waterfall, logs, Rollbar, planes of the open request"],
  ["/", "search"],
  ["Esc", "leave the field, close the request"],
  ["g m", "service map"],
  ["g t", "try it: post, and cause faults"],
  ["t", "dark or light"],
  ["?", "this help"],
];

const typing = (target) => target.matches?.("input, textarea, select");

/** Calls the function of each key; `g` waits for the next. Gives back what ends it. */
export function keyboard(acts) {
  let before = "";
  const pressed = (event) => {
    // An open dialog has keys of its own.
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const { key, target } = event;
    if (typing(target)) {
      if (key === "Escape") target.blur();
      return;
    }
    // A button or a link that has the focus is what Enter means.
    if (key === "Enter" && target.matches?.("button, a, summary, [role=treeitem]")) return;
    const name = before === "g" ? `g ${key}` : key;
    before = key === "g" ? "g" : "";
    const act = acts[name];
    if (!act) return;
    event.preventDefault();
    act();
  };
  addEventListener("keydown", pressed);
  return () => removeEventListener("keydown", pressed);
}
