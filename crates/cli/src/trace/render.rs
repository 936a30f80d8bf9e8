//! Renders a trace for a terminal: a heading, the waterfall, log lines, reports and links.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::duration::milliseconds;
use super::model::{Line, Trace};
use super::waterfall::{MIN_WIDTH, Waterfall};
use crate::style::{Capabilities, Style, strip_control, truncate};

/// Columns before the text of a log line.
const LINE_PREFIX: usize = 21;

/// Returns the trace as text, without a newline at the end.
pub(crate) fn render(trace: &Trace, capabilities: Capabilities) -> String {
    let mut lines = vec![heading(trace, capabilities)];
    let (start, end) = trace.time_range().unwrap_or((first_line_time(trace), first_line_time(trace)));
    let time = OffsetDateTime::from_unix_timestamp_nanos(start.into()).ok().and_then(|time| time.format(&Rfc3339).ok());
    let subheading = format!("{}  {}", trace.xray_trace_id, time.unwrap_or_default());
    lines.push(capabilities.style(Style::Dim, &subheading));
    if !trace.spans.is_empty() {
        lines.push(String::new());
        let waterfall = Waterfall::new(trace, start, end, capabilities);
        lines.extend(trace.spans.iter().flat_map(|span| waterfall.lines(span)));
    }
    if !trace.lines.is_empty() {
        lines.extend([String::new(), capabilities.style(Style::Bold, "Log")]);
        lines.extend(trace.lines.iter().map(|line| log_line(line, start, capabilities)));
    }
    for report in &trace.reports {
        lines.extend([String::new(), capabilities.style(Style::Bold, "Rollbar")]);
        let level = capabilities.style(style_of(&report.level), &report.level);
        lines.push(format!("  {level}  {}", strip_control(&report.title)));
        lines.push(capabilities.style(Style::Dim, &format!("  {}", report.uuid)));
    }
    if !trace.links.is_empty() {
        lines.extend([String::new(), capabilities.style(Style::Bold, "Links")]);
        lines.extend(trace.links.iter().map(|link| format!("  {:<12}{}", link.name, link.url)));
    }
    let notes = trace.notes.iter();
    lines
        .extend(notes.map(|note| format!("\n{} {}", capabilities.style(Style::Warning, "note:"), strip_control(note))));
    lines.join("\n")
}

fn first_line_time(trace: &Trace) -> u64 {
    trace.lines.first().map_or(0, |line| line.time_ns)
}

/// Returns the route or the first span's name, the status, the duration and the cause of a death.
fn heading(trace: &Trace, capabilities: Capabilities) -> String {
    let detail = |name: &str| trace.spans.iter().find_map(|span| span.detail(name));
    let route = trace.spans.iter().map(|span| span.name.as_str()).find(|name| name.contains(" /"));
    let name = route.or(trace.spans.first().map(|span| span.name.as_str())).unwrap_or("no spans");
    let status = detail("status").unwrap_or_default();
    let duration = trace.time_range().map(|(start, end)| milliseconds(end - start)).unwrap_or_default();
    let death = detail("death").map(|death| capabilities.style(Style::Error, death)).unwrap_or_default();
    let parts = [capabilities.style(Style::Bold, &strip_control(name)), status.to_owned(), duration, death];
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("  ")
}

/// Returns a log line with its time relative to the start of the trace.
fn log_line(line: &Line, start: u64, capabilities: Capabilities) -> String {
    let time = if line.time_ns >= start {
        format!("+{}", milliseconds(line.time_ns - start))
    } else {
        format!("-{}", milliseconds(start - line.time_ns))
    };
    let text = strip_control(&line.text);
    let text = truncate(&text, capabilities.width.max(MIN_WIDTH).saturating_sub(LINE_PREFIX));
    let level = capabilities.style(style_of(&line.level), &format!("{:<5}", strip_control(&line.level)));
    format!("  {time:>11} {level} {text}")
}

fn style_of(level: &str) -> Style {
    match level.to_ascii_lowercase().as_str() {
        "error" | "fatal" | "critical" => Style::Error,
        "warn" | "warning" => Style::Warning,
        "info" => Style::Success,
        _ => Style::Dim,
    }
}

#[cfg(test)]
mod tests {
    use super::super::model::{Span, Status};
    use super::*;
    use crate::trace_id::TraceId;

    fn trace() -> Trace {
        let mut trace = Trace::new(TraceId::new(1, 2));
        let span = |name: &str, depth, start_ms: u64, end_ms: Option<u64>, status| Span {
            id: name.to_owned(),
            parent: None,
            depth,
            name: name.to_owned(),
            start_ns: start_ms * 1_000_000,
            end_ns: end_ms.map(|end| end * 1_000_000),
            status,
            culprit: status == Status::Fault,
            details: vec![],
        };
        trace.spans = vec![
            span("GET /x", 0, 0, Some(100), Status::Ok),
            span("half", 1, 50, Some(100), Status::Fault),
            span("open\u{1b}[31m", 1, 99, None, Status::InProgress),
        ];
        trace.lines =
            vec![Line { time_ns: 60_000_000, source: String::new(), level: "WARN".into(), text: "so\nwhat".into() }];
        trace
    }

    fn plain(width: usize) -> Capabilities {
        Capabilities { has_color: false, width, bar: '=' }
    }

    #[test]
    fn bars_are_to_scale_and_the_failed_span_is_marked() {
        let text = render(&trace(), plain(80));
        let bars: Vec<(usize, usize)> = text
            .lines()
            .filter(|line| line.contains('='))
            .map(|line| (line.find('=').unwrap(), line.matches('=').count()))
            .collect();
        let [(from, whole), (half_from, half), (open_from, open)] = bars.as_slice() else { panic!("{text}") };
        assert!(half.abs_diff(whole / 2) <= 1 && half_from - from >= whole / 2, "{text}");
        assert!(*open >= 1 && open_from >= half_from, "{text}");
        assert!(text.lines().any(|line| line.contains("half") && line.ends_with("fault  <- failed span")), "{text}");
        assert!(text.contains("+60.0 ms WARN  so what"), "{text}");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_or_contains_escape_sequences() {
        for width in [60, 80, 100, 200] {
            let text = render(&trace(), plain(width));
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= width + "  <- failed span".len(), "{width}: {widest}\n{text}");
            assert!(!text.contains('\u{1b}'), "{text:?}");
        }
        let with_color = Capabilities { has_color: true, width: 80, bar: '=' };
        assert!(render(&trace(), with_color).contains("\u{1b}["));
    }
}
