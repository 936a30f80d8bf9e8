//! A trace as a terminal shows it: a bar a span, to scale, then what was said meanwhile.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::model::{Line, Span, Status, Trace};
use crate::paint::{Ink, Look, clean, cut};

/// Names take this part of a line at most, so that the bars have room.
const NAMES: usize = 45;
/// Below this there is no room for bars, and a line is longer than the terminal.
const NARROWEST: usize = 60;
/// `123.4 ms  in progress  <- culprit`
const TAIL: usize = 24;

/// The trace as text, without a newline at its end.
pub(crate) fn render(trace: &Trace, look: Look) -> String {
    let mut lines = vec![headline(trace, look)];
    let (start, end) = trace.span_of_time().unwrap_or((first_line(trace), first_line(trace)));
    let when = OffsetDateTime::from_unix_timestamp_nanos(start.into()).ok().and_then(|time| time.format(&Rfc3339).ok());
    lines.push(look.paint(Ink::Faint, &format!("{}  {}", trace.xray_trace_id, when.unwrap_or_default())));
    if !trace.spans.is_empty() {
        lines.push(String::new());
        let frame = Frame::around(trace, start, end, look);
        lines.extend(trace.spans.iter().flat_map(|span| frame.span(span)));
    }
    if !trace.lines.is_empty() {
        lines.extend([String::new(), look.paint(Ink::Bold, "Log")]);
        lines.extend(trace.lines.iter().map(|line| said(line, start, look)));
    }
    for report in &trace.reports {
        lines.extend([String::new(), look.paint(Ink::Bold, "Rollbar")]);
        lines.push(format!("  {}  {}", look.paint(ink_of(&report.level), &report.level), clean(&report.title)));
        lines.push(look.paint(Ink::Faint, &format!("  {}", report.uuid)));
    }
    if !trace.links.is_empty() {
        lines.extend([String::new(), look.paint(Ink::Bold, "Elsewhere")]);
        lines.extend(trace.links.iter().map(|link| format!("  {:<12}{}", link.name, link.url)));
    }
    lines.extend(trace.notes.iter().map(|note| format!("\n{} {}", look.paint(Ink::Warn, "note:"), clean(note))));
    lines.join("\n")
}

fn first_line(trace: &Trace) -> u64 {
    trace.lines.first().map_or(0, |line| line.time_ns)
}

fn headline(trace: &Trace, look: Look) -> String {
    let told = |name: &str| trace.spans.iter().find_map(|span| span.detail(name));
    let route = trace.spans.iter().map(|span| span.name.as_str()).find(|name| name.contains(" /"));
    let named = route.or(trace.spans.first().map(|span| span.name.as_str())).unwrap_or("no spans");
    let status = told("status").unwrap_or_default();
    let lasted = trace.span_of_time().map(|(start, end)| milliseconds(end - start)).unwrap_or_default();
    let death = told("death").map(|death| look.paint(Ink::Bad, death));
    let parts = [look.paint(Ink::Bold, &clean(named)), status.to_owned(), lasted, death.unwrap_or_default()];
    parts.iter().filter(|part| !part.is_empty()).map(String::as_str).collect::<Vec<_>>().join("  ")
}

/// The time that all bars share, and the columns.
struct Frame {
    start: u64,
    lasted: u64,
    names: usize,
    bars: usize,
    look: Look,
}

impl Frame {
    fn around(trace: &Trace, start: u64, end: u64, look: Look) -> Self {
        let width = look.width.max(NARROWEST);
        let longest = trace.spans.iter().map(|span| 2 * span.depth + span.name.chars().count()).max().unwrap_or(0);
        let names = longest.min(width * NAMES / 100);
        let bars = width.saturating_sub(names + TAIL + 2).max(10);
        Self { start, lasted: (end - start).max(1), names, bars, look }
    }

    fn span(&self, span: &Span) -> Vec<String> {
        let ink = match span.status {
            Status::Ok => Ink::Good,
            Status::Error | Status::Throttle | Status::InProgress => Ink::Warn,
            Status::Fault => Ink::Bad,
        };
        let name = format!("{}{}", "  ".repeat(span.depth), clean(&span.name));
        let (before, bar, after) = self.bar(span);
        let lasted = span.end_ns.map_or("?".to_owned(), |end| milliseconds(end.saturating_sub(span.start_ns)));
        let word = match span.status {
            Status::Ok => "",
            Status::Error => "error",
            Status::Throttle => "throttled",
            Status::Fault => "fault",
            Status::InProgress => "in progress",
        };
        let mark = if span.culprit { self.look.paint(Ink::Bad, "  <- culprit") } else { String::new() };
        let line = format!(
            "{:<names$} {before}{}{after} {lasted:>10} {}{mark}",
            cut(&name, self.names),
            self.look.paint(ink, &bar),
            self.look.paint(ink, word),
            names = self.names
        );
        let mut lines = vec![line.trim_end().to_owned()];
        if !span.details.is_empty() {
            let told: Vec<String> =
                span.details.iter().map(|(name, value)| format!("{name}={}", clean(value))).collect();
            let room = self.look.width.max(NARROWEST).saturating_sub(2 * span.depth + 4);
            let told = cut(&told.join("  "), room);
            lines.push(self.look.paint(Ink::Faint, &format!("{}    {told}", "  ".repeat(span.depth))));
        }
        lines
    }

