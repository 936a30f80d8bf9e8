//! An update of one item, as part of a transaction.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;

use crate::item::Attributes;
use crate::keys::Key;

/// The attributes to set and to add to, and the condition. Names and values are always
/// placeholders, because many names of attributes are reserved words.
#[derive(Debug)]
pub(crate) struct Update {
    key: Key,
    set: Vec<String>,
    add: Vec<String>,
    condition: Option<String>,
    names: Vec<String>,
    values: Vec<AttributeValue>,
}

impl Update {
    /// Returns an update of the item with this key. Without a condition, it creates a missing item.
    pub(crate) fn of(key: Key) -> Self {
        Self { key, set: vec![], add: vec![], condition: None, names: vec![], values: vec![] }
    }

    /// Sets a text.
    pub(crate) fn text(mut self, name: &str, text: impl Into<String>) -> Self {
        let change = format!("{} = {}", self.name(name), self.value(AttributeValue::S(text.into())));
        self.set.push(change);
        self
    }

    /// Sets a number.
    pub(crate) fn number(mut self, name: &str, number: u64) -> Self {
        let change = format!("{} = {}", self.name(name), self.value(AttributeValue::N(number.to_string())));
        self.set.push(change);
        self
    }

    /// Increments a counter by one.
    pub(crate) fn increment(mut self, name: &str) -> Self {
        let change = format!("{} {}", self.name(name), self.value(AttributeValue::N("1".to_owned())));
        self.add.push(change);
        self
    }

    /// Requires that the item exists.
    pub(crate) fn if_exists(mut self) -> Self {
        self.condition = Some("attribute_exists(pk)".to_owned());
        self
    }

    /// Requires that the item exists and its number is absent or above `number`.
    pub(crate) fn if_exists_and_above(mut self, name: &str, number: u64) -> Self {
        let (name, bound) = (self.name(name), self.value(AttributeValue::N(number.to_string())));
        self.condition = Some(format!("attribute_exists(pk) AND (attribute_not_exists({name}) OR {name} > {bound})"));
        self
    }

    /// Requires that the number is absent or below `number`.
    pub(crate) fn if_below(mut self, name: &str, number: u64) -> Self {
        let value = AttributeValue::N(number.to_string());
        self.condition = Some(self.absent_or_below(name, value));
        self
    }

    /// Requires that the text is absent or sorts before `text`.
    pub(crate) fn if_before(mut self, name: &str, text: impl Into<String>) -> Self {
        let value = AttributeValue::S(text.into());
        self.condition = Some(self.absent_or_below(name, value));
        self
    }

    fn absent_or_below(&mut self, name: &str, value: AttributeValue) -> String {
        let (name, bound) = (self.name(name), self.value(value));
        format!("attribute_not_exists({name}) OR {name} < {bound}")
    }

    /// Returns whether neither part of the key is empty.
    pub(crate) fn has_full_key(&self) -> bool {
        !self.key.pk.is_empty() && !self.key.sk.is_empty()
    }

    /// Returns the update as the SDK represents it, without the name of its table.
    pub(crate) fn build(self) -> aws_sdk_dynamodb::types::Update {
        let parts = [("SET", self.set), ("ADD", self.add)];
        let parts: Vec<String> = parts
            .into_iter()
            .filter(|(_, changes)| !changes.is_empty())
            .map(|(verb, changes)| format!("{verb} {}", changes.join(", ")))
            .collect();
        let names = self.names.into_iter().enumerate().map(|(at, name)| (format!("#n{at}"), name)).collect();
        let values: Attributes =
            self.values.into_iter().enumerate().map(|(at, value)| (format!(":v{at}"), value)).collect();
        let update: UpdateBuilder = aws_sdk_dynamodb::types::Update::builder()
            .table_name("")
            .set_key(Some(self.key.attributes()))
            .update_expression(parts.join(" "))
            .set_condition_expression(self.condition)
            .set_expression_attribute_names(Some(names))
            .set_expression_attribute_values(Some(values));
        update.build().expect("table, key and expression are set")
    }

    fn name(&mut self, name: &str) -> String {
        let at = self.names.iter().position(|known| known == name).unwrap_or_else(|| {
            self.names.push(name.to_owned());
            self.names.len() - 1
        });
        format!("#n{at}")
    }

    fn value(&mut self, value: AttributeValue) -> String {
        self.values.push(value);
        format!(":v{}", self.values.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values_are_placeholders() {
        let key = Key { pk: "p".to_owned(), sk: "s".to_owned() };
        let update = Update::of(key).text("message", "hi").increment("count").if_before("message", "ho").build();
        assert_eq!(update.update_expression(), "SET #n0 = :v0 ADD #n1 :v1");
        assert_eq!(update.condition_expression(), Some("attribute_not_exists(#n0) OR #n0 < :v2"));
        assert_eq!(update.expression_attribute_values().unwrap().len(), 3);
    }
}
