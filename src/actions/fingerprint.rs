//! A short word for what a page showed. The act that the page leads to compares it with what is there by then.

/// Of all these parts, in their order. It tells changes apart, and keeps nothing secret.
pub(super) fn fingerprint(parts: impl IntoIterator<Item: AsRef<str>>) -> String {
    let mut hash = crc32fast::Hasher::new();
    for part in parts {
        hash.update(part.as_ref().as_bytes());
        hash.update(b",");
    }
    format!("{:08x}", hash.finalize())
}
