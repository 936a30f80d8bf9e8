//! What an invocation that is over has to say, as units for each vendor. What it says nothing of is declined here, too.

use crudder_otlp as otlp;
use crudder_recorder::{Reader, SKIPPED, SpanIds, WriterId};
use crudder_xray::{Attribute, Value};
use tokio::time::Instant;

use crate::config::Config;
use crate::outbox::Outbox;
use crate::rollbar::{self, Scene};
use crate::sample;
use crate::table::{Death, Invocation, Key, Process, Span};
use crate::unit::{Cargo, Unit};
use crate::vendor::Vendor;

/// What the telling works with.
pub(crate) struct Teller<'a> {
    pub(crate) reader: &'a mut Reader,
    pub(crate) outbox: &'a mut Outbox,
    pub(crate) config: &'a Config,
    pub(crate) now: Instant,
}

impl Teller<'_> {
    fn unit(&self, position: u64, also: Vec<u64>, cargo: Cargo, has_error: bool) -> Unit {
        Unit { position, also, cargo, has_error, since: self.now, in_doubt: false }
    }

    fn put(&mut self, vendor: Vendor, unit: Unit, told: &mut [Vec<u64>; 3]) {
        told[vendor as usize].extend(unit.positions());
        self.outbox.put(vendor, unit, self.reader);
    }

    /// Reports leave at once: they need not wait for their invocation.
    pub(crate) fn reports(&mut self, key: Key, process: Option<&Process>, invocation: &mut Invocation) {
        let waiting: Vec<(u64, [u8; 8], u64)> = invocation
            .events
            .iter_mut()
            .filter_map(|(origin, report)| {
                let is_new = !std::mem::replace(&mut report.is_out, true);
                is_new.then_some((*origin, report.span, report.position))
            })
            .collect();
        for (origin, span, position) in waiting {
            let Some(item) = self.report_item(key, process, invocation, origin, span, position) else { continue };
            let also = invocation.root().and_then(|root| root.started).into_iter().collect();
            let unit = self.unit(position, also, Cargo::Item(item), true);
            self.put(Vendor::Rollbar, unit, &mut invocation.told);
        }
    }

    fn report_item(
        &self,
        key: Key,
        process: Option<&Process>,
        invocation: &Invocation,
        origin: u64,
        span: [u8; 8],
        position: u64,
    ) -> Option<bytes::Bytes> {
        let record = self.reader.record(position)?;
        let (ids, message) = SpanIds::split(record.payload).ok()?;
        let event = otlp::read::event(message);
        let root = self.root_of(invocation);
        let scene = Scene {
            function: self.function(process),
            request_id: &invocation.request_id,
            trace: ids.trace,
            span,
            is_cold: invocation.is_cold,
            route: root.as_ref().map_or("", |root| root.name),
            root: root.as_ref().map_or(&[], |root| &root.attributes),
            at_unix_nano: otlp::read::event_time(message),
        };
        // The place in the ring is the same in every life, so the item keeps its uuid.
        let ordinal = origin ^ (u64::from(key.index) << 48);
        Some(rollbar::report(self.config, &scene, event.name, &event.attributes, ordinal))
    }

    fn function<'a>(&'a self, process: Option<&'a Process>) -> &'a str {
        process
            .map(|process| process.function.as_str())
            .filter(|name| !name.is_empty())
            .unwrap_or(&self.config.function)
    }

    /// The root span, with all that its start and its end say.
    fn root_of(&self, invocation: &Invocation) -> Option<otlp::Span<'_>> {
        let root = invocation.root()?;
        let decode = |position: u64| {
            let record = self.reader.record(position)?;
            SpanIds::split(record.payload).ok().map(|(_, span)| otlp::read::span(span))
        };
        root.ended.and_then(decode).or_else(|| root.started.and_then(decode))
    }

    /// Spans that have ended, of an invocation that goes on: its deadline comes near, or the ring needs the room.
    pub(crate) fn ended_spans(&mut self, key: Key, invocation: &mut Invocation, makes_room: bool) {
        for span in invocation.spans.values_mut() {
            let (Some(position), false) = (span.ended, span.is_out) else { continue };
            span.is_out = true;
            let cargo = recorded(self.reader, position, key.writer, Vec::new());
            let unit = self.unit(position, Vec::new(), cargo, false);
            self.put(Vendor::Honeycomb, unit, &mut invocation.told);
            if makes_room {
                // X-Ray's document of a later death does without them.
                self.reader.set_batch(position, Vendor::Rollbar.sink(), SKIPPED);
                self.reader.set_batch(position, Vendor::XRay.sink(), SKIPPED);
                let started = span.started.unwrap_or(position);
                if started != position {
                    Vendor::ALL.into_iter().for_each(|vendor| self.reader.set_batch(started, vendor.sink(), SKIPPED));
                }
            }
        }
    }

    /// All of an invocation that is over.
    pub(crate) fn conclude(&mut self, key: Key, process: Option<&Process>, mut invocation: Invocation) {
        self.reports(key, process, &mut invocation);
        if let Some(death) = invocation.death.clone() {
            self.bury(process, &mut invocation, &death);
        }
        self.spans(key, &mut invocation);
        self.decline_the_rest(&mut invocation);
    }

    fn spans(&mut self, key: Key, invocation: &mut Invocation) {
        let was_partly_sent = invocation.spans.values().any(|span| span.is_out);
        let rate =
            if was_partly_sent || !invocation.has_started { Some(1) } else { sample::rate(invocation, self.config) };
        let Some(rate) = rate else { return };
        let has_error = invocation.has_failed();
        let culprit = invocation.open_path().last().map(|span| span.ids.span);
        let mut units = Vec::new();
        for span in invocation.spans.values().filter(|span| !span.is_out) {
            let mut trailer = Vec::new();
            if rate > 1 {
                otlp::write::int_attribute(&mut trailer, 9, "SampleRate", rate.cast_signed());
            }
            let position = match (span.ended, span.started) {
                (Some(position), _) => position,
                (None, Some(position)) => {
                    self.close(&mut trailer, span, invocation, culprit);
                    position
                }
                (None, None) => continue,
            };
            units.push(self.unit(
                position,
                Vec::new(),
                recorded(self.reader, position, key.writer, trailer),
                has_error,
            ));
        }
        // The last span takes the records of the invocation itself along: while it is on its way, a next life still knows whose
        // it is.
        if let Some(last) = units.last_mut() {
            last.also = framing(invocation, self.reader);
        }
        for unit in units {
            self.put(Vendor::Honeycomb, unit, &mut invocation.told);
        }
    }

    /// The end that an open span did not come to: fields behind its start, which win over what stands before them.
    fn close(&self, trailer: &mut Vec<u8>, span: &Span, invocation: &Invocation, culprit: Option<[u8; 8]>) {
        for report in invocation.events.values().filter(|report| report.span == span.ids.span) {
            let record = self.reader.record(report.position);
            if let Some((_, event)) = record.and_then(|record| SpanIds::split(record.payload).ok()) {
                otlp::write::length_delimited(trailer, 11, event);
            }
        }
        let Some(death) = &invocation.death else {
            otlp::write::fixed64(trailer, 8, span.outline.start_ns);
            return otlp::write::bool_attribute(trailer, 9, "crudder.unfinished", true);
        };
        otlp::write::fixed64(trailer, 8, death.at_unix_nano.max(span.outline.start_ns));
        otlp::write::string_attribute(trailer, 9, "error.type", death.reason.as_str());
        otlp::write::string_attribute(trailer, 9, "crudder.death", death.reason.as_str());
        if !death.detail.is_empty() {
            otlp::write::string_attribute(trailer, 9, "crudder.death.detail", &death.detail);
        }
        if culprit == Some(span.ids.span) {
            otlp::write::bool_attribute(trailer, 9, "crudder.culprit", true);
        }
        otlp::write::error_status(trailer, rollbar::words(death.reason));
    }

    /// A death: its item, and what X-Ray has not heard from the function.
    fn bury(&mut self, process: Option<&Process>, invocation: &mut Invocation, death: &Death) {
        let item = self.death_item(process, invocation, death);
        let also: Vec<u64> =
            invocation.records.values().copied().filter(|position| *position != death.position).collect();
        // Reports of the same invocation bear labels of their own.
        let is_report = |position: &u64| invocation.events.values().any(|report| report.position == *position);
        let unreported = also.iter().copied().filter(|position| !is_report(position)).collect();
        let unit = self.unit(death.position, unreported, Cargo::Item(item), true);
        self.put(Vendor::Rollbar, unit, &mut invocation.told);
        if invocation.datagram_left || !invocation.is_sampled || invocation.segment == [0; 8] {
            return;
        }
        let datagrams = self.documents(invocation, death);
        if !datagrams.is_empty() {
            let daemon = process.and_then(|process| crate::xray::daemon(&process.xray_daemon));
            let unit = self.unit(death.position, also, Cargo::Datagrams { daemon, datagrams }, true);
            self.put(Vendor::XRay, unit, &mut invocation.told);
        }
    }

    fn death_item(&self, process: Option<&Process>, invocation: &Invocation, death: &Death) -> bytes::Bytes {
        let root = self.root_of(invocation);
        let path = invocation.open_path();
        let names: Vec<String> = path.iter().filter_map(|span| self.name_of(span)).collect();
        let scene = Scene {
            function: self.function(process),
            request_id: &invocation.request_id,
            trace: invocation.trace,
            span: path.last().map(|span| span.ids.span).unwrap_or_default(),
            is_cold: invocation.is_cold,
            route: root.as_ref().map_or("", |root| root.name),
            root: root.as_ref().map_or(&[], |root| &root.attributes),
            at_unix_nano: death.at_unix_nano,
        };
        rollbar::death(self.config, &scene, death.reason, &death.detail, &names)
    }

    fn name_of(&self, span: &Span) -> Option<String> {
        let record = self.reader.record(span.started?)?;
        let (_, message) = SpanIds::split(record.payload).ok()?;
        Some(otlp::read::span(message).name.to_owned())
    }

    fn documents(&self, invocation: &Invocation, death: &Death) -> Vec<Vec<u8>> {
        let culprit = invocation.open_path().last().map(|span| span.ids.span);
        let words = rollbar::words(death.reason);
        let mut spans = Vec::new();
        for span in invocation.spans.values() {
            let Some(record) = span.ended.or(span.started).and_then(|position| self.reader.record(position)) else {
                continue;
            };
            let Ok((ids, message)) = SpanIds::split(record.payload) else { continue };
            let mut told = crate::xray::document_span(&otlp::read::span(message));
            told.trace_id = u128::from_be_bytes(ids.trace);
            told.id = u64::from_be_bytes(ids.span);
            let parent = if invocation.spans.contains_key(&ids.parent) { ids.parent } else { invocation.segment };
            told.parent_id = u64::from_be_bytes(parent);
            if span.ended.is_none() {
                told.end_ns = Some(death.at_unix_nano.max(told.start_ns));
                told.failed = true;
                told.status_message = words;
                let reason = Value::Str(death.reason.as_str());
                told.attributes.push(Attribute { key: "annotation.death", value: reason });
                if culprit == Some(ids.span) {
                    told.attributes.push(Attribute { key: "annotation.culprit", value: Value::Bool(true) });
                }
            }
            spans.push(told);
        }
        let (mut out, mut datagrams) = (Vec::new(), Vec::new());
        let service = self.config.honeycomb.service.as_deref().unwrap_or("crudder");
        crudder_xray::write_datagrams(&spans, service, &mut out, |datagram| datagrams.push(datagram.to_vec()));
        datagrams
    }

    /// A death during init: an item, and a span of its own in a trace of its own.
    pub(crate) fn init_death(&mut self, writer: WriterId, process: &Process, death: &Death, trace: [u8; 16]) {
        let span: [u8; 8] = trace.first_chunk::<16>().map_or([1; 8], |trace| std::array::from_fn(|at| trace[at + 8]));
        let scene = Scene {
            function: self.function(Some(process)),
            trace,
            span,
            is_cold: true,
            route: "init",
            at_unix_nano: death.at_unix_nano,
            ..Scene::default()
        };
        let item = rollbar::death(self.config, &scene, death.reason, &death.detail, &["init".to_owned()]);
        let unit = self.unit(death.position, Vec::new(), Cargo::Item(item), true);
        self.outbox.put(Vendor::Rollbar, unit, self.reader);
        let span = init_span(process, death, trace, span);
        let unit = self.unit(death.position, Vec::new(), Cargo::Made { process: writer, span }, true);
        self.outbox.put(Vendor::Honeycomb, unit, self.reader);
        self.reader.set_batch(death.position, Vendor::XRay.sink(), SKIPPED);
    }

    /// Whatever no unit bears is done with. A label that was given stays.
    fn decline_the_rest(&mut self, invocation: &mut Invocation) {
        for vendor in Vendor::ALL {
            let told = &mut invocation.told[vendor as usize];
            told.sort_unstable();
            for position in invocation.records.values().filter(|position| told.binary_search(position).is_err()) {
                self.reader.set_batch(*position, vendor.sink(), SKIPPED);
            }
        }
    }
}

