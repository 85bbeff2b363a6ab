//! Bytes in hexadecimal.

/// Two lower-case digits a byte.
pub fn encode(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whole bytes of two digits each, upper or lower case; `None` where anything else stands.
pub fn decode(digits: &str) -> Option<Vec<u8>> {
    let digit = |c: u8| (c as char).to_digit(16);
    let (pairs, rest) = digits.as_bytes().as_chunks();
    let byte = |[high, low]: &[u8; 2]| Some((digit(*high)? * 16 + digit(*low)?) as u8);
    if rest.is_empty() {
        pairs.iter().map(byte).collect()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_bytes_of_digits_are_read() {
        assert_eq!(decode(&encode(&[0, 9, 255])), Some(vec![0, 9, 255]));
        assert_eq!(decode("0A"), Some(vec![10]));
        for text in ["0", "0g", "+1", "é0", " 1"] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
