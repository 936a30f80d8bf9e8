//! What came of it all, and whether that may be.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use crudder_emulator::EmulatorEvent;
use crudder_fakes::{Fakes, TraceId};
use crudder_recorder::{Counter, Reader};

use crate::remains;
use crate::tally::Tally;
use crate::world::{BUDGET, World};

/// What four processes on two cores may add to the budget, beside what the machine was late by when it was looked.
const MACHINE: Duration = Duration::from_millis(400);

type Spans = BTreeSet<(TraceId, String)>;

pub(crate) struct Judged {
    pub(crate) told: String,
    kept: Spans,
    lost: Vec<(TraceId, String)>,
    unexplained: Vec<(TraceId, String)>,
    unexcused: u64,
    twice: u64,
    counted: u64,
    deaths: BTreeMap<TraceId, u64>,
    forgotten: u64,
    /// Milliseconds for which the layer held environments beyond the budget, and the longest of all.
    delayed: Vec<f64>,
}

/// Spans of environments that lived on, of discarded ones, and where the latter still lie.
#[derive(Default)]
struct Remains {
    kept: Spans,
    gone: Spans,
    in_rings: BTreeSet<String>,
    in_spools: BTreeSet<String>,
    counted: u64,
}

impl Remains {
    fn of(world: &World, tally: &Tally) -> Self {
        let mut found = Self::default();
        for entry in std::fs::read_dir(world.folder.path()).expect("the emulator's folder").flatten() {
            let folder = entry.path();
            found.counted += doubts(&folder);
            if tally.discarded.contains(&folder) {
                found.gone.extend(remains::sworn(&folder));
                found.in_rings.extend(remains::in_ring(&folder));
                found.in_spools.extend(remains::in_spool(&folder));
            } else {
                found.kept.extend(remains::sworn(&folder));
            }
        }
        found
    }
}

pub(crate) fn judge(world: &World, tally: &Tally, letters: usize, late: Duration) -> Judged {
    let store = &world.vendors.honeycomb;
    let delivered: Spans =
        store.with_store(|store| store.spans().map(|span| (span.trace_id, span.span_id.clone())).collect());
    let remains = Remains::of(world, tally);
    let lost: Vec<_> = remains.kept.difference(&delivered).cloned().collect();
    let lost_with_environments: Vec<_> = remains.gone.difference(&delivered).cloned().collect();
    let is_hidden =
        |(_, span): &&(TraceId, String)| !remains.in_rings.contains(span) && !remains.in_spools.contains(span);
    let unexplained: Vec<_> = lost_with_environments.iter().filter(is_hidden).cloned().collect();
    let of_spools = lost_with_environments.iter().filter(|(_, span)| remains.in_spools.contains(span)).count();
    let (doubtful, unexcused, forgotten) =
        store.with_store(|store| (store.excused_duplicates(), store.unexcused_duplicates(), store.forgotten_spans()));
    let deaths = deaths(&world.vendors);
    let repeated_items = world.vendors.rollbar.with_store(|store| store.repeated_items());
    let held = held(world);
    let most = held.iter().copied().fold(0.0, f64::max);
    let limit = (BUDGET + MACHINE + late).as_secs_f64() * 1000.0;
    let delayed: Vec<f64> = held.iter().copied().filter(|held| *held > limit).collect();
    let mut told = String::new();
    let _ = write!(
        told,
        "chaos: {} answered, {} died, {} deaths told as items; {} functions and {} layers killed, {} environments discarded\n\
         chaos: {} spans started, {} delivered, {} lost; {} lost with discarded environments, {of_spools} of them in spools\n\
         chaos: {doubtful} spans twice because no answer left the vendor, {unexcused} because the layer died before it noted one, \
         {repeated_items} items twice; the layers counted {} doubts; {letters} dead letters replayed\n\
         chaos: the layer held {} environments, the longest for {most:.0} ms of a budget of {}; {} beyond it, \
         with {late:?} allowed for what the machine was late by; slowest request {:?}",
        tally.answered,
        tally.died.len(),
        deaths.len(),
        tally.killed_functions,
        tally.killed_layers,
        tally.discarded.len(),
        remains.kept.len() + remains.gone.len(),
        delivered.len(),
        lost.len(),
        lost_with_environments.len(),
        remains.counted,
        held.len(),
        BUDGET.as_millis(),
        delayed.len(),
        tally.longest,
    );
    let (kept, counted, twice) = (remains.kept, remains.counted, doubtful + unexcused + repeated_items);
    Judged { told, kept, lost, unexplained, unexcused, twice, counted, deaths, forgotten, delayed }
}

