// The keyboard shortcuts, in the browser's own dialog element, which keeps the focus inside and closes on
// Escape.
import { html, useEffect, useRef } from "./parts.js";
import { KEYS } from "./keys.js";

export function Help({ isOpen, onClose }) {
  const box = useRef();
  useEffect(() => {
    if (isOpen && !box.current.open) box.current.showModal();
    if (!isOpen && box.current.open) box.current.close();
  }, [isOpen]);
  return html`<dialog ref=${box} onClose=${onClose} aria-labelledby="help">
    <h2 id="help">Keyboard shortcuts</h2>
    <dl class="keys">${KEYS.map(([key, what]) => html`<dt><kbd>${key}</kbd></dt><dd>${what}</dd>`)}</dl>
    <h2>What the letters mean</h2>
    <p>The letters of a request show which destinations received data of it: <b>X</b>-Ray, <b>H</b>oneycomb, <b>R</b>ollbar, <b>C</b>loudWatch. On this machine they are fakes, as strict as the real services.</p>
    <p><button onClick=${onClose}>Close</button></p>
  </dialog>`;
}
