//! Paths that stay where they were put, and texts that stay one part of an address.

use data_encoding::HEXUPPER;
use zeroize::Zeroizing;

/// How often a server may take percent-encoding away before it looks at a path.
const DECODED: usize = 3;

/// Whether a path means nothing else to a server that decodes it, takes `\` for `/`, or cuts off what follows a `;`.
pub(super) fn is_plain(path: &str) -> bool {
    let mut text = path.as_bytes().to_vec();
    for _ in 0..=DECODED {
        let climbs = |segment: &[u8]| {
            let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
            matches!(name, b"." | b"..")
        };
        // The last two begin no letter, but dots and slashes to those who read them carelessly; as `%u` does.
        let hides = |byte: &u8| byte.is_ascii_control() || matches!(byte, b'\\' | 0xC0 | 0xC1);
        if text.iter().any(hides)
            || text.windows(2).any(|two| two.eq_ignore_ascii_case(b"%u"))
            || text.split(|byte| *byte == b'/').any(climbs)
        {
            return false;
        }
        let decoded = decoded(&text);
        if decoded == text {
            return true;
        }
        text = decoded;
    }
    // Who encodes four times over means to hide something.
    false
}

/// Takes percent-encoding away once; what is no escape stays as it is.
pub(super) fn decoded(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((first, after)) = rest.split_first() {
        let escaped = after.split_at_checked(2).filter(|_| *first == b'%');
        let byte = escaped.and_then(|(digits, _)| data_encoding::HEXLOWER_PERMISSIVE.decode(digits).ok());
        match (byte.as_deref(), escaped) {
            (Some([byte]), Some((_, later))) => {
                bytes.push(*byte);
                rest = later;
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    bytes
}

/// As one segment of a path.
pub(super) fn as_segment(text: &str) -> Zeroizing<String> {
    encoded(text, |byte| {
        matches!(byte, b'!' | b'$' | b'&' | b'\'' | b'(' | b')' | b'*' | b'+' | b',' | b'=' | b':' | b'@')
    })
}

/// As a name or a value of a query.
pub(super) fn as_query(text: &str) -> Zeroizing<String> {
    encoded(text, |_| false)
}

fn encoded(text: &str, also_plain: impl Fn(u8) -> bool) -> Zeroizing<String> {
    // Reserved at once: growing would leave copies of a value behind.
    let mut whole = Zeroizing::new(String::with_capacity(text.len() * 3));
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') || also_plain(byte) {
            whole.push(char::from(byte));
        } else {
            whole.push('%');
            whole.push_str(&HEXUPPER.encode(&[byte]));
        }
    }
    whole
}

/// The query without the pairs of this name, in whatever spelling; the others stay as they were written.
pub(super) fn without(query: &str, name: &str) -> String {
    let is_named = |pair: &&str| {
        let written = pair.split('=').next().unwrap_or_default().replace('+', " ");
        decoded(written.as_bytes()).eq_ignore_ascii_case(name.as_bytes())
    };
    let kept: Vec<&str> = query.split('&').filter(|pair| !pair.is_empty() && !is_named(pair)).collect();
    kept.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_climb_is_seen_through_its_disguises() {
        for plain in ["/", "/v1/balance", "/a.b/..c", "/a%20b", "/a%2Fb", "/bot123%3Aabc", "/x;y=1", "/100%", "//a"] {
            assert!(is_plain(plain), "{plain}");
        }
        let hostile = [
            "/../x",
            "/a/..",
            "/./a",
            "/%2e%2e/x",
            "/%2E./x",
            "/.%2e",
            "/a/%252e%252e/b",
            "/..%2fx",
            "/a%5c..%5cb",
            "/a\\b",
            "/..;/x",
            "/%25252e%25252e/x",
            "/%2525252525",
            "/a\nb",
            "/a%0d%0ab",
            "/a%00",
        ];
        for path in hostile {
            assert!(!is_plain(path), "{path}");
        }
    }

    #[test]
    fn a_pair_is_taken_out_however_it_is_written() {
        assert_eq!(without("a=1&key=x&b=%20&KEY=y&%6bey=z&key&c", "key"), "a=1&b=%20&c");
        assert_eq!(without("a+b=1&c=2", "a b"), "c=2");
        assert_eq!(without("", "key"), "");
    }
}
