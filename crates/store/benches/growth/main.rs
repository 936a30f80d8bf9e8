//! Measures whether a page takes longer as the table grows. It reads home, search, a user page and
//! a conversation on an embedded table of a thousand posts and on larger ones, in alternating
//! rounds, and prints the p50 of each and its ratio to the smallest table's. It asserts that round
//! trips, requests, items and units are the same. `CRUDDER_BENCH_POSTS=1000000` adds the largest
//! table; without it, the largest has 100,000 posts.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark ends at the first failure, and prints")]

mod copies;
mod dataset;
#[path = "../../tests/contract/requests.rs"]
mod requests;
#[path = "../../../../benches/shared/rows.rs"]
mod rows;

use std::time::{Duration, Instant};

use dataset::Dataset;
use requests::{Cost, cost, record_requests};
use rows::{Row, hand_over};

/// The rounds of each call on each table. The median of this many varies by a few percent between
/// runs.
const ROUNDS: usize = 300;
const CALLS: [&str; 4] = ["home", "search", "user page", "messages"];
/// The largest ratio to the smallest table. Row 12 of docs/performance.md.
const RATIO_MAX: f64 = 1.3;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let largest = largest();
    let mut datasets = Vec::new();
    for posts in [1_000, 10_000, 100_000, 1_000_000].into_iter().filter(|posts| *posts <= largest) {
        let started = Instant::now();
        datasets.push(Dataset::build(posts).await);
        println!("built a table of {posts} posts in {:.1} s", started.elapsed().as_secs_f64());
    }
    let (mut figures, mut is_kept) = (Vec::new(), true);
    for call in CALLS {
        let costs = costs_of(call, &datasets).await;
        assert!(costs.windows(2).all(|pair| pair[0] == pair[1]), "{call} costs more on a larger table: {costs:?}");
        let medians = medians(call, &datasets).await;
        let ratios: Vec<f64> = medians.iter().map(|median| median.as_secs_f64() / medians[0].as_secs_f64()).collect();
        for ((dataset, median), ratio) in datasets.iter().zip(&medians).zip(&ratios) {
            println!("{call}: {} posts, p50 {median:?}, x{ratio:.2}; {:?}", dataset.posts, costs[0]);
        }
        figures.push(format!("{call} x{:.2}", ratios[ratios.len() - 1]));
        is_kept &= ratios.iter().all(|ratio| *ratio <= RATIO_MAX);
    }
    let what = format!("p50 of pages as the table grows from 1,000 to {} posts", datasets[datasets.len() - 1].posts);
    let figure = format!("{}; units, items and round trips the same", figures.join(", "));
    let target = "at most x1.3, and the same units, items and round trips";
    hand_over("growth", &[Row::new("12", &what, target, figure, is_kept)]).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "the benchmark's one setting, read here only")]
fn largest() -> u64 {
    std::env::var("CRUDDER_BENCH_POSTS").map_or(100_000, |posts| posts.parse().unwrap())
}

async fn costs_of(call: &str, datasets: &[Dataset]) -> Vec<Cost> {
    let mut costs = Vec::new();
    for dataset in datasets {
        costs.push(cost(&record_requests(dataset.read_page(call)).await.1));
    }
    costs
}

async fn medians(call: &str, datasets: &[Dataset]) -> Vec<Duration> {
    let mut times = vec![Vec::with_capacity(ROUNDS); datasets.len()];
    for round in 0..ROUNDS {
        // Each table follows each other one equally often: the one after the largest finds that
        // one's data in the caches.
        for turn in 0..datasets.len() {
            let next = (round + turn) % datasets.len();
            let started = Instant::now();
            datasets[next].read_page(call).await;
            times[next].push(started.elapsed());
        }
    }
    times.iter_mut().for_each(|times| times.sort_unstable());
    times.iter().map(|times| times[ROUNDS / 2]).collect()
}
