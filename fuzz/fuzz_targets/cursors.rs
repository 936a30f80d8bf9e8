//! Cursors and limits: each position has one spelling, so a parsed cursor is written as it was
//! read.
#![no_main]

use crudder_domain::{Cursor, PageRequest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(cursor) = Cursor::parse(text) {
        assert_eq!(cursor.to_string(), text);
    }
    let (limit, before) = text.split_once('&').unwrap_or((text, ""));
    if let Ok(page) = PageRequest::parse(Some(limit), Some(before)) {
        assert!((1..=100).contains(&page.limit.get()));
    }
});
