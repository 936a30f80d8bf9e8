//! Search terms: the words of a text, normalized so that equal words are equal strings.

use std::collections::BTreeSet;

use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

use crate::invalid::Invalid;

/// The most distinct terms that a post is indexed by. Each is an item of the post's transaction,
/// and DynamoDB allows a hundred.
const TERMS_MAX: usize = 40;
/// The most code points of a term. Longer words seldom differ only beyond that, and the length of a
/// key is limited.
const TERM_MAX: usize = 64;
/// The most terms of a query that are looked up in the index; the others are only compared. Eight
/// parallel reads are affordable for one page.
const LOOKUPS_MAX: usize = 8;

/// The terms of a search query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchTerms {
    terms: BTreeSet<String>,
}

impl SearchTerms {
    /// Reads the query parameter `term`: one or more words, all of which a post must contain.
    ///
    /// # Errors
    /// [`Invalid::SearchTermBlank`] when it is missing or empty.
    pub fn parse(text: Option<&str>) -> Result<Self, Invalid> {
        let text = text.filter(|text| !text.is_empty()).ok_or(Invalid::SearchTermBlank)?;
        Ok(Self { terms: terms(text) })
    }

    /// Returns the terms that a post must contain. A query of white space has none, and no post
    /// matches it.
    pub const fn terms(&self) -> &BTreeSet<String> {
        &self.terms
    }

    /// Returns the terms to look up in the index: the longest, because long words are rare.
    pub fn lookup_terms(&self) -> Vec<&str> {
        let mut longest: Vec<&str> = self.terms.iter().map(String::as_str).collect();
        longest.sort_by_key(|term| std::cmp::Reverse(term.chars().count()));
        longest.truncate(LOOKUPS_MAX);
        longest
    }

    /// Returns whether a post with these terms matches.
    pub fn matches(&self, indexed: &BTreeSet<String>) -> bool {
        !self.terms.is_empty() && self.terms.is_subset(indexed)
    }
}

/// Returns the terms that a text is indexed by: its first forty distinct words, folded by case and
/// compatibility form. A text of punctuation alone is one term, so that `!!!` can be found too.
pub fn terms(text: &str) -> BTreeSet<String> {
    let folded: String = text.nfkc().collect::<String>().to_lowercase().nfkc().collect();
    let mut found = BTreeSet::new();
    for word in folded.split_word_bounds().filter(|part| part.chars().any(is_word_character)) {
        found.insert(truncate(word));
        if found.len() == TERMS_MAX {
            break;
        }
    }
    let punctuation = truncate(folded.trim());
    if found.is_empty() && !punctuation.is_empty() {
        found.insert(punctuation);
    }
    found
}

/// Returns whether a character makes a word: a letter, a digit or a symbol such as an emoji, but
/// not white space or punctuation.
fn is_word_character(c: char) -> bool {
    let punctuation =
        matches!(c, '\u{80}'..='\u{bf}' | '\u{2000}'..='\u{206f}' | '\u{3000}'..='\u{303f}' | '\u{fe00}'..='\u{fe0f}');
    c.is_alphanumeric() || !(c.is_ascii() || c.is_whitespace() || c.is_control() || punctuation)
}

fn truncate(word: &str) -> String {
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
    fn case_and_punctuation_are_ignored() {
        assert_eq!(found("Cloud, CLOUD is fun!"), ["cloud", "fun", "is"]);
        assert_eq!(found("ﬁne Ｃｌｏｕｄ can't"), ["can't", "cloud", "fine"]);
        assert_eq!(found("#100DaysOfCloud 🦀 雲"), ["100daysofcloud", "雲", "🦀"]);
        assert_eq!(found("שלום עולם"), ["עולם", "שלום"]);
    }

    #[test]
    fn punctuation_alone_is_one_term_and_white_space_is_none() {
        assert_eq!(found(" !!! "), ["!!!"]);
        assert!(found(" \t\n").is_empty());
    }

    #[test]
    fn an_empty_query_is_refused() {
        for text in [None, Some("")] {
            assert_eq!(SearchTerms::parse(text), Err(Invalid::SearchTermBlank));
        }
        assert!(!SearchTerms::parse(Some(" ")).unwrap().matches(&terms("anything")));
    }

    #[test]
    fn a_post_matches_only_with_all_words_of_the_query() {
        let indexed = terms("Cloud is very fun");
        assert!(SearchTerms::parse(Some("FUN cloud")).unwrap().matches(&indexed));
        assert!(!SearchTerms::parse(Some("fun rain")).unwrap().matches(&indexed));
    }

    #[test]
    fn the_longest_words_are_looked_up() {
        let search = SearchTerms::parse(Some("a bb ccc dddd eeeee ffffff g h i j")).unwrap();
        assert_eq!(search.lookup_terms().len(), 8);
        assert_eq!(search.lookup_terms()[..2], ["ffffff", "eeeee"]);
    }

    proptest! {
        #[test]
        fn every_text_matches_itself(text in ".{1,120}") {
            let search = SearchTerms::parse(Some(&text)).unwrap();
            prop_assert!(search.terms().is_empty() || search.matches(&terms(&text)));
        }

        #[test]
        fn the_number_and_the_length_of_terms_are_limited(text in ".{0,400}") {
            let found = terms(&text);
            prop_assert!(found.len() <= TERMS_MAX);
            prop_assert!(found.iter().all(|term| (1..=TERM_MAX).contains(&term.chars().count())));
        }
    }
}
