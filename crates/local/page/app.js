// The page: the list of requests on the left, the selected view on the right; on a narrow screen
// one of them.
import { html, render, Code, Empty, useEffect, useMemo, useRef, useState } from "./parts.js";
import { count, plural } from "./format.js";
import { connect, rows, stream, subscribe } from "./stream.js";
import { go, goTrace, useHere } from "./router.js";
import { keyboard } from "./keys.js";
import { Filter, query } from "./filter.js";
import { List } from "./list.js";
import { Detail, showTab } from "./detail.js";
import { ServiceMap } from "./map.js";
import { Faults } from "./faults.js";
import { Compose } from "./compose.js";
import { Help } from "./help.js";
import { applyTheme, theme, toggleTheme } from "./theme.js";

function useAbout() {
  const [about, setAbout] = useState();
  useEffect(() => {
    fetch("/api/about").then((response) => response.json()).then(setAbout, () => {});
  }, []);
  return about;
}

function State() {
  const { state, expected } = stream;
  const held = rows.all.length;
  if (state === "offline") return html`<span class="state offline" role="status">Offline. Is cargo local still running?</span>`;
  if (state === "live" && held < expected) return html`<span class="state" role="status">loading ${count(held)} of ${count(expected)}</span>`;
  const title = `The console keeps the newest ${count(rows.bound)} requests and drops older ones.`;
  return html`<span class=${`state ${state}`} title=${title}>${state === "live" ? `live · ${plural(held, "request")}` : "connecting"}</span>`;
}

function Top({ place, onTheme, onHelp }) {
  const link = (to, name, label) => html`<a href=${to} aria-current=${place === name ? "page" : undefined}>${label}</a>`;
  return html`<header class="top"><a class="brand" href="#/"><img src="/page/icon.svg" alt="" width="20" height="20" /> Crudder</a>
    <nav aria-label="Main">${link("#/", "requests", "Requests")}${link("#/map", "map", "Service map")}${link("#/try", "try", "Try it")}</nav>
    <${State} />
    <button class="quiet" onClick=${onTheme} title="Switch between dark and light (t)">${theme() === "dark" ? "Light" : "Dark"}</button>
    <button class="quiet" onClick=${onHelp} title="Keyboard shortcuts (?)" aria-label="Help">?</button></header>`;
}

function NoRequests({ about }) {
  const api = about?.api ?? "http://127.0.0.1:3000";
  return html`<${Empty} title="No requests yet">
    <p>Send one. It appears here at once:</p><${Code} text=${`curl ${api}/api/activities/home`} lang="shell command" />
    <p>Or <a href="#/try">send a post or trigger a fault</a> from this page.</p>
  </${Empty}>`;
}

function NoMatch({ onClear }) {
  return html`<${Empty} title="No matching requests"><p>None of the ${plural(rows.all.length, "request")} matches your search.</p><p><button onClick=${onClear}>Clear the search</button></p></${Empty}>`;
}

function Page() {
  const here = useHere();
  const about = useAbout();
  const [version, redraw] = useState(0);
  const [search, setSearch] = useState("");
  const [group, setGroup] = useState("");
  const [selected, select] = useState();
  const [focusCount, setFocusCount] = useState(0);
  const [help, showHelp] = useState(false);
  useEffect(() => subscribe(() => redraw((drawn) => drawn + 1)), []);
  const view = useMemo(() => rows.view(query(search, group)), [rows.version, search, group]);
  const index = selected === undefined ? -1 : view.indexOf(selected);
  const selectAt = (place) => {
    const row = view.at(Math.max(0, Math.min(view.length - 1, place)));
    if (!row) return;
    select(row.seq);
    if (here.place === "trace") goTrace(row.trace, here.tab);
  };
  const actions = useRef();
  actions.current = {
    j: () => selectAt(index + 1), k: () => selectAt(index - 1), ArrowDown: () => selectAt(index + 1), ArrowUp: () => selectAt(index - 1),
    Enter: () => index >= 0 && goTrace(view.at(index).trace), Escape: () => go("/"), "/": () => setFocusCount((times) => times + 1),
    "?": () => showHelp(true), t: () => redraw(toggleTheme() && version + 1), "g m": () => go("/map"), "g t": () => go("/try"),
    1: () => showTab(here.trace, 1), 2: () => showTab(here.trace, 2), 3: () => showTab(here.trace, 3), 4: () => showTab(here.trace, 4),
  };
  useEffect(() => {
    const names = Object.keys(actions.current);
    return keyboard(Object.fromEntries(names.map((name) => [name, () => actions.current[name]()])));
  }, []);
  const clear = () => [setSearch(""), setGroup("")];
  const list = !rows.all.length ? html`<${NoRequests} about=${about} />`
    : !view.length ? html`<${NoMatch} onClear=${clear} />`
    : html`<${List} view=${view} version=${rows.version} selected=${index} selectedSeq=${selected} open=${here.trace} onSelect=${select} />`;
  const found = search || group ? html`<p class="found" role="status">${count(view.length)} of ${count(rows.all.length)} match</p>` : "";
  const side = here.place === "trace" ? html`<${Detail} id=${here.trace} tab=${here.tab} />`
    : here.place === "map" ? html`<${ServiceMap} />`
    : html`<div class="pad cards"><${Faults} about=${about} /><${Compose} about=${about} /></div>`;
  return html`<${Top} place=${here.place} onTheme=${() => redraw(toggleTheme() && version + 1)} onHelp=${() => showHelp(true)} />
    <main class=${`split at-${here.tab === "destinations" ? "destinations" : here.place}`}>
      <section class="left" aria-label="Requests"><${Filter} search=${search} group=${group} onSearch=${setSearch} onGroup=${setGroup} onEnter=${() => selectAt(0)} focusCount=${focusCount} />${found}${list}</section>
      <section class="right" aria-label="Detail">${side}</section>
    </main><${Help} isOpen=${help} onClose=${() => showHelp(false)} />`;
}

applyTheme();
connect();
render(html`<${Page} />`, document.getElementById("app"));
