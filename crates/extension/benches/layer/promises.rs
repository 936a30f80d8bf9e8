//! The rows that this benchmark fills in the table of promises.

use crate::arrangement::{OURS, WITH_LAYER, WITH_SLOW_DESTINATIONS, WITHOUT_LINE};
use crate::cycles::Over;
use crate::rows::Row;
use crate::starts::Starts;

/// Returns the figures of the arrangement of this name.
pub(crate) fn of<'a>(measured: &'a [Over], name: &str) -> &'a Over {
    measured.iter().find(|over| over.name == name).expect("each of our plans is measured")
}

pub(crate) fn is_peer(over: &Over) -> bool {
    !OURS.iter().any(|ours| over.name.starts_with(ours))
}

pub(crate) fn of_starts(Starts { bare, observed, layer, cold_over_least: [asked, answered] }: &Starts) -> [Row; 3] {
    let function = format!("bare {bare:.1} ms, {:+.1} without a store (with one: `make built`)", observed - bare);
    let cold = format!("{asked:+.1} ms until all have requested `/next`, {answered:+.1} until the first response");
    [
        Row::new("6", "function: spawn to first `/next`", "bare + 6 ms", function, observed - bare <= 6.0),
        Row::new("7a", "layer: spawn to first `/next`", "at most 4 ms", format!("{layer:.1} ms"), *layer <= 4.0),
        Row::new(
            "7b",
            "what the layer adds to a cold start, over a register-only extension",
            "at most 1 ms",
            cold,
            asked.max(*answered) <= 1.0,
        ),
    ]
}

pub(crate) fn of_load([idle, loaded]: [f64; 2], [filled, alone, together]: [f64; 3]) -> [Row; 3] {
    let spans = format!(
        "{filled:.0} out of a full ring, {together:.0} on Managed Instances; {alone:.0} where it is woken for each request"
    );
    [
        Row::new("8a", "layer: RSS idle", "at most 6 MB", format!("{idle:.1} MB"), idle <= 6.0),
        Row::new("8b", "the same at 10,000 spans a second", "at most 16 MB", format!("{loaded:.1} MB"), loaded <= 16.0),
        Row::new(
            "9a",
            "spans per CPU second of the layer",
            "at least 300,000",
            spans,
            filled.min(together) >= 300_000.0,
        ),
    ]
}

pub(crate) fn of_cycles(measured: &[Over]) -> Vec<Row> {
    let (layer, slow, quiet) =
        (of(measured, WITH_LAYER), of(measured, WITH_SLOW_DESTINATIONS), of(measured, WITHOUT_LINE));
    let response = format!("{:+.0} us, x{:.2}", layer.response, layer.times);
    let mut rows = vec![
        Row::new(
            "1a",
            "response time p50 that all telemetry adds, layer attached",
            "at most +40 us and x1.45",
            response,
            layer.response <= 40.0 && layer.times <= 1.45,
        ),
        at_most("1b", "the same without the access line", "at most +25 us", quiet.response, 25.0),
        at_most("2a", "CPU in the function", "at most +45 us", layer.function, 45.0),
        at_most("4a", "billed cycle over bare when no sending is due, p50", "at most +80 us", layer.cycle, 80.0),
        at_most(
            "4b",
            "mean billed cycle over bare, steady traffic, destinations that take 20 ms",
            "at most +1 ms",
            slow.mean_cycle,
            1_000.0,
        ),
    ];
    let least =
        measured.iter().filter(|over| is_peer(over)).min_by(|one, other| one.function.total_cmp(&other.function));
    let all = format!("{:+.0} us", layer.cpu);
    let Some(peer) = least else {
        rows.push(Row::new("3", THREE.0, THREE.1, format!("{all} (peers: `make bench`)"), layer.cpu < 150.0));
        return rows;
    };
    let share = layer.function / peer.function;
    let beside = format!("{share:.2} of {}, {:+.0} us", peer.name, peer.function);
    rows.push(Row::new("2b", "the same, of the best complete peer", "a quarter", beside, share <= 0.25));
    let is_less = layer.cpu < 150.0 && layer.cpu < peer.function;
    rows.push(Row::new("3", THREE.0, THREE.1, format!("{all}; {}: {:+.0} us", peer.name, peer.function), is_less));
    rows.extend(measured.iter().filter(|over| is_peer(over)).map(beside_us));
    rows
}

const THREE: (&str, &str) =
    ("CPU of function and layer over bare, forwarding included", "under +150 us and any peer's function alone");

fn at_most(promise: &'static str, what: &str, target: &'static str, figure: f64, bound: f64) -> Row {
    Row::new(promise, what, target, format!("{figure:+.0} us"), figure <= bound)
}

/// Returns the row of a peer that was measured in the same rounds.
fn beside_us(peer: &Over) -> Row {
    let Over { name, response, times, cycle, function, .. } = peer;
    let figure =
        format!("response {response:+.0} us, x{times:.2}; cycle {cycle:+.0} us; CPU in the function {function:+.0} us");
    Row::new("-", name, "", figure, None)
}

pub(crate) fn of_throttled(measured: &[Over]) -> Row {
    let (layer, slow) = (of(measured, WITH_LAYER), of(measured, WITH_SLOW_DESTINATIONS));
    let figure = format!(
        "response {:+.0} us, cycle {:+.0} us; destinations 20 ms: {:+.0} and {:+.0}",
        layer.response, layer.cycle, slow.response, slow.cycle
    );
    Row::new("-", "on 14.5 % of a core, as 256 MB have: Crudder with the layer", "", figure, None)
}
