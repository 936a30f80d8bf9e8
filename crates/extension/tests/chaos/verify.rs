//! Collects the findings of a run and checks them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use crudder_emulator::EmulatorEvent;
use crudder_fakes::{Fakes, TraceId};
use crudder_recorder::{Counter, Reader};

use crate::leftovers;
use crate::summary::Summary;
use crate::system::{BUDGET, System};

/// Four processes on two cores may exceed the budget by this, and by the measured delay of the
/// machine.
const MARGIN: Duration = Duration::from_millis(400);

type Spans = BTreeSet<(TraceId, String)>;

pub(crate) struct Findings {
    pub(crate) report: String,
    /// The spans that started in environments that were not discarded.
    kept: Spans,
    lost: Vec<(TraceId, String)>,
    unexplained: Vec<(TraceId, String)>,
    unexcused: u64,
    twice: u64,
    counted: u64,
    deaths: BTreeMap<TraceId, u64>,
    forgotten: u64,
    /// Milliseconds for which the extension held environments beyond the budget.
    delayed: Vec<f64>,
}

/// The spans that started in kept and in discarded environments, and what the latter still hold.
#[derive(Default)]
struct Leftovers {
    kept: Spans,
    gone: Spans,
    in_rings: BTreeSet<String>,
    in_spools: BTreeSet<String>,
    counted: u64,
}

impl Leftovers {
    fn collect(system: &System, summary: &Summary) -> Self {
        let mut found = Self::default();
        for entry in std::fs::read_dir(system.folder.path()).expect("the emulator's folder").flatten() {
            let folder = entry.path();
            found.counted += possible_duplicates(&folder);
            if summary.discarded.contains(&folder) {
                found.gone.extend(leftovers::started_spans(&folder));
                found.in_rings.extend(leftovers::in_ring(&folder));
                found.in_spools.extend(leftovers::in_spool(&folder));
            } else {
                found.kept.extend(leftovers::started_spans(&folder));
            }
        }
        found
    }
}

impl Findings {
    pub(crate) fn collect(system: &System, summary: &Summary, letters: usize, delay: Duration) -> Self {
        let store = &system.fakes.honeycomb;
        let delivered: Spans =
            store.with_store(|store| store.spans().map(|span| (span.trace_id, span.span_id.clone())).collect());
        let leftovers = Leftovers::collect(system, summary);
        let lost: Vec<_> = leftovers.kept.difference(&delivered).cloned().collect();
        let lost_with_environments: Vec<_> = leftovers.gone.difference(&delivered).cloned().collect();
        let is_hidden =
            |(_, span): &&(TraceId, String)| !leftovers.in_rings.contains(span) && !leftovers.in_spools.contains(span);
        let unexplained: Vec<_> = lost_with_environments.iter().filter(is_hidden).cloned().collect();
        let of_spools = lost_with_environments.iter().filter(|(_, span)| leftovers.in_spools.contains(span)).count();
        let (doubtful, unexcused, forgotten) = store
            .with_store(|store| (store.expected_duplicates(), store.unexpected_duplicates(), store.evicted_spans()));
        let deaths = deaths(&system.fakes);
        let repeated_items = system.fakes.rollbar.with_store(|store| store.duplicate_items());
        let held = held(system);
        let most = held.iter().copied().fold(0.0, f64::max);
        let limit = (BUDGET + MARGIN + delay).as_secs_f64() * 1000.0;
        let delayed: Vec<f64> = held.iter().copied().filter(|held| *held > limit).collect();
        let mut report = String::new();
        let _ = write!(
            report,
            "chaos: {} answered, {} died, {} deaths exported as items; {} functions and {} extensions killed, {} environments discarded\n\
         chaos: {} spans started, {} delivered, {} lost; {} lost with discarded environments, {of_spools} of them in spools\n\
         chaos: {doubtful} spans twice because the fake sent no response, {unexcused} because the extension died before it noted one, \
         {repeated_items} items twice; the extensions counted {} possible duplicates; {letters} dead letters replayed\n\
         chaos: the extension held {} environments, the longest for {most:.0} ms of a budget of {}; {} beyond it, \
         with {delay:?} allowed for the delay of the machine; slowest request {:?}",
            summary.answered,
            summary.died.len(),
            deaths.len(),
            summary.killed_functions,
            summary.killed_extensions,
            summary.discarded.len(),
            leftovers.kept.len() + leftovers.gone.len(),
            delivered.len(),
            lost.len(),
            lost_with_environments.len(),
            leftovers.counted,
            held.len(),
            BUDGET.as_millis(),
            delayed.len(),
            summary.longest,
        );
        let (kept, counted, twice) = (leftovers.kept, leftovers.counted, doubtful + unexcused + repeated_items);
        Self { report, kept, lost, unexplained, unexcused, twice, counted, deaths, forgotten, delayed }
    }
}

