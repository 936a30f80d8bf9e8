// The current view, kept in the address: #/, #/map, #/try, #/trace/ID/TAB. So links, back and
// forward work.
import { useEffect, useState } from "./parts.js";
import { traceId } from "./format.js";

/** Other names of tabs in links. */
const ALIASES = { planes: "destinations" };

export function here() {
  const [, place = "", trace = "", tab = ""] = location.hash.slice(1).split("/");
  if (place === "trace" && traceId(trace)) return { place, trace: traceId(trace), tab: (ALIASES[tab] ?? tab) || "waterfall" };
  return { place: ["map", "try"].includes(place) ? place : "requests" };
}

export function go(path) {
  if (location.hash !== `#${path}`) location.hash = path;
}

export function goTrace(trace, tab) {
  go(`/trace/${trace}${tab && tab !== "waterfall" ? `/${tab}` : ""}`);
}

export function useHere() {
  const [place, setPlace] = useState(here());
  useEffect(() => {
    const update = () => setPlace(here());
    addEventListener("hashchange", update);
    return () => removeEventListener("hashchange", update);
  }, []);
  return place;
}
