//! Timestamps in RFC 3339, in UTC with milliseconds.
//!
//! They are written without a general formatter, because each log line has one.

use std::time::{SystemTime, UNIX_EPOCH};

const DAY_SECONDS: u64 = 86_400;

/// Returns the time in RFC 3339, in UTC with milliseconds. A time before 1970 reads as 1970.
///
/// ```
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let time = UNIX_EPOCH + Duration::from_millis(1_795_341_600_131);
/// assert_eq!(crudder_text::timestamp(time), "2026-11-22T10:00:00.131Z");
/// ```
#[must_use]
pub fn timestamp(time: SystemTime) -> String {
    let mut out = Vec::with_capacity(24);
    write_rfc3339_ms(&mut out, time);
    String::from_utf8(out).expect("digits and punctuation")
}

/// Appends the time to `out`, in the format of [`timestamp`].
pub fn write_rfc3339_ms(out: &mut Vec<u8>, time: SystemTime) {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (days, second) = (since.as_secs() / DAY_SECONDS, since.as_secs() % DAY_SECONDS);
    let (year, month, day) = civil(days);
    digits::<4>(out, year);
    for (separator, value) in
        [(b'-', month), (b'-', day), (b'T', second / 3600), (b':', second / 60 % 60), (b':', second % 60)]
    {
        out.push(separator);
        digits::<2>(out, value);
    }
    out.push(b'.');
    digits::<3>(out, u64::from(since.subsec_millis()));
    out.push(b'Z');
}

/// Converts days since 1970 to year, month and day in the Gregorian calendar.
///
/// It counts years from March, so that the leap day is the last day of a year.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day_of_year - (153 * shifted + 2) / 5 + 1)
}

fn digits<const N: usize>(out: &mut Vec<u8>, value: u64) {
    let mut text = [b'0'; N];
    let mut rest = value;
    for digit in text.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
    out.extend_from_slice(&text);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;
    use time::OffsetDateTime;
    use time::format_description::well_known::Rfc3339;

    proptest! {
        #[test]
        fn any_time_until_9999_is_read_back_by_the_time_crate(ms in 0u64..253_402_300_799_000) {
            let time = UNIX_EPOCH + Duration::from_millis(ms);
            let mut text = Vec::new();
            write_rfc3339_ms(&mut text, time);
            let read = OffsetDateTime::parse(std::str::from_utf8(&text).unwrap(), &Rfc3339).unwrap();
            prop_assert_eq!(SystemTime::from(read), time);
            prop_assert_eq!(text.len(), "2026-11-22T10:00:00.131Z".len());
        }
    }
}
