// Dark or light: the system's preference, unless the user has chosen one.

const KEY = "crudder-theme";

function systemTheme() {
  return matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

function storedTheme() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

/** Applies the stored choice. */
export function applyTheme() {
  const choice = storedTheme();
  if (choice) document.documentElement.dataset.theme = choice;
}

export function theme() {
  return document.documentElement.dataset.theme ?? systemTheme();
}

/** Switches the theme, and returns the new one. */
export function toggleTheme() {
  const next = theme() === "dark" ? "light" : "dark";
  document.documentElement.dataset.theme = next;
  try {
    localStorage.setItem(KEY, next);
  } catch {
    // Without storage, the choice is lost when the page closes.
  }
  return next;
}
