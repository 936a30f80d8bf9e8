//! `check`: the ratios that must hold, with margins for a busy machine. Each is printed with its
//! bound; a violated bound is an error. The promises themselves are in docs/performance.md: a bound
//! here shows that a change has made something worse, not that a promise is kept.

use std::io;

use crate::arrangement::{WITH_LAYER, WITH_SLOW_DESTINATIONS};
use crate::promises::{is_peer, of};
use crate::{cycles, load, starts};

const ROUNDS: usize = 20;

pub(crate) fn measure(daemon: &str) -> io::Result<()> {
    let mut bounds = Bounds::default();
    let starts = starts::measure(ROUNDS)?;
    // The promises are 4 ms, which is twice a bare function here, then bare + 6 and + 1; a loaded
    // machine doubles a start.
    bounds.at_most("layer, spawn to first /next, of that of a bare function", starts.layer / starts.bare, 4.0);
    bounds.at_most("function under telemetry, first /next over bare, ms", starts.observed - starts.bare, 6.0);
    bounds.at_most("layer, cold start over a register-only extension, ms", starts.cold_over_least[0], 3.0);
    let [idle, loaded] = load::memory()?;
    // Memory does not depend on the load of the machine: the promises as they are.
    bounds.at_most("layer, RSS idle, MB", idle, 6.0);
    bounds.at_most("layer, RSS at 10,000 spans a second, MB", loaded, 16.0);
    let [filled, _, together] = load::throughput(1)?;
    // Both were above 220,000 in every measurement.
    bounds.at_least("spans per CPU second, out of a full ring", filled, 120_000.0);
    bounds.at_least("spans per CPU second, on Managed Instances", together, 120_000.0);
    requests(&mut bounds, daemon)?;
    bounds.end()
}

fn requests(bounds: &mut Bounds, daemon: &str) -> io::Result<()> {
    let measured = cycles::measure(ROUNDS, daemon, None)?;
    let (layer, slow) = (of(&measured, WITH_LAYER), of(&measured, WITH_SLOW_DESTINATIONS));
    // Nothing waits for a destination's 20 ms.
    bounds.at_most("response over bare, destinations 20 ms, us", slow.response, 1_000.0);
    bounds.at_most("cycle over bare, destinations 20 ms, us", slow.cycle, 1_000.0);
    for peer in measured.iter().filter(|over| is_peer(over)) {
        bounds.at_most(&format!("CPU in the function, of that of {}", peer.name), layer.function / peer.function, 1.0);
        // Our function and extension, against their function alone.
        bounds.at_most(&format!("CPU in all, of that of {}", peer.name), layer.cpu / peer.function, 1.5);
    }
    Ok(())
}

#[derive(Default)]
struct Bounds {
    broken: Vec<String>,
}

impl Bounds {
    fn at_most(&mut self, what: &str, figure: f64, bound: f64) {
        self.check(what, figure, "at most", bound, figure <= bound);
    }

    fn at_least(&mut self, what: &str, figure: f64, bound: f64) {
        self.check(what, figure, "at least", bound, figure >= bound);
    }

    fn check(&mut self, what: &str, figure: f64, side: &str, bound: f64, holds: bool) {
        let line = format!("{what}: {figure:.2}, {side} {bound}");
        println!("{} {line}", if holds { "ok    " } else { "BROKEN" });
        if !holds {
            self.broken.push(line);
        }
    }

    fn end(self) -> io::Result<()> {
        if self.broken.is_empty() {
            return Ok(());
        }
        Err(io::Error::other(format!("a bound does not hold: {}", self.broken.join("; "))))
    }
}
