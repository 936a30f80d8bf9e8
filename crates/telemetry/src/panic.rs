//! The panic hook: a panic becomes one JSON line and a report, and the failure of its root span.

use std::panic::PanicHookInfo;

use opentelemetry::Context;

use crate::backtrace;
use crate::failure::Failure;
use crate::log::Lines;
use crate::report::Reports;
use crate::request::Current;

/// The type of a panic in every destination.
const KIND: &str = "panic";

/// Replaces the process's panic hook.
pub(crate) fn install(lines: Option<Lines>, reports: Reports) {
    std::panic::set_hook(Box::new(move |info| {
        let failure = failure_of(info);
        if let Some(lines) = &lines {
            print(lines, &failure);
        }
        reports.failure(&failure);
        Context::map_current(|context| {
            if let Some(Current(request)) = context.get::<Current>() {
                request.set_panic(failure);
            }
        });
    }));
}

fn failure_of(info: &PanicHookInfo<'_>) -> Failure {
    let payload = info.payload();
    let text = payload.downcast_ref::<&str>().copied().or_else(|| payload.downcast_ref::<String>().map(String::as_str));
    Failure {
        kind: KIND.into(),
        message: text.unwrap_or("the panic payload is not text").to_owned(),
        causes: Vec::new(),
        location: info.location().map(|location| format!("{}:{}", location.file(), location.line())),
        backtrace: Some(backtrace::capture()),
    }
}

fn print(lines: &Lines, failure: &Failure) {
    let message = match &failure.location {
        Some(location) => format!("panicked at {location}: {}", failure.message),
        None => format!("panicked: {}", failure.message),
    };
    let members = [
        ("type", KIND),
        ("message", &failure.message),
        ("location", failure.location.as_deref().unwrap_or("unknown")),
        ("stacktrace", failure.backtrace.as_deref().unwrap_or_default()),
    ];
    lines.print_error(&message, &members);
}
