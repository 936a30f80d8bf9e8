//! The lifetime of a post.

use std::time::Duration;

use crate::invalid::Invalid;

/// One of the lifetimes that the form of the front end offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ttl {
    /// `30-days`, the longest.
    ThirtyDays,
    /// `7-days`, the form's default.
    SevenDays,
    /// `3-days`.
    ThreeDays,
    /// `1-day`.
    OneDay,
    /// `12-hours`.
    TwelveHours,
    /// `3-hours`.
    ThreeHours,
    /// `1-hour`.
    OneHour,
}

impl Ttl {
    /// All lifetimes, longest first.
    pub const ALL: [Self; 7] = [
        Self::ThirtyDays,
        Self::SevenDays,
        Self::ThreeDays,
        Self::OneDay,
        Self::TwelveHours,
        Self::ThreeHours,
        Self::OneHour,
    ];
    /// The longest lifetime of a post.
    pub const LONGEST: Duration = Self::ThirtyDays.duration();

    /// Reads a lifetime by its exact name.
    ///
    /// # Errors
    /// [`Invalid::TtlBlank`] for any other text, and for none.
    pub fn parse(text: Option<&str>) -> Result<Self, Invalid> {
        Self::ALL.into_iter().find(|ttl| Some(ttl.as_str()) == text).ok_or(Invalid::TtlBlank)
    }

    /// Returns the name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ThirtyDays => "30-days",
            Self::SevenDays => "7-days",
            Self::ThreeDays => "3-days",
            Self::OneDay => "1-day",
            Self::TwelveHours => "12-hours",
            Self::ThreeHours => "3-hours",
            Self::OneHour => "1-hour",
        }
    }

    /// Returns the duration.
    pub const fn duration(self) -> Duration {
        Duration::from_secs(match self {
            Self::ThirtyDays => 2_592_000,
            Self::SevenDays => 604_800,
            Self::ThreeDays => 259_200,
            Self::OneDay => 86_400,
            Self::TwelveHours => 43_200,
            Self::ThreeHours => 10_800,
            Self::OneHour => 3_600,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_lifetime_is_parsed_from_its_own_name() {
        for ttl in Ttl::ALL {
            assert_eq!(Ttl::parse(Some(ttl.as_str())), Ok(ttl));
            assert!(ttl.duration() <= Ttl::LONGEST);
        }
    }

    #[test]
    fn any_other_text_is_blank() {
        for text in [None, Some(""), Some("30-DAYS"), Some(" 1-day"), Some("2-days"), Some("null")] {
            assert_eq!(Ttl::parse(text), Err(Invalid::TtlBlank), "{text:?}");
        }
    }
}
