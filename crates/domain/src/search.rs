//! Search: the words of a text, brought into one form, so that equal words are equal strings.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::Invalid;

/// The most distinct terms that a post is found by: each is an item of its transaction, and DynamoDB takes a hundred.
const TERMS_MAX: usize = 40;
/// The most code points of a term: what is beyond them does not tell words apart, and a key has a limit.
const TERM_MAX: usize = 64;
/// The most terms of a query that are looked up; the others are only compared. Eight parallel reads are one page's worth.
const LOOKED_UP_MAX: usize = 8;

/// What somebody searches for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchTerms {
    terms: BTreeSet<String>,
}

impl SearchTerms {
    /// Reads `term` of a query: one or more words, all of which a post must hold.
    ///
    /// # Errors
    /// [`Invalid::SearchTermBlank`] when it is missing or empty.
    pub fn parse(text: Option<&str>) -> Result<Self, Invalid> {
        let text = text.filter(|text| !text.is_empty()).ok_or(Invalid::SearchTermBlank)?;
        Ok(Self { terms: terms(text) })
    }

    /// The terms that a post must hold; none of them where the query had only white space, which no post is found by.
    pub const fn terms(&self) -> &BTreeSet<String> {
        &self.terms
    }

    /// The terms to look up: the longest, since long words are rare ones.
    pub fn lookup_terms(&self) -> Vec<&str> {
        let mut longest: Vec<&str> = self.terms.iter().map(String::as_str).collect();
        longest.sort_by_key(|term| std::cmp::Reverse(term.chars().count()));
        longest.truncate(LOOKED_UP_MAX);
        longest
    }

    /// Whether a post with these terms is meant.
    pub fn matches(&self, held: &BTreeSet<String>) -> bool {
        !self.terms.is_empty() && self.terms.is_subset(held)
    }
}

/// The terms that a text is found by: its words without regard to case and compatibility forms, at most forty, the first
/// ones. A text of nothing but marks is one term, so that `!!!` is found too.
pub fn terms(text: &str) -> BTreeSet<String> {
    let folded: String = text.nfkc().collect::<String>().to_lowercase().nfkc().collect();
    let mut found = BTreeSet::new();
    for word in folded.split_word_bounds().filter(|part| part.chars().any(tells)) {
        found.insert(cut(word));
        if found.len() == TERMS_MAX {
            break;
        }
    }
    let marks = cut(folded.trim());
    if found.is_empty() && !marks.is_empty() {
        found.insert(marks);
    }
    found
}

/// Whether a sign makes a word: letters, digits, and what stands for a thing, as an emoji does; not white space or marks.
fn tells(sign: char) -> bool {
    let mark = matches!(sign, '\u{80}'..='\u{bf}' | '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}' | '\u{fe00}'..='\u{fe0f}');
    sign.is_alphanumeric() || !(sign.is_ascii() || sign.is_whitespace() || sign.is_control() || mark)
}

fn cut(word: &str) -> String {
    word.chars().take(TERM_MAX).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(text: &str) -> Vec<String> {
        terms(text).into_iter().collect()
    }

    #[test]
    fn words_are_found_without_case_and_marks() {
        assert_eq!(found("Cloud, CLOUD is fun!"), ["cloud", "fun", "is"]);
        assert_eq!(found("ﬁne Ｃｌｏｕｄ can't"), ["can't", "cloud", "fine"]);
        assert_eq!(found("#100DaysOfCloud 🦀 雲"), ["100daysofcloud", "雲", "🦀"]);
        assert_eq!(found("שלום עולם"), ["עולם", "שלום"]);
    }

    #[test]
    fn marks_alone_are_one_term_and_white_space_none() {
        assert_eq!(found(" !!! "), ["!!!"]);
        assert!(found(" \t\n").is_empty());
    }

    #[test]
    fn a_query_must_hold_something() {
        for text in [None, Some("")] {
            assert_eq!(SearchTerms::parse(text), Err(Invalid::SearchTermBlank));
        }
        assert!(!SearchTerms::parse(Some(" ")).unwrap().matches(&terms("anything")));
    }

    #[test]
    fn all_words_of_a_query_must_be_there() {
        let held = terms("Cloud is very fun");
        assert!(SearchTerms::parse(Some("FUN cloud")).unwrap().matches(&held));
        assert!(!SearchTerms::parse(Some("fun rain")).unwrap().matches(&held));
    }

    #[test]
    fn the_longest_words_are_looked_up() {
        let search = SearchTerms::parse(Some("a bb ccc dddd eeeee ffffff g h i j")).unwrap();
        assert_eq!(search.lookup_terms().len(), 8);
        assert_eq!(search.lookup_terms()[..2], ["ffffff", "eeeee"]);
    }

    proptest! {
        #[test]
        fn every_text_is_found_by_itself(text in ".{1,120}") {
            let search = SearchTerms::parse(Some(&text)).unwrap();
            prop_assert!(search.terms().is_empty() || search.matches(&terms(&text)));
        }

        #[test]
        fn terms_are_few_and_short(text in ".{0,400}") {
            let found = terms(&text);
            prop_assert!(found.len() <= TERMS_MAX);
            prop_assert!(found.iter().all(|term| (1..=TERM_MAX).contains(&term.chars().count())));
        }
    }
}
