//! Where people may be sent back to when they have connected an account.

use url::{Host, Url};

/// As many as a workspace registers.
const MOST: usize = 50;
const LONGEST: usize = 500;

/// The addresses that a workspace has registered: whole ones, or origins under which any will do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReturnAddresses(Vec<String>);

/// What is wrong with one of them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoAddress {
    #[error("“{0}” is no address such as https://app.example.com or https://app.example.com/connected.")]
    Malformed(String),
    #[error("“{0}” has to begin with https. Only this very machine is reached without it.")]
    Open(String),
    #[error("At most {MOST} addresses are kept.")]
    TooMany,
}

/// How an address fits what is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It is one of them.
    Exact,
    /// It lies under a registered origin, or has another query than a registered address.
    Under,
    None,
}

/// What Keyrack itself says there: nobody else may have said it before.
const OWN: [&str; 3] = ["state", "connect_code", "error"];

/// An address that a browser can be sent to over a way that nobody reads.
pub(super) fn safe(text: &str) -> Result<Url, NoAddress> {
    let malformed = || NoAddress::Malformed(text.chars().take(100).collect());
    let url = Url::parse(text).map_err(|_| malformed())?;
    let has_person = !url.username().is_empty() || url.password().is_some();
    // Browsers read backslashes and controls as something else than they look like.
    let plain = text.len() <= LONGEST && text.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    if has_person || url.fragment().is_some() || !plain || url.host().is_none() {
        return Err(malformed());
    }
    let here = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if here => Ok(url),
        "http" => Err(NoAddress::Open(url.to_string())),
        _ => Err(malformed()),
    }
}

impl ReturnAddresses {
    /// One in each line.
    pub fn parse(text: &str) -> Result<Self, NoAddress> {
        let mut all = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let url = safe(line)?.to_string();
            if !all.contains(&url) {
                all.push(url);
            }
        }
        if all.len() > MOST { Err(NoAddress::TooMany) } else { Ok(Self(all)) }
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn text(&self) -> String {
        self.0.join("\n")
    }

    /// A registered origin takes every address under it; a registered address takes itself, with any query.
    pub fn fit(&self, text: &str) -> Fit {
        let Ok(asked) = safe(text) else { return Fit::None };
        if asked.query_pairs().any(|(name, _)| OWN.contains(&name.as_ref())) {
            return Fit::None;
        }
        if self.0.iter().any(|known| known == asked.as_str()) {
            return Fit::Exact;
        }
        let known =
            || self.0.iter().filter_map(|text| Url::parse(text).ok()).filter(|url| url.origin() == asked.origin());
        let is_origin = |url: &Url| url.path() == "/" && url.query().is_none();
        let under = known().any(|url| is_origin(&url) || url.path() == asked.path());
        if under { Fit::Under } else { Fit::None }
    }
}

/// The address with more said in its query.
pub fn with_query(address: &str, pairs: &[(&str, &str)]) -> String {
    match Url::parse(address) {
        Ok(mut url) => {
            url.query_pairs_mut().extend_pairs(pairs);
            url.into()
        }
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered() -> ReturnAddresses {
        ReturnAddresses::parse("https://app.example.com\n\n https://other.example.com/done \nhttp://localhost:3000\n")
            .unwrap()
    }

    #[test]
    fn what_is_registered_is_fitted() {
        let all = registered();
        assert_eq!(all.fit("https://app.example.com/a/b?c=d"), Fit::Under);
        assert_eq!(all.fit("https://other.example.com/done"), Fit::Exact);
        assert_eq!(all.fit("https://other.example.com/done?x=1"), Fit::Under);
        assert_eq!(all.fit("http://localhost:3000/back"), Fit::Under);
        for other in [
            "https://other.example.com/",
            "https://other.example.com/done?connect_code=x",
            "https://app.example.com/?st%61te=x",
            "https://other.example.com/done/more",
            "https://app.example.com.evil.example/",
            "https://evil.example/?https://app.example.com",
            "https://app.example.com:8443/",
            "http://app.example.com/",
            "https://app.example.com@evil.example/",
            "https://user@app.example.com/",
            "https://app.example.com\\@evil.example/",
            "https://app.example.com/#frag",
            "//app.example.com/",
            "javascript:alert(1)//app.example.com",
            "https:// app.example.com",
            "https://app.example.com/\n",
            "",
        ] {
            assert_eq!(all.fit(other), Fit::None, "{other:?}");
        }
    }

    #[test]
    fn what_cannot_be_registered_is_told() {
        for wrong in ["app.example.com", "ftp://app.example.com", "https://", "data:text/html,x", "https://a@b.example"]
        {
            assert!(matches!(ReturnAddresses::parse(wrong), Err(NoAddress::Malformed(_))), "{wrong}");
        }
        assert!(matches!(ReturnAddresses::parse("http://app.example.com"), Err(NoAddress::Open(_))));
        let many = (0..51).map(|n| format!("https://a{n}.example.com\n")).collect::<String>();
        assert_eq!(ReturnAddresses::parse(&many), Err(NoAddress::TooMany));
        assert_eq!(ReturnAddresses::parse(&registered().text()).unwrap(), registered());
    }

    #[test]
    fn a_query_is_added_to_what_is_there() {
        assert_eq!(
            with_query("https://a.example/x?y=1", &[("state", "a b&c")]),
            "https://a.example/x?y=1&state=a+b%26c"
        );
    }
}