    /// The blanks before, the bar, the blanks after; a bar is never nothing.
    fn bar(&self, span: &Span) -> (String, String, String) {
        let column = |time: u64| {
            let part = u128::from(time.saturating_sub(self.start)) * self.bars as u128 / u128::from(self.lasted);
            usize::try_from(part).unwrap_or(self.bars).min(self.bars)
        };
        let from = column(span.start_ns).min(self.bars - 1);
        let to = span.end_ns.map_or(self.bars, column).max(from + 1);
        let filled = self.look.bar.to_string().repeat(to - from);
        (" ".repeat(from), filled, " ".repeat(self.bars - to))
    }
}

fn said(line: &Line, start: u64, look: Look) -> String {
    let since = if line.time_ns >= start {
        format!("+{}", milliseconds(line.time_ns - start))
    } else {
        format!("-{}", milliseconds(start - line.time_ns))
    };
    let text = clean(&line.text);
    let text = cut(&text, look.width.max(NARROWEST).saturating_sub(21));
    format!("  {since:>11} {} {text}", look.paint(ink_of(&line.level), &format!("{:<5}", clean(&line.level))))
}

fn ink_of(level: &str) -> Ink {
    match level.to_ascii_lowercase().as_str() {
        "error" | "fatal" | "critical" => Ink::Bad,
        "warn" | "warning" => Ink::Warn,
        "info" => Ink::Good,
        _ => Ink::Faint,
    }
}

/// Nanoseconds as one reads them, rounded: 90 ms that a double's microseconds made 89.999 are 90.0.
#[expect(clippy::cast_precision_loss, reason = "a double holds 104 days in nanoseconds exactly")]
fn milliseconds(nanoseconds: u64) -> String {
    let milliseconds = nanoseconds as f64 / 1e6;
    match nanoseconds {
        0..9_995_000 => format!("{milliseconds:.2} ms"),
        9_995_000..9_999_950_000 => format!("{milliseconds:.1} ms"),
        _ => format!("{:.1} s", milliseconds / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::super::id::TraceId;
    use super::*;

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

    fn plain(width: usize) -> Look {
        Look { is_coloured: false, width, bar: '=' }
    }

    #[test]
    fn bars_are_to_scale_and_the_culprit_is_marked() {
        let text = render(&trace(), plain(80));
        let bars: Vec<(usize, usize)> = text
            .lines()
            .filter(|line| line.contains('='))
            .map(|line| (line.find('=').unwrap(), line.matches('=').count()))
            .collect();
        let [(from, whole), (half_from, half), (open_from, open)] = bars.as_slice() else { panic!("{text}") };
        assert!(half.abs_diff(whole / 2) <= 1 && half_from - from >= whole / 2, "{text}");
        assert!(*open >= 1 && open_from >= half_from, "{text}");
        assert!(text.lines().any(|line| line.contains("half") && line.ends_with("fault  <- culprit")), "{text}");
        assert!(text.contains("+60.0 ms WARN  so what"), "{text}");
    }

    #[test]
    fn no_line_is_wider_than_the_terminal_and_nothing_steers_it() {
        for width in [60, 80, 100, 200] {
            let text = render(&trace(), plain(width));
            let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
            assert!(widest <= width + "  <- culprit".len(), "{width}: {widest}\n{text}");
            assert!(!text.contains('\u{1b}'), "{text:?}");
        }
        assert!(render(&trace(), Look { is_coloured: true, width: 80, bar: '=' }).contains("\u{1b}["));
    }

    #[test]
    fn a_time_is_told_with_as_many_digits_as_one_reads() {
        for (time, told) in [
            (0, "0.00 ms"),
            (1_234_567, "1.23 ms"),
            (9_994_999, "9.99 ms"),
            (9_999_999, "10.0 ms"),
            (12_345_678, "12.3 ms"),
            (89_999_000, "90.0 ms"),
            (9_999_999_999, "10.0 s"),
            (29_000_000_000, "29.0 s"),
        ] {
            assert_eq!(milliseconds(time), told);
        }
    }
}