/// Returns the batches that the extensions of an environment counted as possible duplicates.
fn possible_duplicates(folder: &Path) -> u64 {
    let path = folder.join("tmp/crudder.recorder");
    let reader = path.exists().then(|| Reader::open(&path, 0).expect("no other process reads it"));
    reader.map_or(0, |reader| reader.stats().counter(Counter::PossibleDuplicates))
}

/// Returns for how many milliseconds environments were held after the function was done: what the
/// next request would have waited.
fn held(system: &System) -> Vec<f64> {
    let reports = system.objects().filter(|line| line["type"] == "platform.report");
    let overhead = |report: serde_json::Value| report["record"]["spans"][0]["durationMs"].as_f64();
    reports.filter_map(overhead).collect()
}

/// Counts the items about deaths by trace.
fn deaths(fakes: &Fakes) -> BTreeMap<TraceId, u64> {
    let mut deaths = BTreeMap::new();
    fakes.rollbar.with_store(|store| {
        let classes = ["timeout", "crash", "exit", "out-of-memory", "platform"];
        let is_death = |class: &str| classes.contains(&class);
        for item in store.items().filter(|item| item.class.as_deref().is_some_and(is_death)) {
            *deaths.entry(item.trace_id.expect("every item has a trace")).or_insert(0) += 1;
        }
    });
    deaths
}

impl Findings {
    pub(crate) fn check(&self, summary: &Summary, seen: &[EmulatorEvent]) {
        assert!(!self.kept.is_empty(), "no span was noted: is the example `fixture` of this build?");
        assert_eq!(self.forgotten, 0, "the fake evicted spans, and this test cannot distinguish them from lost ones");
        let around = |spans: &[(TraceId, String)]| {
            let ids: Vec<_> = spans.iter().map(|(trace, span)| format!("{trace} {span}")).collect();
            format!("{ids:?}\n{}", spans.first().map(|(trace, _)| log_around(seen, *trace)).unwrap_or_default())
        };
        assert!(self.lost.is_empty(), "{}", around(&self.lost));
        assert!(self.unexplained.is_empty(), "neither in ring nor in spool: {}", around(&self.unexplained));
        assert_eq!(self.delayed, Vec::<f64>::new(), "environments held beyond the budget, in ms");
        self.check_repeats(summary);
        self.check_deaths(summary, seen);
    }

    /// A fake excuses repetitions of requests that it did not respond to. If an extension was
    /// killed before it noted a response, only the next extension process knows. The extensions
    /// must have counted both.
    fn check_repeats(&self, summary: &Summary) {
        let Self { twice, counted, unexcused, .. } = self;
        assert!(twice <= counted, "{twice} came twice, the extensions counted {counted} possible duplicates");
        assert!(
            *unexcused == 0 || summary.killed_extensions > 0,
            "{unexcused} spans came twice and no extension was killed"
        );
    }

    fn check_deaths(&self, summary: &Summary, seen: &[EmulatorEvent]) {
        let deaths = &self.deaths;
        let traces_kept: BTreeSet<TraceId> = self.kept.iter().map(|(trace, _)| *trace).collect();
        for (trace, error) in summary.died.iter().filter(|(trace, _)| traces_kept.contains(trace)) {
            // If the extension was killed, the function may have ended all the same; then only the
            // extension died.
            let may_have_ended = error.starts_with("Extension.") && !deaths.contains_key(trace);
            assert!(
                may_have_ended || deaths.get(trace) == Some(&1),
                "items of the death in {trace}: {error}\n{}",
                log_around(seen, *trace)
            );
        }
        for (trace, items) in deaths {
            assert_eq!(*items, 1, "items of the death in {trace}");
        }
    }
}

/// Returns the events around a trace, for a failed check.
fn log_around(seen: &[EmulatorEvent], trace: TraceId) -> String {
    let events: Vec<String> = seen.iter().map(|event| format!("{event:?}")).collect();
    let hex = trace.to_string();
    let at = events.iter().position(|event| event.contains(&hex) || event.contains(&trace.xray())).unwrap_or_default();
    events[at.saturating_sub(20)..].join("\n")
}
