// The page: list at the left, what was chosen at the right; on a narrow screen one of the two.
import { html, render, Code, Empty, useEffect, useMemo, useRef, useState } from "./parts.js";
import { count } from "./format.js";
import { listen, open, rows, stream } from "./stream.js";
import { go, goTrace, useHere } from "./router.js";
import { keyboard } from "./keys.js";
import { Filter, wanted } from "./filter.js";
import { List } from "./list.js";
import { Detail, showTab } from "./detail.js";
import { ServiceMap } from "./map.js";
import { Faults } from "./faults.js";
import { Compose } from "./compose.js";
import { Help } from "./help.js";
import { dress, theme, turn } from "./theme.js";

function useAbout() {
  const [about, put] = useState();
  useEffect(() => {
    fetch("/api/about").then((answer) => answer.json()).then(put, () => {});
  }, []);
  return about;
}

function State() {
  const { state, expected } = stream;
  const held = rows.all.length;
  if (state === "offline") return html`<span class="state offline" role="status">offline: is cargo local running?</span>`;
  if (state === "live" && held < expected) return html`<span class="state" role="status">loading ${count(held)} of ${count(expected)}</span>`;
  return html`<span class=${`state ${state}`} title=${`The newest ${count(rows.bound)} requests are held; older ones are dropped.`}>${state === "live" ? `live · ${count(held)} held` : "connecting"}</span>`;
}

function Top({ place, onTheme, onHelp }) {
  const link = (to, name, label) => html`<a href=${to} aria-current=${place === name ? "page" : undefined}>${label}</a>`;
  return html`<header class="top"><a class="brand" href="#/"><img src="/page/icon.svg" alt="" width="20" height="20" /> Crudder</a>
    <nav aria-label="Main">${link("#/", "requests", "Requests")}${link("#/map", "map", "Service map")}${link("#/try", "try", "Try it")}</nav>
    <${State} />
    <button class="quiet" onClick=${onTheme} title="Dark or light (t)">${theme() === "dark" ? "Light" : "Dark"}</button>
    <button class="quiet" onClick=${onHelp} title="Keys (?)" aria-label="Help">?</button></header>`;
}

function First({ about }) {
  const api = about?.api ?? "http://127.0.0.1:3000";
  return html`<${Empty} title="No request yet">
    <p>Send one, and it appears here the moment it comes in:</p><${Code} text=${`curl ${api}/api/activities/home`} lang="shell command" />
    <p>Or <a href="#/try">post, or cause a fault</a>, from this page.</p>
  </${Empty}>`;
}

function NoMatch({ onClear }) {
  return html`<${Empty} title="No request fits"><p>Of ${count(rows.all.length)} held, none fits what you search for.</p><p><button onClick=${onClear}>Show all</button></p></${Empty}>`;
}

function Page() {
  const here = useHere();
  const about = useAbout();
  const [version, redraw] = useState(0);
  const [search, seek] = useState("");
  const [group, sort] = useState("");
  const [chosen, choose] = useState();
  const [focused, focus] = useState(0);
  const [help, showHelp] = useState(false);
  useEffect(() => listen(() => redraw((drawn) => drawn + 1)), []);
  const view = useMemo(() => rows.view(wanted(search, group)), [rows.version, search, group]);
  const index = chosen === undefined ? -1 : view.indexOf(chosen);
  const pick = (place) => {
    const row = view.at(Math.max(0, Math.min(view.length - 1, place)));
    if (!row) return;
    choose(row.seq);
    if (here.place === "trace") goTrace(row.trace, here.tab);
  };
  const acts = useRef();
  acts.current = {
    j: () => pick(index + 1), k: () => pick(index - 1), ArrowDown: () => pick(index + 1), ArrowUp: () => pick(index - 1),
    Enter: () => index >= 0 && goTrace(view.at(index).trace), Escape: () => go("/"), "/": () => focus((times) => times + 1),
    "?": () => showHelp(true), t: () => redraw(turn() && version + 1), "g m": () => go("/map"), "g t": () => go("/try"),
    1: () => showTab(here.trace, 1), 2: () => showTab(here.trace, 2), 3: () => showTab(here.trace, 3), 4: () => showTab(here.trace, 4),
  };
  useEffect(() => {
    const names = Object.keys(acts.current);
    return keyboard(Object.fromEntries(names.map((name) => [name, () => acts.current[name]()])));
  }, []);
  const clear = () => [seek(""), sort("")];
  const list = !rows.all.length ? html`<${First} about=${about} />`
    : !view.length ? html`<${NoMatch} onClear=${clear} />`
    : html`<${List} view=${view} version=${rows.version} chosen=${index} chosenSeq=${chosen} open=${here.trace} onChoose=${choose} />`;
  const found = search || group ? html`<p class="found" role="status">${count(view.length)} of ${count(rows.all.length)} fit</p>` : "";
  const side = here.place === "trace" ? html`<${Detail} id=${here.trace} tab=${here.tab} />`
    : here.place === "map" ? html`<${ServiceMap} />`
    : html`<div class="pad cards"><${Faults} about=${about} /><${Compose} about=${about} /></div>`;
  return html`<${Top} place=${here.place} onTheme=${() => redraw(turn() && version + 1)} onHelp=${() => showHelp(true)} />
    <main class=${`split at-${here.tab === "planes" ? "planes" : here.place}`}>
      <section class="left" aria-label="Requests"><${Filter} search=${search} group=${group} onSearch=${seek} onGroup=${sort} onEnter=${() => pick(0)} focused=${focused} />${found}${list}</section>
      <section class="right" aria-label="Detail">${side}</section>
    </main><${Help} isOpen=${help} onClose=${() => showHelp(false)} />`;
}

dress();
open();
render(html`<${Page} />`, document.getElementById("app"));
