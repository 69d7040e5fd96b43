//! Takes a credential out of an answer that repeats it, as the answer streams by.
//!
//! Invariant: what is masked keeps its length, so that lengths and ranges stay true, and no byte waits that could not be
//! the beginning of one. It is a safety net and no proof: whoever can have the answer computed can have it disguised.

use bytes::{Bytes, BytesMut};
use data_encoding::{BASE64, BASE64URL, HEXLOWER, HEXUPPER};
use http::{HeaderMap, HeaderValue};
use memchr::memmem;
use zeroize::Zeroizing;

use super::path::as_query;

/// What is shorter stands in other words by chance.
const TELLING: usize = 6;
const MASKED: u8 = b'*';

/// The spellings that are looked for.
pub struct Mask {
    forms: Vec<Zeroizing<Vec<u8>>>,
    longest: usize,
}

/// The mask on one answer: what may be the beginning of a value waits here for the next bytes.
pub struct Masking {
    mask: Mask,
    held: BytesMut,
}

impl Mask {
    /// Looks for these texts as they are, and as they are commonly written.
    pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut forms: Vec<Zeroizing<Vec<u8>>> = Vec::new();
        for text in texts.into_iter().filter(|text| text.len() >= TELLING) {
            for form in spellings(text) {
                if !forms.contains(&form) {
                    forms.push(form);
                }
            }
        }
        let longest = forms.iter().map(|form| form.len()).max().unwrap_or_default();
        Self { forms, longest }
    }

    /// Masks what is whole; whether there was anything.
    pub fn cover(&self, bytes: &mut [u8]) -> bool {
        // All of them are found before any is covered: what they share belongs to each.
        let mut found = Vec::new();
        for form in &self.forms {
            let mut from = 0;
            while let Some(at) = bytes.get(from..).and_then(|rest| memmem::find(rest, form)) {
                found.push(from + at..from + at + form.len());
                from += at + 1;
            }
        }
        for place in &found {
            if let Some(part) = bytes.get_mut(place.clone()) {
                part.fill(MASKED);
            }
        }
        !found.is_empty()
    }

    /// An answer may repeat a value in its headers as well.
    pub fn cover_headers(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut().filter(|value| self.is_in(value.as_bytes())) {
            let mut bytes = value.as_bytes().to_vec();
            if self.cover(&mut bytes)
                && let Ok(masked) = HeaderValue::from_bytes(&bytes)
            {
                *value = masked;
            }
        }
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        // Most headers are too short to hold any.
        self.forms.iter().any(|form| form.len() <= bytes.len() && memmem::find(bytes, form).is_some())
    }

    /// How many of the last bytes may be the beginning of something.
    fn beginning(&self, bytes: &[u8]) -> usize {
        let tail = bytes.len().saturating_sub(self.longest.saturating_sub(1));
        let begins = |rest: &[u8]| self.forms.iter().any(|form| form.len() > rest.len() && form.starts_with(rest));
        (tail..bytes.len()).find(|at| bytes.get(*at..).is_some_and(begins)).map_or(0, |at| bytes.len() - at)
    }

    pub fn on_an_answer(self) -> Masking {
        Masking { mask: self, held: BytesMut::new() }
    }
}

fn spellings(text: &str) -> Vec<Zeroizing<Vec<u8>>> {
    let bytes = text.as_bytes();
    let bare = |encoded: String| Zeroizing::new(encoded).trim_end_matches('=').as_bytes().to_vec();
    let in_json = serde_json::to_string(text).unwrap_or_default();
    let all = [
        bytes.to_vec(),
        in_json.trim_matches('"').as_bytes().to_vec(),
        // As some write JSON, and some HTML.
        in_json.trim_matches('"').replace('/', "\\/").into_bytes(),
        text.replace('&', "&amp;").replace('"', "&quot;").into_bytes(),
        as_query(text).as_bytes().to_vec(),
        lower_escapes(&as_query(text)),
        bare(BASE64.encode(bytes)),
        bare(BASE64URL.encode(bytes)),
        HEXLOWER.encode(bytes).into_bytes(),
        HEXUPPER.encode(bytes).into_bytes(),
    ];
    all.into_iter().map(Zeroizing::new).collect()
}

