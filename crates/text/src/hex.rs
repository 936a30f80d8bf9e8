//! Bytes as lower-case hexadecimal digits.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// Returns the bytes as lower-case hexadecimal digits, two for each byte.
///
/// ```
/// assert_eq!(crudder_text::hex(&[0x57, 0x59, 0xe9]), "5759e9");
/// ```
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| digits(*byte));
    digits.map(char::from).collect()
}

/// Appends the bytes to `out` as lower-case hexadecimal digits.
pub fn write_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        out.extend_from_slice(&digits(*byte));
    }
}

/// Returns the digits of one byte, the high one first.
pub(crate) fn digits(byte: u8) -> [u8; 2] {
    [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bytes_are_written_as_the_standard_formatter_writes_them(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let expected: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
            let mut written = Vec::new();
            write_hex(&mut written, &bytes);
            prop_assert_eq!(written, expected.as_bytes());
            prop_assert_eq!(hex(&bytes), expected);
        }
    }
}
