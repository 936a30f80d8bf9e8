//! An item of the table: writes and reads its attributes.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use crudder_domain::{DisplayName, Handle, MessageText, Sub, Timestamp};

use crate::error::{Error, Result};
use crate::keys::{Key, PK, SK, TTL};

/// The attributes of an item, as the SDK represents them.
pub(crate) type Attributes = HashMap<String, AttributeValue>;

/// An item of the table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item(pub(crate) Attributes);

impl Item {
    /// Returns an item with only its key.
    pub(crate) fn at(key: Key) -> Self {
        Self(key.attributes())
    }

    /// Adds a text.
    pub(crate) fn text(mut self, name: &str, text: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), AttributeValue::S(text.into()));
        self
    }

    /// Adds a number.
    pub(crate) fn number(mut self, name: &str, number: u64) -> Self {
        self.0.insert(name.to_owned(), AttributeValue::N(number.to_string()));
        self
    }

    /// Adds a set of texts. An empty set is left out, because DynamoDB does not allow one.
    pub(crate) fn texts(mut self, name: &str, texts: &BTreeSet<String>) -> Self {
        if !texts.is_empty() {
            self.0.insert(name.to_owned(), AttributeValue::Ss(texts.iter().cloned().collect()));
        }
        self
    }

    /// Adds the end: in microseconds for readers, and in seconds for DynamoDB's time to live.
    pub(crate) fn until(self, end: Option<Timestamp>) -> Self {
        match end {
            Some(end) => self.number("expires_at", end.micros()).number(TTL, end.seconds_rounded_up()),
            None => self,
        }
    }

    pub(crate) fn read(&self, name: &'static str) -> Result<&str> {
        self.find(name).ok_or(Error::Malformed(name))
    }

    pub(crate) fn find(&self, name: &str) -> Option<&str> {
        self.0.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
    }

    pub(crate) fn read_number(&self, name: &'static str) -> Result<u64> {
        self.find_number(name).ok_or(Error::Malformed(name))
    }

    pub(crate) fn find_number(&self, name: &str) -> Option<u64> {
        self.0.get(name).and_then(|value| value.as_n().ok()).and_then(|number| number.parse().ok())
    }

    pub(crate) fn find_texts(&self, name: &str) -> BTreeSet<String> {
        let texts = self.0.get(name).and_then(|value| value.as_ss().ok());
        texts.map(|texts| texts.iter().cloned().collect()).unwrap_or_default()
    }

    pub(crate) fn read_handle(&self, name: &'static str) -> Result<Handle> {
        Handle::parse(self.read(name)?).map_err(|_| Error::Malformed(name))
    }

    pub(crate) fn read_sub(&self, name: &'static str) -> Result<Sub> {
        Sub::parse(self.read(name)?).map_err(|_| Error::Malformed(name))
    }

    pub(crate) fn read_display_name(&self, name: &'static str) -> Result<DisplayName> {
        self.read(name).map(|text| DisplayName::from_stored(text.to_owned()))
    }

    pub(crate) fn read_message(&self) -> Result<MessageText> {
        self.read("message").map(|text| MessageText::from_stored(text.to_owned()))
    }

    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        self.find_number("expires_at").map(Timestamp::from_micros)
    }

    /// Returns whether the item has not expired. DynamoDB may delete an expired item days later.
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at().is_none_or(|end| end > now)
    }

    /// Returns the size as DynamoDB counts it: names and values in UTF-8. A number takes at most 21
    /// bytes.
    pub(crate) fn bytes(&self) -> usize {
        let value = |value: &AttributeValue| match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::Ss(texts) => texts.iter().map(|text| text.len() + 1).sum::<usize>() + 3,
            _ => 21,
        };
        self.0.iter().map(|(name, content)| name.len() + value(content)).sum()
    }
}

impl Key {
    /// Returns the key as the SDK represents it.
    pub(crate) fn attributes(self) -> Attributes {
        Attributes::from([(PK.to_owned(), AttributeValue::S(self.pk)), (SK.to_owned(), AttributeValue::S(self.sk))])
    }
}
