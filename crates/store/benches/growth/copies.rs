//! Copies of what the store has written, with other ids, moments and words.

use dynoxide::{Database, Item};

/// The items of one post or message as the store wrote them, with blanks for what differs in the next.
pub(crate) struct Original(Vec<String>);

impl Original {
    /// Every item of the table that names `id`, with its `marks` blanked. The table is as good as empty yet.
    pub(crate) fn find(database: &Database, table: &str, id: &str, marks: &[String]) -> Self {
        let request = serde_json::from_value(serde_json::json!({ "TableName": table })).unwrap();
        let found = database.scan(request).unwrap();
        assert!(found.last_evaluated_key.is_none(), "one page of the table holds the originals");
        let texts = found
            .items
            .iter()
            .flatten()
            .map(|item| serde_json::to_string(item).unwrap())
            .filter(|text| text.contains(id));
        let blanked = |text: String| {
            marks.iter().enumerate().fold(text, |text, (number, mark)| text.replace(mark, &blank(number)))
        };
        let blanked: Vec<_> = texts.map(blanked).collect();
        assert!(!blanked.is_empty(), "{id} is in the table");
        Self(blanked)
    }

    /// The items of another one.
    pub(crate) fn copy(&self, marks: &[String]) -> Vec<Item> {
        let filled = |text: &String| {
            marks.iter().enumerate().fold(text.clone(), |text, (number, mark)| text.replace(&blank(number), mark))
        };
        self.0.iter().map(|text| serde_json::from_str(&filled(text)).unwrap()).collect()
    }
}

/// No letter of it stands in a mark or in what is not blanked.
fn blank(number: usize) -> String {
    format!("<{number}>")
}
