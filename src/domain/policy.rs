//! Who may do what: the one place that compares roles. Actions ask it, and so do the pages that
//! decide what to draw.

use super::secret::{Environment, Sharing};
use super::{Abilities, PersonId, Role};

/// What a person is to the secret at hand.
#[derive(Clone, Copy, Debug)]
pub struct Standing<'a> {
    pub person: &'a PersonId,
    pub role: Role,
}

/// The facts of a secret that rights depend on.
#[derive(Clone, Copy, Debug)]
pub struct SecretFacts<'a> {
    /// None for an end user's or an organization's connection.
    pub owner: Option<&'a PersonId>,
    pub sharing: Sharing,
    /// Whether the person is among the chosen members.
    pub chosen: bool,
}

impl SecretFacts<'_> {
    /// Product rule 4: sharing is use. An end user's connection is used by no member.
    pub fn usable_by(&self, person: &PersonId) -> bool {
        let Some(owner) = self.owner else { return false };
        owner == person
            || match self.sharing {
                Sharing::Private => false,
                Sharing::Members => self.chosen,
                Sharing::Workspace => true,
            }
    }

    pub fn visible_to(&self, who: Standing<'_>) -> bool {
        sees_all_secrets(who.role) || self.usable_by(who.person)
    }

    pub fn deletable_by(&self, who: Standing<'_>) -> bool {
        sees_all_secrets(who.role) || self.owner == Some(who.person)
    }
}

/// Product rule 2: the environment and node type asked for are the secret's own. The node type is
/// compared by the row that both point to.
pub fn fits<T: PartialEq>(asked: (&T, Environment), held: (&T, Environment)) -> bool {
    asked == held
}

pub fn sees_all_secrets(role: Role) -> bool {
    role >= Role::Admin
}

/// The whole workspace's changes and uses.
pub fn sees_activity(role: Role) -> bool {
    role >= Role::Admin
}

/// A workspace's name and what else is set for all of it.
pub fn changes_settings(role: Role) -> bool {
    role >= Role::Admin
}

/// The letters and other work that concern a workspace and its members.
pub fn sees_jobs(role: Role) -> bool {
    role == Role::Owner
}

pub fn may_delete_workspace(role: Role) -> bool {
    role == Role::Owner
}

/// Whom somebody may invite, remove, or make of somebody else: an Admin Members, an Owner everybody.
pub fn may_assign(by: Role, role: Role) -> bool {
    by == Role::Owner || (by == Role::Admin && role == Role::Member)
}

/// Both what somebody is and what they become must be the changer's to give.
pub fn may_change_role(by: Role, from: Role, to: Role) -> bool {
    may_assign(by, from) && may_assign(by, to)
}

/// Everyone may make a token that can only proxy; the other abilities take an Admin.
pub fn may_make_token(role: Role, abilities: &Abilities) -> bool {
    role >= Role::Admin || abilities.is_proxy_alone()
}

pub fn may_revoke_token(who: Standing<'_>, maker: &PersonId) -> bool {
    who.role >= Role::Admin || who.person == maker
}

pub fn sees_all_tokens(role: Role) -> bool {
    role >= Role::Admin
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Chance, Moment};

    struct Fixed(u8);
    impl Chance for Fixed {
        fn fill(&self, buffer: &mut [u8]) {
            buffer.fill(self.0);
        }
    }

    #[test]
    fn an_admin_sees_a_private_secret_and_cannot_use_it() {
        let (owner, admin) = (PersonId::draw(Moment::EPOCH, &Fixed(1)), PersonId::draw(Moment::EPOCH, &Fixed(2)));
        let secret = SecretFacts { owner: Some(&owner), sharing: Sharing::Private, chosen: false };
        let standing = Standing { person: &admin, role: Role::Admin };
        assert!(secret.visible_to(standing) && secret.deletable_by(standing));
        assert!(!secret.usable_by(&admin));
        assert!(secret.usable_by(&owner));
        let shared = SecretFacts { sharing: Sharing::Members, ..secret };
        assert!(!shared.usable_by(&admin));
        assert!(SecretFacts { chosen: true, ..shared }.usable_by(&admin));
    }

    #[test]
    fn nobody_of_the_workspace_uses_an_end_users_connection() {
        let person = PersonId::draw(Moment::EPOCH, &Fixed(1));
        let secret = SecretFacts { owner: None, sharing: Sharing::Workspace, chosen: true };
        assert!(!secret.usable_by(&person));
    }
}
