//! One item of the table: attributes by name, written and read in one way.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use crudder_domain::{DisplayName, Handle, MessageText, Sub, Timestamp};

use crate::error::{Error, Result};
use crate::keys::{Key, PK, SK, TTL};

/// An item as the SDK has it.
pub(crate) type Attributes = HashMap<String, AttributeValue>;

/// An item, on its way in or out.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item(pub(crate) Attributes);

impl Item {
    /// An item with nothing but its key.
    pub(crate) fn at(key: Key) -> Self {
        Self(key.attributes())
    }

    /// With a text.
    pub(crate) fn text(mut self, name: &str, text: impl Into<String>) -> Self {
        self.0.insert(name.to_owned(), AttributeValue::S(text.into()));
        self
    }

    /// With a number.
    pub(crate) fn number(mut self, name: &str, number: u64) -> Self {
        self.0.insert(name.to_owned(), AttributeValue::N(number.to_string()));
        self
    }

    /// With a set of texts; an empty one is left out, since DynamoDB has none.
    pub(crate) fn texts(mut self, name: &str, texts: &BTreeSet<String>) -> Self {
        if !texts.is_empty() {
            self.0.insert(name.to_owned(), AttributeValue::Ss(texts.iter().cloned().collect()));
        }
        self
    }

    /// With an end: for readers to the microsecond, for DynamoDB's sweep in seconds.
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

    /// Whether it may still be shown, swept or not.
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at().is_none_or(|end| end > now)
    }

    /// Its size as DynamoDB counts: names and values in UTF-8. A number takes at most 21 bytes.
    pub(crate) fn bytes(&self) -> usize {
        let value = |value: &AttributeValue| match value {
            AttributeValue::S(text) => text.len(),
            AttributeValue::Ss(texts) => texts.iter().map(|text| text.len() + 1).sum::<usize>() + 3,
            _ => 21,
        };
        self.0.iter().map(|(name, held)| name.len() + value(held)).sum()
    }
}

impl Key {
    /// The key as the SDK has it.
    pub(crate) fn attributes(self) -> Attributes {
        Attributes::from([(PK.to_owned(), AttributeValue::S(self.pk)), (SK.to_owned(), AttributeValue::S(self.sk))])
    }
}
