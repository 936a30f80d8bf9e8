// The requests that the page holds: in order, found by number, the oldest dropped beyond the bound. Nothing here draws.

/** Of a row of the stream, which comes as two lists without names: crates/local/src/requests/entry.rs has the order. */
function row([[seq, trace, started, duration, method, path, route], [fn, status, cold, outcome, culprit, detail, planes]]) {
  return { seq, trace, started, duration, method, path, route, fn, status, cold, outcome, culprit, detail, planes, text: undefined };
}

/** What a row is searched by, made when it is first searched. */
function text(row) {
  row.text ??= `${row.method} ${row.path} ${row.fn ?? ""} ${row.status ?? ""} ${row.culprit ?? ""} ${row.detail ?? ""} ${row.trace}`.toLowerCase();
  return row.text;
}

export class Rows {
  constructor() {
    this.bound = 100000;
    this.clear();
  }

  clear() {
    this.all = [];
    this.version = (this.version ?? 0) + 1;
    this.dropped = 0;
  }

  /** Takes rows of the stream, new ones and changed ones. */
  take(batch) {
    for (const wired of batch) this.put(row(wired));
    const over = this.all.length - this.bound;
    if (over > 0) {
      this.all.splice(0, over);
      this.dropped += over;
    }
    this.version += 1;
  }

  put(row) {
    const last = this.all[this.all.length - 1];
    if (!last || row.seq > last.seq) {
      this.all.push(row);
      return;
    }
    const at = this.place(row.seq);
    if (this.all[at].seq === row.seq) this.all[at] = row;
    // What is older than all that is held was dropped before.
    else if (at > 0 || this.all.length < this.bound) this.all.splice(at, 0, row);
  }

  /** Where a number stands, or would stand. */
  place(seq) {
    let low = 0;
    let high = this.all.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.all[middle].seq < seq) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The newest row of a trace. */
  ofTrace(trace) {
    for (let at = this.all.length - 1; at >= 0; at -= 1) if (this.all[at].trace === trace) return this.all[at];
    return undefined;
  }

  /** What fits a filter, newest first, as a list that can be asked by place and does not copy what it need not. */
  view({ trace, words, outcome }) {
    const { all } = this;
    if (!trace && !words.length && !outcome) return list(all.length, (place) => all[all.length - 1 - place]);
    const found = [];
    for (let at = all.length - 1; at >= 0; at -= 1) {
      const row = all[at];
      if (trace ? row.trace !== trace : !fits(row, words)) continue;
      if (outcome && !outcome.includes(row.outcome)) continue;
      found.push(row);
    }
    return list(found.length, (place) => found[place]);
  }
}

/** Rows by place, the newest at 0. `indexOf` halves its way, since the numbers fall. */
function list(length, at) {
  const indexOf = (seq) => {
    let low = 0;
    let high = length - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (at(middle).seq === seq) return middle;
      if (at(middle).seq > seq) low = middle + 1;
      else high = middle - 1;
    }
    return -1;
  };
  return { length, at, indexOf };
}

function fits(row, words) {
  return words.every((word) => text(row).includes(word));
}
