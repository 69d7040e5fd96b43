//! The two carriers of secret text: what has just been entered, and what has been opened.

use zeroize::Zeroizing;

/// Why a stored value is opened. Each opening names one, and the audit trail can be held against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// A backend fetches the value.
    Vend,
    /// Keyrack makes a call for somebody who never gets the value.
    Proxy,
    /// Keyrack asks upstream whether the value works.
    Probe,
    /// A code, or a client's own id and secret, is exchanged for tokens.
    Exchange,
    /// New tokens are asked for with the ones that are held.
    Refresh,
    /// Upstream is asked to forget the tokens.
    Revoke,
    /// An event that is sent is signed.
    Sign,
}

/// A stored value, opened. It erases itself and cannot be printed, copied or serialised.
///
/// ```
/// fn bytes(value: &keyrack::crypto::Plaintext) -> &[u8] {
///     value.expose(keyrack::crypto::Purpose::Vend)
/// }
/// ```
/// ```compile_fail,E0277
/// fn print(value: &keyrack::crypto::Plaintext) -> String {
///     format!("{value:?}")
/// }
/// ```
/// ```compile_fail,E0277
/// fn show(value: &keyrack::crypto::Plaintext) -> String {
///     format!("{value}")
/// }
/// ```
/// ```compile_fail,E0599
/// fn copy(value: &keyrack::crypto::Plaintext) -> keyrack::crypto::Plaintext {
///     keyrack::crypto::Plaintext::clone(value)
/// }
/// ```
/// ```compile_fail,E0277
/// fn serialise(value: &keyrack::crypto::Plaintext) -> String {
///     serde_json::to_string(value).unwrap_or_default()
/// }
/// ```
pub struct Plaintext(Zeroizing<Vec<u8>>);

impl Plaintext {
    pub(super) fn new(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    pub fn expose(&self, _purpose: Purpose) -> &[u8] {
        &self.0
    }
}

/// A value that a person or a backend has just sent, on its way to being sealed.
///
/// It can be read, because its format is checked; it cannot be printed by accident.
///
/// ```compile_fail,E0277
/// fn print(value: &keyrack::crypto::Entered) -> String {
///     format!("{value:?}")
/// }
/// ```
pub struct Entered {
    text: Zeroizing<String>,
    trimmed: bool,
}

impl Entered {
    /// Takes the spaces and line ends at both ends away: they come from copying, not from the key.
    pub fn new(text: String) -> Self {
        let text = Zeroizing::new(text);
        let kept = Zeroizing::new(text.trim().to_owned());
        let trimmed = kept.len() != text.len();
        Self { text: kept, trimmed }
    }

    /// Several lines, which a form sends with other ends than they were pasted with.
    pub fn lines(text: String) -> Self {
        let text = Zeroizing::new(text);
        Self::new(text.replace("\r\n", "\n"))
    }

    /// Takes the text as it is: a machine sends what it means.
    pub fn exact(text: String) -> Self {
        Self { text: Zeroizing::new(text), trimmed: false }
    }

    pub fn as_str(&self) -> &str {
        &self.text
    }

    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    pub fn was_trimmed(&self) -> bool {
        self.trimmed
    }
}