/// The records that say whose spans these are: start and end of the invocation.
fn framing(invocation: &Invocation, reader: &Reader) -> Vec<u64> {
    use crudder_recorder::Kind::{InvocationEnded, InvocationStarted};
    let frames = |record: crudder_recorder::Record<'_>| matches!(record.kind, InvocationStarted | InvocationEnded);
    invocation.records.values().copied().filter(|position| reader.record(*position).is_some_and(frames)).collect()
}

fn recorded(reader: &Reader, position: u64, process: WriterId, trailer: Vec<u8>) -> Cargo {
    let bytes = reader.record(position).map_or(0, |record| record.payload.len());
    Cargo::Recorded { process, trailer, bytes }
}

fn init_span(process: &Process, death: &Death, trace: [u8; 16], span: [u8; 8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    otlp::write::length_delimited(&mut out, 1, &trace);
    otlp::write::length_delimited(&mut out, 2, &span);
    otlp::write::length_delimited(&mut out, 5, b"init");
    // Kind 1, internal.
    out.extend_from_slice(&[6 << 3, 1]);
    let start = if process.started_unix_nano > 0 { process.started_unix_nano } else { death.at_unix_nano };
    otlp::write::fixed64(&mut out, 7, start);
    otlp::write::fixed64(&mut out, 8, death.at_unix_nano.max(start));
    otlp::write::bool_attribute(&mut out, 9, "faas.coldstart", true);
    otlp::write::bool_attribute(&mut out, 9, "crudder.culprit", true);
    otlp::write::string_attribute(&mut out, 9, "error.type", death.reason.as_str());
    otlp::write::string_attribute(&mut out, 9, "crudder.death", death.reason.as_str());
    if !death.detail.is_empty() {
        otlp::write::string_attribute(&mut out, 9, "crudder.death.detail", &death.detail);
    }
    otlp::write::error_status(&mut out, rollbar::words(death.reason));
    out
}
