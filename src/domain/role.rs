//! Roles: what a member of a workspace is.

use super::word::words;

words! {
    /// From the least to the most.
    Role { Member = "member", Admin = "admin", Owner = "owner" }
}

impl Role {
    /// The word as pages write it.
    pub const fn label(self) -> &'static str {
        match self {
            Self::Member => "Member",
            Self::Admin => "Admin",
            Self::Owner => "Owner",
        }
    }
}
