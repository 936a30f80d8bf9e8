// The requests that the page stores: ordered by sequence number, the oldest dropped beyond the
// bound. No drawing here.

/**
 * A row from the stream's form: two lists of values without names.
 * crates/local/src/requests/entry.rs defines the order.
 */
function row([[seq, trace, started, duration, method, path, route], [fn, status, cold, outcome, failedSpan, detail, destinations]]) {
  return { seq, trace, started, duration, method, path, route, fn, status, cold, outcome, failedSpan, detail, destinations, text: undefined };
}

/** The text that a search looks at, built at the first search. */
function text(row) {
  row.text ??= `${row.method} ${row.path} ${row.fn ?? ""} ${row.status ?? ""} ${row.failedSpan ?? ""} ${row.detail ?? ""} ${row.trace}`.toLowerCase();
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

  /** Adds a batch of the stream: new rows and changed ones. */
  add(batch) {
    for (const values of batch) this.put(row(values));
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
    // A row that is older than all stored ones was dropped before.
    else if (at > 0 || this.all.length < this.bound) this.all.splice(at, 0, row);
  }

  /** The index of a sequence number, or the index to insert it at. */
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

  /** The rows that match a query, newest first. Without a query this copies nothing. */
  view({ trace, words, outcome }) {
    const { all } = this;
    if (!trace && !words.length && !outcome) return list(all.length, (place) => all[all.length - 1 - place]);
    const found = [];
    for (let at = all.length - 1; at >= 0; at -= 1) {
      const row = all[at];
      if (trace ? row.trace !== trace : !matches(row, words)) continue;
      if (outcome && !outcome.includes(row.outcome)) continue;
      found.push(row);
    }
    return list(found.length, (place) => found[place]);
  }
}

/** Rows by index, the newest at 0. `indexOf` is a binary search: the sequence numbers descend. */
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

function matches(row, words) {
  return words.every((word) => text(row).includes(word));
}
