// Where in the page one is, kept in the address: #/ , #/map , #/try , #/trace/ID/TAB. So back and forward and links work.
import { useEffect, useState } from "./parts.js";
import { traceId } from "./format.js";

export function here() {
  const [, place = "", trace = "", tab = ""] = location.hash.slice(1).split("/");
  if (place === "trace" && traceId(trace)) return { place, trace: traceId(trace), tab: tab || "waterfall" };
  return { place: ["map", "try"].includes(place) ? place : "requests" };
}

export function go(path) {
  if (location.hash !== `#${path}`) location.hash = path;
}

export function goTrace(trace, tab) {
  go(`/trace/${trace}${tab && tab !== "waterfall" ? `/${tab}` : ""}`);
}

export function useHere() {
  const [place, move] = useState(here());
  useEffect(() => {
    const moved = () => move(here());
    addEventListener("hashchange", moved);
    return () => removeEventListener("hashchange", moved);
  }, []);
  return place;
}
