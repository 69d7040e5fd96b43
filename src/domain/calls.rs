//! To which calls a service token is limited. No limit is the absence of one, never an empty one.

use std::fmt;
use std::str::FromStr;

use super::id::Malformed;

/// Lines that one token may have.
pub const MOST_CALLS: usize = 40;
const LONGEST: usize = 200;
/// Of what was typed, only so much is said again.
const TOLD: usize = 60;

/// The calls that a token may make through the proxy: at least one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calls(Vec<Line>);

/// Some methods, or any; and everything below a path, or everything.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    /// In upper case; none is any.
    methods: Vec<String>,
    /// Without a slash at its end; empty is everything.
    below: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallsError {
    #[error("“{0}” is no such line. Write methods, a path, or both, as in GET /charges or POST,PUT /customers.")]
    NoCall(String),
    #[error("Write at most {MOST_CALLS} lines.")]
    TooMany,
}

impl Calls {
    /// Reads them as people write them, one on a line. None where there is none.
    pub fn parse(text: &str) -> Result<Option<Self>, CallsError> {
        let mut lines = Vec::new();
        for written in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let line = Line::parse(written).ok_or_else(|| CallsError::NoCall(written.chars().take(TOLD).collect()))?;
            if !lines.contains(&line) {
                lines.push(line);
            }
            if lines.len() > MOST_CALLS {
                return Err(CallsError::TooMany);
            }
        }
        Ok((!lines.is_empty()).then_some(Self(lines)))
    }

    /// Whether one of the lines names this call. The path is compared as it is written: one that means the same in other
    /// letters is not let through.
    pub fn admit(&self, method: &str, path: &str) -> bool {
        let path = path.split('?').next().unwrap_or_default();
        self.0.iter().any(|line| line.admits(method, path))
    }

    pub fn words(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

impl Line {
    fn parse(text: &str) -> Option<Self> {
        let (methods, path) = match text.split_once(char::is_whitespace) {
            Some((methods, path)) => (methods, path.trim()),
            None if text.starts_with('/') => ("", text),
            None => (text, ""),
        };
        let methods: Vec<String> =
            methods.split(',').filter(|word| !word.is_empty()).map(str::to_ascii_uppercase).collect();
        let is_word = |word: &String| word.len() <= 20 && word.bytes().all(|b| b.is_ascii_uppercase() || b == b'-');
        let plain = |b: u8| b.is_ascii_graphic() && !matches!(b, b'?' | b'#' | b'\\' | b',');
        let is_path = path.is_empty() || path.starts_with('/') && path.bytes().all(plain) && path.len() <= LONGEST;
        let below = path.trim_end_matches('/').to_owned();
        (methods.iter().all(is_word) && is_path && !text.is_empty()).then_some(Self { methods, below })
    }

    fn admits(&self, method: &str, path: &str) -> bool {
        // Whoever may read something may ask for its head.
        let reads = method == "HEAD" && self.methods.iter().any(|one| one == "GET");
        let may = reads || self.methods.is_empty() || self.methods.iter().any(|one| one == method);
        let rest = path.strip_prefix(self.below.as_str());
        may && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.below.is_empty() && self.methods.is_empty() { "/" } else { self.below.as_str() };
        let between = if self.methods.is_empty() || path.is_empty() { "" } else { " " };
        write!(f, "{}{between}{path}", self.methods.join(","))
    }
}

impl fmt::Display for Calls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().join("\n"))
    }
}

impl FromStr for Calls {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text).ok().flatten().ok_or(Malformed("list of calls"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(text: &str) -> Calls {
        Calls::parse(text).unwrap().unwrap()
    }

    #[test]
    fn a_line_names_methods_and_what_is_below_a_path() {
        for (line, method, path, admitted) in [
            ("GET /v1/charges", "GET", "/v1/charges", true),
            ("GET /v1/charges", "GET", "/v1/charges/ch_1?expand=x", true),
            ("GET /v1/charges", "HEAD", "/v1/charges", true),
            ("GET /v1/charges", "POST", "/v1/charges", false),
            ("GET /v1/charges", "get", "/v1/charges", false),
            ("GET /v1/charges", "GET", "/v1/chargesback", false),
            ("GET /v1/charges", "GET", "/v1/%63harges", false),
            ("GET /v1/charges", "GET", "//v1/charges", false),
            ("GET /v1/charges", "GET", "/?/v1/charges", false),
            ("get,post /v1/charges/", "POST", "/v1/charges/x", true),
            ("/v1", "DELETE", "/v1/x", true),
            ("/", "DELETE", "/anything", true),
            ("GET", "GET", "/anything", true),
            ("GET", "DELETE", "/anything", false),
        ] {
            assert_eq!(calls(line).admit(method, path), admitted, "{line}: {method} {path}");
        }
        assert!(calls("GET /a\n\nPOST /b").admit("POST", "/b/c"));
    }

    #[test]
    fn what_is_no_line_is_named_and_what_is_reads_back() {
        assert_eq!(Calls::parse(" \n "), Ok(None));
        for bad in ["GET v1", "GET /a b", "GET /a?b", "GET /a#b", "G3T /", "v1/charges", "GET \\a", "GET /a,b"] {
            assert_eq!(Calls::parse(bad), Err(CallsError::NoCall(bad.to_owned())), "{bad}");
        }
        let lines = |count: usize| (0..count).map(|n| format!("GET /{n}")).collect::<Vec<_>>().join("\n");
        assert!(Calls::parse(&lines(40)).is_ok());
        assert_eq!(Calls::parse(&lines(41)), Err(CallsError::TooMany));
        for text in ["GET,POST /v1/a\n/v1/b\nDELETE", "/"] {
            assert_eq!(calls(text).to_string(), text);
            assert_eq!(calls(text).to_string().parse(), Ok(calls(text)));
        }
        assert!("".parse::<Calls>().is_err(), "nothing is no limit to be read");
    }
}
