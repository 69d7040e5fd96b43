//! What the systems that run workflows call them and their nodes.

use std::fmt;
use std::str::FromStr;

use super::WorkflowId;
use super::id::Malformed;

const MOST: usize = 100;

/// What to say of a text that is no handle.
pub const HANDLE_RULE: &str = "Use 1 to 100 letters, digits and the marks . _ : - and begin with a letter or a digit.";

/// What another system calls a workflow or a node. It stands in addresses, so it is plain.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Handle(String);

impl Handle {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Handle {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        let plain = text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b':' | b'-'));
        let begins = text.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric());
        if plain && begins && text.len() <= MOST { Ok(Self(text.to_owned())) } else { Err(Malformed("handle")) }
    }
}

impl fmt::Display for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A workflow as a machine names it: by its id, or by what the machine calls it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Called {
    Id(WorkflowId),
    External(Handle),
}

impl Called {
    /// Whether this would be read as an id of ours, and so can be nobody else's name.
    pub fn looks_like_an_id(text: &str) -> bool {
        text.starts_with(WorkflowId::PREFIX)
    }
}

impl FromStr for Called {
    type Err = Malformed;

    fn from_str(text: &str) -> Result<Self, Malformed> {
        if Self::looks_like_an_id(text) { text.parse().map(Self::Id) } else { text.parse().map(Self::External) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_is_plain_enough_for_an_address() {
        for good in ["charge", "Send-Mail_2", "v1.2:a", "7"] {
            assert!(good.parse::<Handle>().is_ok(), "{good}");
        }
        for bad in ["", ".", "..", "-a", "a/b", "a b", "a%2f", "é", "<b>", &"x".repeat(101)] {
            assert!(bad.parse::<Handle>().is_err(), "{bad}");
        }
    }

    #[test]
    fn an_id_is_never_read_as_somebodys_own_name() {
        assert!("wfl_nonsense".parse::<Called>().is_err());
        let id = "wfl_01jd8x3f5k7q9r2t4v6w8y0z1a";
        assert_eq!(id.parse().ok(), id.parse().ok().map(Called::Id));
    }
}
