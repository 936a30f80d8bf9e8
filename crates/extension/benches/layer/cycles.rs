//! Measures the cost of an invocation under several arrangements of function and extension.

use std::io;
use std::time::{Duration, Instant};

use crate::arrangement::{Arrangement, Figures, PLANS};
use crate::work::SPANS;
use crate::{median, percentile};

/// On a machine so busy that the rounds take longer, fewer rounds must do.
const MAX_DURATION: Duration = Duration::from_secs(300);

/// Microseconds per request above bare `lambda_http`.
pub(crate) struct Over {
    pub(crate) name: &'static str,
    pub(crate) response: f64,
    /// The response as a multiple.
    pub(crate) times: f64,
    pub(crate) cycle: f64,
    /// The mean, not the median.
    pub(crate) mean_cycle: f64,
    /// Function and extension.
    pub(crate) cpu: f64,
    pub(crate) function: f64,
}

/// Prints and returns the figures of each arrangement, in alternating rounds: on full cores, or on
/// `quota` of one core that function and extension share.
pub(crate) fn measure(rounds: usize, daemon: &str, quota: Option<f64>) -> io::Result<Vec<Over>> {
    let arrangements = PLANS.iter().map(|plan| Arrangement::new(*plan, daemon, quota)).collect::<io::Result<Vec<_>>>();
    let mut arrangements: Vec<_> = arrangements?.into_iter().flatten().collect();
    for arrangement in &mut arrangements {
        // Not measured: the first requests of a process pay for what all requests share.
        arrangement.round();
        arrangement.forget()?;
    }
    let began = Instant::now();
    let mut done = 0;
    while done < rounds && began.elapsed() < MAX_DURATION {
        arrangements.iter_mut().for_each(Arrangement::round);
        done += 1;
    }
    let core =
        quota.map_or_else(|| "a core of its own".to_owned(), |quota| format!("{:.1} % of a core", quota * 100.0));
    println!(
        "\n{done} rounds of {rounds}\n\n| on {core}, us | response p50 | over bare | x | p99 of x | cycle p50 over bare | cycle mean over bare | CPU function over bare | CPU extension | spans delivered |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
    let bare = &arrangements[0];
    arrangements.iter().map(|arrangement| arrangement.print(bare, done)).collect()
}

impl Arrangement {
    fn print(&self, bare: &Self, rounds: usize) -> io::Result<Over> {
        let (Figures { response: own, mean, function, extension }, than) = (self.figures()?, bare.figures()?);
        let over = |of: fn(&Self) -> &[f64], with: fn(f64, f64) -> f64| -> Vec<f64> {
            of(self).iter().zip(of(bare)).map(|(figure, bare)| with(*figure, *bare)).collect()
        };
        let (response, cycle) = (median(over(|of| &of.responses, minus)), median(over(|of| &of.cycles, minus)));
        let ratios = over(|of| &of.responses, by);
        let (times, mean_cycle) = (median(ratios.clone()), mean - than.mean);
        println!(
            "| {} | {own:.0} | {response:+.0} | x{times:.2} | x{:.2} | {cycle:+.0} | {mean_cycle:+.0} | {:+.0} | {extension:.0} | {} of {} |",
            self.name,
            percentile(ratios, 99),
            function - than.function,
            self.destination.spans(),
            ((rounds + 1) * self.requests) as u64 * SPANS,
        );
        Ok(Over {
            name: self.name,
            response,
            times,
            cycle,
            mean_cycle,
            cpu: function + extension - than.function,
            function: function - than.function,
        })
    }
}

fn minus(one: f64, other: f64) -> f64 {
    one - other
}

fn by(one: f64, other: f64) -> f64 {
    one / other
}
