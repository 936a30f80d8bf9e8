//! `check`: the ratios that must hold, with margins for a machine that others use too. Each is printed with its bound; a broken one is
//! an error. The promises themselves are in docs/performance.md: a bound here is where a change has made something worse, not where a
//! promise begins.

use std::io;

use crate::arrangement::{WITH_LAYER, WITH_SLOW_VENDORS};
use crate::promises::{is_peer, of};
use crate::{cycles, load, starts};

const ROUNDS: usize = 20;

pub(crate) fn measure(daemon: &str) -> io::Result<()> {
    let mut verdict = DeathRecord::default();
    let starts = starts::measure(ROUNDS)?;
    // Promised are 4 ms, which is twice a bare function here, then bare + 6 and + 1; a loaded machine doubles a start.
    verdict.at_most("layer, spawn to first /next, of that of a bare function", starts.layer / starts.bare, 4.0);
    verdict.at_most("function under telemetry, first /next over bare, ms", starts.observed - starts.bare, 6.0);
    verdict.at_most("layer, cold start over a register-only extension, ms", starts.cold_over_least[0], 3.0);
    let [idle, loaded] = load::memory()?;
    // Memory does not depend on the load: the promises as they are.
    verdict.at_most("layer, RSS idle, MB", idle, 6.0);
    verdict.at_most("layer, RSS at 10,000 spans a second, MB", loaded, 16.0);
    let [filled, _, together] = load::throughput(1)?;
    // Both were above 220,000 whenever they were measured.
    verdict.at_least("spans per CPU second, out of a full ring", filled, 120_000.0);
    verdict.at_least("spans per CPU second, on Managed Instances", together, 120_000.0);
    requests(&mut verdict, daemon)?;
    verdict.end()
}

fn requests(verdict: &mut DeathRecord, daemon: &str) -> io::Result<()> {
    let measured = cycles::measure(ROUNDS, daemon, None)?;
    let (layer, slow) = (of(&measured, WITH_LAYER), of(&measured, WITH_SLOW_VENDORS));
    // A vendor's 20 ms are never waited for.
    verdict.at_most("response over bare, vendors 20 ms, us", slow.response, 1_000.0);
    verdict.at_most("cycle over bare, vendors 20 ms, us", slow.cycle, 1_000.0);
    for peer in measured.iter().filter(|over| is_peer(over)) {
        verdict.at_most(&format!("CPU in the function, of that of {}", peer.name), layer.function / peer.function, 1.0);
        // Everything of ours beside the function alone of theirs.
        verdict.at_most(&format!("CPU in all, of that of {}", peer.name), layer.cpu / peer.function, 1.5);
    }
    Ok(())
}

#[derive(Default)]
struct DeathRecord {
    broken: Vec<String>,
}

impl DeathRecord {
    fn at_most(&mut self, what: &str, figure: f64, bound: f64) {
        self.tell(what, figure, "at most", bound, figure <= bound);
    }

    fn at_least(&mut self, what: &str, figure: f64, bound: f64) {
        self.tell(what, figure, "at least", bound, figure >= bound);
    }

    fn tell(&mut self, what: &str, figure: f64, side: &str, bound: f64, holds: bool) {
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
