//! The waterfall: a line with a bar for each span, to scale.

use super::duration::milliseconds;
use super::model::{Span, Status, Trace};
use crate::style::{Capabilities, Style, strip_control, truncate};

/// Names take at most this percentage of a line, so that there is space for the bars.
const MAX_NAME_PERCENT: usize = 45;
/// The minimum width; on a narrower terminal, lines wrap.
pub(super) const MIN_WIDTH: usize = 60;
/// Columns after a bar: ` 123.4 ms in progress`.
const TAIL: usize = 24;
/// Marks the innermost span that was open when the function died.
const FAILED_SPAN_MARK: &str = "  <- failed span";

/// The time range that all bars share, and the column widths.
pub(super) struct Waterfall {
    start: u64,
    duration: u64,
    name_width: usize,
    bar_width: usize,
    capabilities: Capabilities,
}

impl Waterfall {
    /// Lays out the spans of a trace from `start` to `end`, both in nanoseconds since 1970.
    pub(super) fn new(trace: &Trace, start: u64, end: u64, capabilities: Capabilities) -> Self {
        let width = capabilities.width.max(MIN_WIDTH);
        let longest = trace.spans.iter().map(|span| 2 * span.depth + span.name.chars().count()).max().unwrap_or(0);
        let name_width = longest.min(width * MAX_NAME_PERCENT / 100);
        let bar_width = width.saturating_sub(name_width + TAIL + 2).max(10);
        Self { start, duration: (end - start).max(1), name_width, bar_width, capabilities }
    }

    /// Returns the span's line, and a second line with its details, if it has some.
    pub(super) fn lines(&self, span: &Span) -> Vec<String> {
        let (style, status) = match span.status {
            Status::Ok => (Style::Success, ""),
            Status::Error => (Style::Warning, "error"),
            Status::Throttle => (Style::Warning, "throttled"),
            Status::InProgress => (Style::Warning, "in progress"),
            Status::Fault => (Style::Error, "fault"),
        };
        let name = format!("{}{}", "  ".repeat(span.depth), strip_control(&span.name));
        let (before, bar, after) = self.bar(span);
        let duration = span.end_ns.map_or("?".to_owned(), |end| milliseconds(end.saturating_sub(span.start_ns)));
        let mark = if span.culprit { self.capabilities.style(Style::Error, FAILED_SPAN_MARK) } else { String::new() };
        let line = format!(
            "{:<width$} {before}{}{after} {duration:>10} {}{mark}",
            truncate(&name, self.name_width),
            self.capabilities.style(style, &bar),
            self.capabilities.style(style, status),
            width = self.name_width
        );
        let details = (!span.details.is_empty()).then(|| self.details(span));
        std::iter::once(line.trim_end().to_owned()).chain(details).collect()
    }

    fn details(&self, span: &Span) -> String {
        let details: Vec<String> =
            span.details.iter().map(|(name, value)| format!("{name}={}", strip_control(value))).collect();
        let width = self.capabilities.width.max(MIN_WIDTH).saturating_sub(2 * span.depth + 4);
        let text = truncate(&details.join("  "), width);
        self.capabilities.style(Style::Dim, &format!("{}    {text}", "  ".repeat(span.depth)))
    }

    /// Returns the spaces before the bar, the bar of at least one character, and the spaces after
    /// it.
    fn bar(&self, span: &Span) -> (String, String, String) {
        let column = |time: u64| {
            let offset = u128::from(time.saturating_sub(self.start));
            let column = offset * self.bar_width as u128 / u128::from(self.duration);
            usize::try_from(column).unwrap_or(self.bar_width).min(self.bar_width)
        };
        let from = column(span.start_ns).min(self.bar_width - 1);
        let to = span.end_ns.map_or(self.bar_width, column).max(from + 1);
        let bar = self.capabilities.bar.to_string().repeat(to - from);
        (" ".repeat(from), bar, " ".repeat(self.bar_width - to))
    }
}
