//! A change of one item, as part of a transaction.

use aws_sdk_dynamodb::types::AttributeValue;
use aws_sdk_dynamodb::types::builders::UpdateBuilder;

use crate::item::Attributes;
use crate::keys::Key;

/// What is set, what is added, and on what condition. Names and values are always placeholders: many of our attributes'
/// names are reserved words.
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
    /// A change of the item of that key; it is made when there is none, unless a condition says otherwise.
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

    /// Raises a counter by one.
    pub(crate) fn raise(mut self, name: &str) -> Self {
        let change = format!("{} {}", self.name(name), self.value(AttributeValue::N("1".to_owned())));
        self.add.push(change);
        self
    }

    /// Only where there is such an item.
    pub(crate) fn when_there(mut self) -> Self {
        self.condition = Some("attribute_exists(pk)".to_owned());
        self
    }

    /// Only where there is such an item, and its number is absent or above this one.
    pub(crate) fn when_there_and_above(mut self, name: &str, number: u64) -> Self {
        let (name, least) = (self.name(name), self.value(AttributeValue::N(number.to_string())));
        self.condition = Some(format!("attribute_exists(pk) AND (attribute_not_exists({name}) OR {name} > {least})"));
        self
    }

    /// Only where the number is absent or below this one.
    pub(crate) fn when_below(mut self, name: &str, number: u64) -> Self {
        let value = AttributeValue::N(number.to_string());
        self.condition = Some(self.absent_or_below(name, value));
        self
    }

    /// Only where the text is absent or sorts before this one.
    pub(crate) fn when_before(mut self, name: &str, text: impl Into<String>) -> Self {
        let value = AttributeValue::S(text.into());
        self.condition = Some(self.absent_or_below(name, value));
        self
    }

    fn absent_or_below(&mut self, name: &str, value: AttributeValue) -> String {
        let (name, most) = (self.name(name), self.value(value));
        format!("attribute_not_exists({name}) OR {name} < {most}")
    }

    pub(crate) fn key_is_whole(&self) -> bool {
        !self.key.pk.is_empty() && !self.key.sk.is_empty()
    }

    /// The change as the SDK has it; its table is still to be named.
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
        let update = Update::of(key).text("message", "hi").raise("count").when_before("message", "ho").build();
        assert_eq!(update.update_expression(), "SET #n0 = :v0 ADD #n1 :v1");
        assert_eq!(update.condition_expression(), Some("attribute_not_exists(#n0) OR #n0 < :v2"));
        assert_eq!(update.expression_attribute_values().unwrap().len(), 3);
    }
}