/// Percent-encoding with small letters.
fn lower_escapes(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    for at in memchr::memchr_iter(b'%', text.as_bytes()) {
        if let Some(digits) = bytes.get_mut(at + 1..at + 3) {
            digits.make_ascii_lowercase();
        }
    }
    bytes
}

impl Masking {
    /// Whether something waits.
    pub fn holds(&self) -> bool {
        !self.held.is_empty()
    }

    /// The next bytes of the answer, less those that wait.
    pub fn pass(&mut self, chunk: Bytes) -> Bytes {
        let mut whole = if self.held.is_empty() {
            let waits = self.mask.beginning(&chunk);
            if waits == 0 && !self.mask.is_in(&chunk) {
                return chunk;
            }
            BytesMut::from(chunk)
        } else {
            let mut whole = std::mem::take(&mut self.held);
            whole.extend_from_slice(&chunk);
            whole
        };
        self.mask.cover(&mut whole);
        let waits = self.mask.beginning(&whole);
        self.held = whole.split_off(whole.len() - waits);
        whole.freeze()
    }

    /// The fields behind the body; each is whole.
    pub fn cover_headers(&self, headers: &mut HeaderMap) {
        self.mask.cover_headers(headers);
    }

    /// What waited for more that did not come.
    pub fn end(&mut self) -> Bytes {
        std::mem::take(&mut self.held).freeze()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn masked(text: &str, cuts: &[usize], secrets: &[&str]) -> String {
        let mut masking = Mask::of(secrets.iter().copied()).on_an_answer();
        let (mut rest, mut out) = (text.as_bytes(), Vec::new());
        for cut in cuts {
            let (now, later) = rest.split_at((*cut).min(rest.len()));
            out.extend_from_slice(&masking.pass(Bytes::copy_from_slice(now)));
            rest = later;
        }
        out.extend_from_slice(&masking.pass(Bytes::copy_from_slice(rest)));
        out.extend_from_slice(&masking.end());
        String::from_utf8_lossy(&out).into_owned()
    }

    #[test]
    fn a_value_is_covered_in_its_usual_spellings_and_wherever_it_is_cut() {
        let value = "rk_test_Echo/12345+67890\"";
        let forms = [
            value.to_owned(),
            value.replace('"', "\\\""),
            "rk_test_Echo%2F12345%2B67890%22".to_owned(),
            BASE64.encode(value.as_bytes()),
            BASE64URL.encode(value.as_bytes()).trim_end_matches('=').to_owned(),
            HEXLOWER.encode(value.as_bytes()),
            HEXUPPER.encode(value.as_bytes()),
        ];
        for form in forms {
            let text = format!("{{\"seen\": \"{form}\"}}");
            for cut in 0..text.len() {
                let answer = masked(&text, &[cut, 3], &[value]);
                assert!(!answer.contains(form.trim_end_matches('=')), "{form} cut at {cut}: {answer}");
                assert_eq!(answer.len(), text.len());
            }
        }
    }

    #[test]
    fn what_cannot_be_a_beginning_does_not_wait() {
        let mut masking = Mask::of(["secret-value"]).on_an_answer();
        assert_eq!(masking.pass(Bytes::from_static(b"data: one\n\n")), "data: one\n\n");
        assert_eq!(masking.pass(Bytes::from_static(b"data: sec")), "data: ");
        assert_eq!(masking.pass(Bytes::from_static(b"ond\n")), "second\n");
        assert_eq!(masking.pass(Bytes::from_static(b"secret-valu")), "");
        assert_eq!(masking.end(), "secret-valu");
    }

    #[test]
    fn short_texts_are_left_alone() {
        assert_eq!(masked("a test of tests", &[], &["test"]), "a test of tests");
    }

    proptest! {
        #[test]
        fn other_bytes_pass_unchanged(text in "[a-d]{0,200}", cuts in prop::collection::vec(0_usize..40, 0..8)) {
            prop_assert_eq!(masked(&text, &cuts, &["abcdabcdxx", "ddddddyy"]), text);
        }

        #[test]
        fn no_cut_lets_a_value_through(before in "[ab]{0,30}", after in "[ab]{0,30}", cuts in prop::collection::vec(0_usize..12, 0..10)) {
            let text = format!("{before}abbabba{after}");
            let answer = masked(&text, &cuts, &["abbabba"]);
            prop_assert!(!answer.contains("abbabba"), "{}", answer);
            prop_assert_eq!(answer.len(), text.len());
        }
    }
}
