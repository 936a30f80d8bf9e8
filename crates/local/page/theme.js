// Dark or light: the system's wish, until somebody chooses here.

const KEY = "crudder-theme";

function wished() {
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function chosen() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** Puts the choice of earlier on. */
export function dress() {
  const choice = chosen();
  if (choice) document.documentElement.dataset.theme = choice;
}

export function theme() {
  return document.documentElement.dataset.theme ?? wished();
}

export function turn() {
  const next = theme() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // A browser that keeps nothing still shows it.
  }
  return next;
}
