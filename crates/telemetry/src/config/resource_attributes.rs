//! `OTEL_RESOURCE_ATTRIBUTES`, by the rules of the OpenTelemetry specification ("Resource SDK").

/// Parses `key1=value1,key2=value2`, percent-encoded where a key or value holds `,`, `=` or `%`.
/// `None` for any malformed member: the specification discards the whole variable then.
pub(super) fn parse(text: &str) -> Option<Vec<(String, String)>> {
    let members = text.split(',').map(str::trim).filter(|member| !member.is_empty());
    members.map(member).collect()
}

fn member(text: &str) -> Option<(String, String)> {
    let (key, value) = text.split_once('=')?;
    let (key, value) = (percent_decode(key.trim())?, percent_decode(value.trim())?);
    (!key.is_empty()).then_some((key, value))
}

/// Decodes `%2C` and the like; `None` for an incomplete escape or for bytes that are not UTF-8.
fn percent_decode(text: &str) -> Option<String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || char::from(bytes.next()?).to_digit(16);
            decoded.push((digit()? << 4 | digit()?) as u8);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Option<Vec<(String, String)>> {
        parse(text)
    }

    #[test]
    fn keys_and_values_are_percent_decoded_and_trimmed() {
        let pairs = parsed("service.name=shop, team = a%2Cb%3Dc ,k%20ey=%C3%A4%25,").unwrap();
        let expected = [("service.name", "shop"), ("team", "a,b=c"), ("k ey", "ä%")];
        assert_eq!(pairs, expected.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }

    #[test]
    fn one_malformed_member_discards_the_whole_variable() {
        for text in ["a=1,b", "a=1,=2", "a=%2", "a=%zz", "a=%ff", "a=%"] {
            assert_eq!(parsed(text), None, "{text}");
        }
    }

    #[test]
    fn a_value_may_be_empty_and_may_hold_an_equals_sign() {
        let expected = [("a", ""), ("b", "c=d")].map(|(key, value)| (key.to_owned(), value.to_owned()));
        assert_eq!(parsed("a=,b=c=d").unwrap(), expected);
    }
}
