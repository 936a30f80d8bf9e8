//! Copies of items that the store has written, with other ids, timestamps and words.

use dynoxide::{Database, Item};

/// The items of one post or message as the store wrote them, with placeholders for the values that
/// differ in a copy.
pub(crate) struct ItemTemplate(Vec<String>);

impl ItemTemplate {
    /// Reads every item that contains `id`, and replaces `values` by placeholders. The table must
    /// be small enough for one page of a scan.
    pub(crate) fn read(database: &Database, table: &str, id: &str, values: &[String]) -> Self {
        let request = serde_json::from_value(serde_json::json!({ "TableName": table })).unwrap();
        let found = database.scan(request).unwrap();
        assert!(found.last_evaluated_key.is_none(), "the originals fit in one page");
        let texts = found
            .items
            .iter()
            .flatten()
            .map(|item| serde_json::to_string(item).unwrap())
            .filter(|text| text.contains(id));
        let with_placeholders = |text: String| {
            values.iter().enumerate().fold(text, |text, (number, value)| text.replace(value, &placeholder(number)))
        };
        let templates: Vec<_> = texts.map(with_placeholders).collect();
        assert!(!templates.is_empty(), "{id} is in the table");
        Self(templates)
    }

    /// Returns the items of a copy with these values.
    pub(crate) fn copy(&self, values: &[String]) -> Vec<Item> {
        let filled = |text: &String| {
            let values = values.iter().enumerate();
            values.fold(text.clone(), |text, (number, value)| text.replace(&placeholder(number), value))
        };
        self.0.iter().map(|text| serde_json::from_str(&filled(text)).unwrap()).collect()
    }
}

/// Returns a placeholder. It has no character that occurs in a value or elsewhere in an item.
fn placeholder(number: usize) -> String {
    format!("<{number}>")
}
