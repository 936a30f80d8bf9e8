//! Handles, ids and search terms from paths and queries.
#![no_main]

use crudder_domain::{ActivityId, GroupId, Handle, MessageId, SearchTerms, Sub};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(handle) = Handle::from_path(text) {
        assert!(!handle.key().is_empty() && !handle.key().contains(['#', '/', '@']));
        assert_eq!(Handle::parse(handle.as_str()).expect("a handle parses again"), handle);
    }
    if let Ok(id) = ActivityId::parse(text) {
        assert_eq!(id.to_string(), text.to_lowercase());
    }
    if let Ok(search) = SearchTerms::parse(Some(text)) {
        assert!(search.looked_up().iter().all(|term| !term.is_empty()));
    }
    let _ = (MessageId::parse(text), GroupId::parse(text), Sub::parse(text));
});
