//! Formats durations for reading.

/// Formats nanoseconds as milliseconds, or as seconds from ten seconds on.
///
/// It rounds: X-Ray's times are doubles, so that 90 ms may arrive as 89.999 ms.
#[expect(clippy::cast_precision_loss, reason = "a double holds 104 days in nanoseconds exactly")]
pub(super) fn milliseconds(nanoseconds: u64) -> String {
    let milliseconds = nanoseconds as f64 / 1e6;
    match nanoseconds {
        0..9_995_000 => format!("{milliseconds:.2} ms"),
        9_995_000..9_999_950_000 => format!("{milliseconds:.1} ms"),
        _ => format!("{:.1} s", milliseconds / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_has_only_the_digits_that_matter() {
        for (time, expected) in [
            (0, "0.00 ms"),
            (1_234_567, "1.23 ms"),
            (9_994_999, "9.99 ms"),
            (9_999_999, "10.0 ms"),
            (12_345_678, "12.3 ms"),
            (89_999_000, "90.0 ms"),
            (9_999_999_999, "10.0 s"),
            (29_000_000_000, "29.0 s"),
        ] {
            assert_eq!(milliseconds(time), expected);
        }
    }
}
