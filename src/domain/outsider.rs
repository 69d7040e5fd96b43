//! Those outside the workspace whom its backends serve: end users, and the organizations that they belong to.

use std::fmt;

use super::name::is_hidden;
use super::{EndUserId, OrganizationId};

/// The longest name that a backend can give somebody.
pub const LONGEST: usize = 255;

/// Somebody who owns connections and is no member.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OutsiderId {
    EndUser(EndUserId),
    Organization(OrganizationId),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutsiderKind {
    EndUser,
    Organization,
}

impl From<EndUserId> for OutsiderId {
    fn from(id: EndUserId) -> Self {
        Self::EndUser(id)
    }
}

impl From<OrganizationId> for OutsiderId {
    fn from(id: OrganizationId) -> Self {
        Self::Organization(id)
    }
}

impl fmt::Display for OutsiderId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::EndUser(id) => id.fmt(f),
            Self::Organization(id) => id.fmt(f),
        }
    }
}

/// What to look for among the names that the customer gave; none where nothing that one could hold was typed.
pub fn part_of_external(typed: &str) -> Option<String> {
    let visible = typed.chars().filter(|c| !is_hidden(*c)).collect::<String>();
    // One more than the longest finds nothing, as it should, whatever length was typed.
    let part: String = visible.trim().chars().take(LONGEST + 1).collect();
    (!part.is_empty()).then_some(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_for_is_short_and_can_be_seen() {
        assert_eq!(part_of_external(" customer-42\u{202e}\0 ").as_deref(), Some("customer-42"));
        assert_eq!(part_of_external(" \u{200b} "), None);
        assert_eq!(part_of_external(&"x".repeat(10_000)).map(|part| part.len()), Some(LONGEST + 1));
    }
}