/// What the layers of an environment counted as perhaps told twice.
fn doubts(folder: &Path) -> u64 {
    let path = folder.join("tmp/crudder.recorder");
    let reader = path.exists().then(|| Reader::open(&path, 0).expect("nobody is left who reads it"));
    reader.map_or(0, |reader| reader.stats().counter(Counter::PossibleDuplicates))
}

/// For how many milliseconds each environment was held after its function was done: what the next request would have waited.
fn held(world: &World) -> Vec<f64> {
    let reports = world.objects().filter(|line| line["type"] == "platform.report");
    let overhead = |report: serde_json::Value| report["record"]["spans"][0]["durationMs"].as_f64();
    reports.filter_map(overhead).collect()
}

/// Items that tell a death, by trace.
fn deaths(vendors: &Fakes) -> BTreeMap<TraceId, u64> {
    let mut deaths = BTreeMap::new();
    vendors.rollbar.with_store(|store| {
        let classes = ["timeout", "crash", "exit", "out-of-memory", "platform"];
        let is_death = |class: &str| classes.contains(&class);
        for item in store.items().filter(|item| item.class.as_deref().is_some_and(is_death)) {
            *deaths.entry(item.trace_id.expect("every item has a trace")).or_insert(0) += 1;
        }
    });
    deaths
}

impl Judged {
    pub(crate) fn check(&self, tally: &Tally, seen: &[EmulatorEvent]) {
        assert!(!self.kept.is_empty(), "nobody swore: is the example `fixture` of this build?");
        assert_eq!(self.forgotten, 0, "the fake has forgotten spans, and this test cannot tell them from lost ones");
        let around = |spans: &[(TraceId, String)]| {
            let told: Vec<_> = spans.iter().map(|(trace, span)| format!("{trace} {span}")).collect();
            format!("{told:?}\n{}", spans.first().map(|(trace, _)| log_around(seen, *trace)).unwrap_or_default())
        };
        assert!(self.lost.is_empty(), "{}", around(&self.lost));
        assert!(self.unexplained.is_empty(), "neither in ring nor in spool: {}", around(&self.unexplained));
        assert_eq!(self.delayed, Vec::<f64>::new(), "environments held beyond the budget, in ms");
        self.check_repeats(tally);
        self.check_deaths(tally, seen);
    }

    /// A fake excuses what it never answered. An answer that a killed layer could not note is known to the layer's next life
    /// only: each of both must have been counted by the layers themselves.
    fn check_repeats(&self, tally: &Tally) {
        let Self { twice, counted, unexcused, .. } = self;
        assert!(twice <= counted, "{twice} came twice, the layers counted {counted} doubts");
        assert!(*unexcused == 0 || tally.killed_layers > 0, "{unexcused} spans came twice and no layer was killed");
    }

    fn check_deaths(&self, tally: &Tally, seen: &[EmulatorEvent]) {
        let deaths = &self.deaths;
        let traces_kept: BTreeSet<TraceId> = self.kept.iter().map(|(trace, _)| *trace).collect();
        for (trace, error) in tally.died.iter().filter(|(trace, _)| traces_kept.contains(trace)) {
            // When the layer was killed, the function may have come to its end all the same: then nobody died but the layer.
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

/// What the log says around a trace that something is wrong with.
fn log_around(seen: &[EmulatorEvent], trace: TraceId) -> String {
    let told: Vec<String> = seen.iter().map(|event| format!("{event:?}")).collect();
    let hex = trace.to_string();
    let at = told.iter().position(|event| event.contains(&hex) || event.contains(&trace.xray())).unwrap_or_default();
    told[at.saturating_sub(20)..].join("\n")
}
