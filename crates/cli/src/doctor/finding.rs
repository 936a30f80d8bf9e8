//! What doctor says of a plane: ok, off, or wrong with the mend.

use serde::Serialize;

use crate::aws::AwsFault;
use crate::paint::{Ink, Look, clean};

/// How a plane is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    Ok,
    Off,
    Wrong,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    pub(crate) plane: &'static str,
    pub(crate) verdict: Verdict,
    pub(crate) words: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) mend: Option<String>,
}

impl Finding {
    pub(crate) fn ok(plane: &'static str, words: impl Into<String>) -> Self {
        Self { plane, verdict: Verdict::Ok, words: words.into(), mend: None }
    }

    pub(crate) fn off(plane: &'static str, words: impl Into<String>) -> Self {
        Self { plane, verdict: Verdict::Off, words: words.into(), mend: None }
    }

    pub(crate) fn wrong(plane: &'static str, words: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { plane, verdict: Verdict::Wrong, words: words.into(), mend: Some(mend.into()) }
    }

    /// AWS did not let doctor look.
    pub(crate) fn fault(plane: &'static str, fault: &AwsFault) -> Self {
        Self::wrong(plane, fault.to_string(), fault.mend())
    }

    /// The line as a terminal shows it.
    pub(crate) fn line(&self, look: Look) -> String {
        let (ink, word) = match self.verdict {
            Verdict::Ok => (Ink::Good, "ok"),
            Verdict::Off => (Ink::Faint, "off"),
            Verdict::Wrong => (Ink::Bad, "wrong"),
        };
        let mend = self.mend.as_ref().map(|mend| format!("; mend: {}", clean(mend))).unwrap_or_default();
        format!("{:<11} {} {}{mend}", self.plane, look.paint(ink, &format!("{word:<5}")), clean(&self.words))
    }
}

/// A plane in which something may be wrong in several ways: all of them, or that it is well.
pub(crate) fn all(plane: &'static str, wrongs: Vec<(String, String)>, well: impl Into<String>) -> Vec<Finding> {
    if wrongs.is_empty() {
        return vec![Finding::ok(plane, well)];
    }
    wrongs.into_iter().map(|(words, mend)| Finding::wrong(plane, words, mend)).collect()
}
