// Keyboard shortcuts: one map from keys to actions, inactive while the user types.

export const KEYS = [
  ["j / k", "next or previous request"],
  ["Enter", "open the selected request"],
  ["1 to 4", "waterfall, logs, Rollbar or destinations of the open request"],
  ["/", "search"],
  ["Esc", "leave the search field, or close the request"],
  ["g m", "service map"],
  ["g t", "try it: send a post, or trigger a fault"],
  ["t", "switch between dark and light"],
  ["?", "this help"],
];

const typing = (target) => target.matches?.("input, textarea, select");

/** Calls the action of each key; after `g`, of both keys. Returns a function that ends it. */
export function keyboard(actions) {
  let before = "";
  const pressed = (event) => {
    // An open dialog handles its keys itself.
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const { key, target } = event;
    if (typing(target)) {
      if (key === "Escape") target.blur();
      return;
    }
    // Enter activates the button or link that has the focus.
    if (key === "Enter" && target.matches?.("button, a, summary, [role=treeitem]")) return;
    const name = before === "g" ? `g ${key}` : key;
    before = key === "g" ? "g" : "";
    const action = actions[name];
    if (!action) return;
    event.preventDefault();
    action();
  };
  addEventListener("keydown", pressed);
  return () => removeEventListener("keydown", pressed);
}
