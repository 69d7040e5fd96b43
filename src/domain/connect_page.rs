//! How the connect page shows itself: on which other sites, under which name, and in which colour.

use std::fmt;
use std::str::FromStr;

use super::id::Malformed;
use super::return_to::{NoAddress, safe};

/// As many as a workspace registers.
const MOST: usize = 20;

/// The origins whose pages may hold the connect page in a frame.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origins(Vec<String>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoOrigin {
    #[error(transparent)]
    Address(NoAddress),
    #[error("“{0}” names a page. An origin ends after the host, as https://app.example.com.")]
    Page(String),
    #[error("At most {MOST} origins are kept.")]
    TooMany,
}

impl Origins {
    /// One in each line.
    pub fn parse(text: &str) -> Result<Self, NoOrigin> {
        let mut all = Vec::new();
        for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let url = safe(line).map_err(NoOrigin::Address)?;
            if url.path() != "/" || url.query().is_some() {
                return Err(NoOrigin::Page(line.chars().take(100).collect()));
            }
            let origin = url.origin().ascii_serialization();
            if !is_plain(&origin) {
                return Err(NoOrigin::Address(NoAddress::Malformed(line.chars().take(100).collect())));
            }
            if !all.contains(&origin) {
                all.push(origin);
            }
        }
        if all.len() > MOST { Err(NoOrigin::TooMany) } else { Ok(Self(all)) }
    }

    /// Whether it is one of them, to the letter.
    pub fn hold(&self, origin: &str) -> bool {
        self.0.iter().any(|known| known == origin)
    }

    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub fn text(&self) -> String {
        self.0.join("\n")
    }
}

/// Whether a policy would read it as this one origin: names may hold a star, a comma or a semicolon.
fn is_plain(origin: &str) -> bool {
    origin.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b':' | b'/' | b'.' | b'-' | b'[' | b']'))
}

/// A colour as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Accent([u8; 3]);

/// What it is read on: paper and surface, by day and by night.
const LIGHT: [Accent; 2] = [Accent([0xfb, 0xf9, 0xf5]), Accent([0xff, 0xff, 0xff])];
const DARK: [Accent; 2] = [Accent([0x17, 0x14, 0x12]), Accent([0x21, 0x1d, 0x1a])];
/// The least contrast of text (WCAG 2.2, AA).
const LEGIBLE: f64 = 4.5;

impl Accent {
    /// Whether it can be read on the pages by day.
    pub fn is_legible_by_day(self) -> bool {
        LIGHT.iter().all(|paper| self.contrast(*paper) >= LEGIBLE)
    }

    pub fn is_legible_by_night(self) -> bool {
        DARK.iter().all(|paper| self.contrast(*paper) >= LEGIBLE)
    }

    fn contrast(self, other: Self) -> f64 {
        let (one, other) = (self.luminance(), other.luminance());
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    fn luminance(self) -> f64 {
        let [red, green, blue] = self.0.map(|part| {
            let part = f64::from(part) / 255.0;
            if part <= 0.040_45 { part / 12.92 } else { ((part + 0.055) / 1.055).powf(2.4) }
        });
        0.2126 * red + 0.7152 * green + 0.0722 * blue
    }
}

impl fmt::Display for Accent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [red, green, blue] = self.0;
        write!(f, "#{red:02x}{green:02x}{blue:02x}")
    }
}

impl FromStr for Accent {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        const WRONG: Malformed = Malformed("colour");
        let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6).ok_or(WRONG)?;
        let bytes = data_encoding::HEXLOWER_PERMISSIVE.decode(digits.as_bytes()).map_err(|_| WRONG)?;
        bytes.try_into().map(Self).map_err(|_| WRONG)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_registered_and_fits_to_the_letter() {
        let all =
            Origins::parse("https://app.example.com\n https://App.example.com:443/ \nhttp://localhost:3000").unwrap();
        assert_eq!(all.text(), "https://app.example.com\nhttp://localhost:3000");
        assert!(all.hold("https://app.example.com") && all.hold("http://localhost:3000"));
        for other in
            ["https://app.example.com/", "http://app.example.com", "https://app.example.com.evil.example", "null", ""]
        {
            assert!(!all.hold(other), "{other}");
        }
        assert!(matches!(Origins::parse("https://a.example/page"), Err(NoOrigin::Page(_))));
        assert!(matches!(Origins::parse("https://a.example/?q"), Err(NoOrigin::Page(_))));
        assert!(matches!(Origins::parse("http://a.example"), Err(NoOrigin::Address(NoAddress::Open(_)))));
        for sly in
            ["https://*.example.com", "https://a;b.example", "https://a,b.example", "https://a'b.example", "https://*"]
        {
            assert!(matches!(Origins::parse(sly), Err(NoOrigin::Address(_))), "{sly}");
        }
        let many = (0..21).map(|n| format!("https://a{n}.example.com\n")).collect::<String>();
        assert_eq!(Origins::parse(&many), Err(NoOrigin::TooMany));
    }

    #[test]
    fn a_colour_is_taken_where_it_can_be_read() {
        let accent = |text: &str| text.parse::<Accent>();
        for wrong in ["", "#fff", "red", "#12345g", "#1234567", "123456", "#１２３４５６"] {
            assert!(accent(wrong).is_err(), "{wrong}");
        }
        let (navy, lemon, grey) = (accent("#0b3d91").unwrap(), accent("#FFE94D").unwrap(), accent("#808080").unwrap());
        assert!(navy.is_legible_by_day() && !navy.is_legible_by_night());
        assert!(!lemon.is_legible_by_day() && lemon.is_legible_by_night());
        assert!(!grey.is_legible_by_day());
        assert_eq!(lemon.to_string(), "#ffe94d");
    }
}
