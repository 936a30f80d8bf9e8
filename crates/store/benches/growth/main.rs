//! Does a page take longer as the table grows? Home, search, a person's page and a conversation, on an embedded table of a thousand
//! posts and on larger ones, in alternating rounds; p50 of each, and its ratio to the smallest. The cost in waves, requests, items and
//! units is asserted to be the same. `CRUDDER_BENCH_POSTS=1000000` goes up to a million; 100,000 otherwise.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a benchmark ends at the first failure, and prints")]

mod copies;
mod dataset;
#[path = "../../tests/contract/gauge.rs"]
mod gauge;
#[path = "../../../../benches/shared/rows.rs"]
mod rows;

use std::time::{Duration, Instant};

use dataset::Dataset;
use gauge::{Cost, cost, measured};
use rows::{Row, hand_over};

/// The rounds of each call on each table: the median of so many moves by a few percent from run to run.
const ROUNDS: usize = 300;
const CALLS: [&str; 4] = ["home", "search", "user page", "messages"];
/// Promise 12.
const GROWS_AT_MOST: f64 = 1.3;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let largest = largest();
    let mut datasets = Vec::new();
    for posts in [1_000, 10_000, 100_000, 1_000_000].into_iter().filter(|posts| *posts <= largest) {
        let begun = Instant::now();
        datasets.push(Dataset::build(posts).await);
        println!("built a table of {posts} posts in {:.1} s", begun.elapsed().as_secs_f64());
    }
    let (mut figures, mut is_kept) = (Vec::new(), true);
    for call in CALLS {
        let costs = each_cost(call, &datasets).await;
        assert!(costs.windows(2).all(|pair| pair[0] == pair[1]), "{call} costs more on a larger table: {costs:?}");
        let medians = medians(call, &datasets).await;
        let ratios: Vec<f64> = medians.iter().map(|median| median.as_secs_f64() / medians[0].as_secs_f64()).collect();
        for ((dataset, median), ratio) in datasets.iter().zip(&medians).zip(&ratios) {
            println!("{call}: {} posts, p50 {median:?}, x{ratio:.2}; {:?}", dataset.posts, costs[0]);
        }
        figures.push(format!("{call} x{:.2}", ratios[ratios.len() - 1]));
        is_kept &= ratios.iter().all(|ratio| *ratio <= GROWS_AT_MOST);
    }
    let what = format!("p50 of pages as the table grows from 1,000 to {} posts", datasets[datasets.len() - 1].posts);
    let figure = format!("{}; units, items and waves the same", figures.join(", "));
    let target = "at most x1.3, and the same units, items and waves";
    hand_over("growth", &[Row::new("12", &what, target, figure, is_kept)]).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "the benchmark's one setting, read here only")]
fn largest() -> u64 {
    std::env::var("CRUDDER_BENCH_POSTS").map_or(100_000, |posts| posts.parse().unwrap())
}

async fn each_cost(call: &str, datasets: &[Dataset]) -> Vec<Cost> {
    let mut costs = Vec::new();
    for dataset in datasets {
        costs.push(cost(&measured(dataset.ask(call)).await.1));
    }
    costs
}

async fn medians(call: &str, datasets: &[Dataset]) -> Vec<Duration> {
    let mut times = vec![Vec::with_capacity(ROUNDS); datasets.len()];
    for round in 0..ROUNDS {
        // Each comes after each other as often: who follows the largest finds the cache of its making.
        for turn in 0..datasets.len() {
            let next = (round + turn) % datasets.len();
            let begun = Instant::now();
            datasets[next].ask(call).await;
            times[next].push(begun.elapsed());
        }
    }
    times.iter_mut().for_each(|times| times.sort_unstable());
    times.iter().map(|times| times[ROUNDS / 2]).collect()
}
