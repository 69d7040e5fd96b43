//! Who may do what: the one place that compares roles. Actions ask it, and so do the pages that
//! decide what to draw.

use super::secret::{Adders, Environment, Sharing, Slot};
use super::{Abilities, Moment, PersonId, Role};

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
    /// Until when the whole workspace may use it, where that has an end.
    pub shared_until: Option<Moment>,
    /// Until when the person is among the chosen members; for ever, where the share has no end.
    pub chosen: Option<Option<Moment>>,
}

/// A test: of which value, and whether the request that it sends was written in the workspace, as a custom API's is.
#[derive(Clone, Copy, Debug)]
pub struct Test {
    pub slot: Slot,
    pub homemade: bool,
}

impl SecretFacts<'_> {
    /// Product rule 4: sharing is use. An end user's connection is used by no member.
    pub fn usable_by(&self, person: &PersonId, now: Moment) -> bool {
        let Some(owner) = self.owner else { return false };
        let lasts = |end: Option<Moment>| end.is_none_or(|end| end > now);
        owner == person
            || match self.sharing {
                Sharing::Private => false,
                Sharing::Members => self.chosen.is_some_and(lasts),
                Sharing::Workspace => lasts(self.shared_until),
            }
    }

    /// With whom it is shared at this moment: what the whole workspace could use until then is its owner's again.
    pub fn sharing_at(&self, now: Moment) -> Sharing {
        match self.shared_until {
            Some(end) if self.sharing == Sharing::Workspace && end <= now => Sharing::Private,
            _ => self.sharing,
        }
    }

    pub fn visible_to(&self, who: Standing<'_>, now: Moment) -> bool {
        sees_all_secrets(who.role) || self.usable_by(who.person, now)
    }

    pub fn deletable_by(&self, who: Standing<'_>) -> bool {
        sees_all_secrets(who.role) || self.owner == Some(who.person)
    }

    /// Whoever may delete it may also enter a new value; that gains nobody any use.
    pub fn rotatable_by(&self, who: Standing<'_>) -> bool {
        self.deletable_by(who)
    }

    /// Asking upstream whether a value works sends it out. The current one is tested by whoever uses it; the next one,
    /// which nobody uses yet, by whoever may enter values. Those who may only do the latter stay out where the request
    /// was written in the workspace: by what they write they would use a value that is not theirs.
    pub fn testable_by(&self, who: Standing<'_>, test: Test, now: Moment) -> bool {
        let (uses, enters) = (self.usable_by(who.person, now), self.rotatable_by(who));
        match test.slot {
            Slot::Next => enters && (uses || !test.homemade),
            Slot::Current | Slot::Previous => uses || (enters && !test.homemade),
        }
    }

    /// Name and sharing are the owner's alone.
    pub fn governed_by(&self, person: &PersonId) -> bool {
        self.owner == Some(person)
    }
}

/// Product rule 2: the environment and node type asked for are the secret's own. The node type is
/// compared by the row that both point to.
pub fn fits<T: PartialEq>(asked: (&T, Environment), held: (&T, Environment)) -> bool {
    asked == held
}

/// Adding a built-in node type, with the method `key`.
pub fn may_add_node_types(role: Role, adders: Adders) -> bool {
    adders == Adders::Everyone || role >= Role::Admin
}

/// Removing, enabling, disabling and describing node types, OAuth clients, and custom APIs.
pub fn may_manage_node_types(role: Role) -> bool {
    role >= Role::Admin
}

pub fn sees_all_secrets(role: Role) -> bool {
    role >= Role::Admin
}

/// Rounds in which the owners of many secrets are asked for new values.
pub fn runs_rotations(role: Role) -> bool {
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

/// Where events are sent to, and the keys that sign them.
pub fn manages_webhooks(role: Role) -> bool {
    role >= Role::Admin
}

/// End users and organizations, with what they have connected; and the end of it.
pub fn manages_end_users(role: Role) -> bool {
    role >= Role::Admin
}

/// The letters and other work that concern a workspace and its members.
pub fn sees_jobs(role: Role) -> bool {
    role == Role::Owner
}

pub fn may_delete_workspace(role: Role) -> bool {
    role == Role::Owner
}

/// Who says of which domains people join by themselves.
pub fn opens_to_domains(role: Role) -> bool {
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
    may_make_every_token(role) || abilities.is_proxy_alone()
}

pub fn may_make_every_token(role: Role) -> bool {
    role >= Role::Admin
}

/// Whether a token of somebody's uses end users' connections: a Member's is for their own secrets, and those they share.
pub fn may_use_outsiders(maker: Role) -> bool {
    maker >= Role::Admin
}

pub fn may_revoke_token(who: Standing<'_>, maker: &PersonId) -> bool {
    who.role >= Role::Admin || who.person == maker
}

/// Whoever gives a token a new text comes to know it, and could act for its maker: so the maker alone may, as long as they
/// might make it.
pub fn may_renew_token(who: Standing<'_>, maker: &PersonId, abilities: &Abilities) -> bool {
    who.person == maker && may_make_token(who.role, abilities)
}

pub fn sees_all_tokens(role: Role) -> bool {
    role >= Role::Admin
}

/// Everybody their own.
pub fn sees_token(who: Standing<'_>, maker: &PersonId) -> bool {
    sees_all_tokens(who.role) || who.person == maker
}

/// Admins see every workflow, as they see every secret's row; the others see their own.
pub fn sees_all_workflows(role: Role) -> bool {
    role >= Role::Admin
}

/// Its nodes, its name, and the tokens that may run it are its owner's alone: what runs, runs with the owner's rights.
pub fn may_change_workflow(person: &PersonId, owner: &PersonId) -> bool {
    person == owner
}

/// Admins may also take one away: that gives nobody any use.
pub fn may_delete_workflow(who: Standing<'_>, owner: &PersonId) -> bool {
    who.role >= Role::Admin || who.person == owner
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
        let secret = SecretFacts { owner: Some(&owner), sharing: Sharing::Private, shared_until: None, chosen: None };
        let (standing, now) = (Standing { person: &admin, role: Role::Admin }, Moment::EPOCH);
        assert!(secret.visible_to(standing, now) && secret.deletable_by(standing));
        assert!(!secret.usable_by(&admin, now));
        assert!(secret.usable_by(&owner, now));
        let shared = SecretFacts { sharing: Sharing::Members, ..secret };
        assert!(!shared.usable_by(&admin, now));
        assert!(SecretFacts { chosen: Some(None), ..shared }.usable_by(&admin, now));
    }

    #[test]
    fn a_test_is_no_way_around_use() {
        let (owner, other) = (PersonId::draw(Moment::EPOCH, &Fixed(1)), PersonId::draw(Moment::EPOCH, &Fixed(2)));
        let private = SecretFacts { owner: Some(&owner), sharing: Sharing::Private, shared_until: None, chosen: None };
        let shared = SecretFacts { sharing: Sharing::Workspace, ..private };
        let tests = |secret: &SecretFacts<'_>, person, role| {
            let each = [(Slot::Current, false), (Slot::Current, true), (Slot::Next, false), (Slot::Next, true)];
            each.map(|(slot, homemade)| {
                secret.testable_by(Standing { person, role }, Test { slot, homemade }, Moment::EPOCH)
            })
        };
        assert_eq!(tests(&private, &owner, Role::Member), [true; 4]);
        assert_eq!(tests(&private, &other, Role::Admin), [true, false, true, false]);
        assert_eq!(tests(&shared, &other, Role::Admin), [true; 4]);
        assert_eq!(tests(&shared, &other, Role::Member), [true, true, false, false]);
    }

    #[test]
    fn a_share_ends_on_its_last_moment() {
        let (owner, other) = (PersonId::draw(Moment::EPOCH, &Fixed(1)), PersonId::draw(Moment::EPOCH, &Fixed(2)));
        let (before, end) = (Moment::from_micros(9), Moment::from_micros(10));
        let none = SecretFacts { owner: Some(&owner), sharing: Sharing::Private, shared_until: None, chosen: None };
        let chosen = SecretFacts { sharing: Sharing::Members, chosen: Some(Some(end)), ..none };
        let all = SecretFacts { sharing: Sharing::Workspace, shared_until: Some(end), ..none };
        for secret in [chosen, all] {
            assert!(secret.usable_by(&other, before) && !secret.usable_by(&other, end));
            assert!(secret.usable_by(&owner, end));
            assert_eq!(secret.sharing_at(before), secret.sharing);
        }
        assert_eq!((all.sharing_at(end), chosen.sharing_at(end)), (Sharing::Private, Sharing::Members));
    }

    #[test]
    fn nobody_of_the_workspace_uses_an_end_users_connection() {
        let person = PersonId::draw(Moment::EPOCH, &Fixed(1));
        let secret = SecretFacts { owner: None, sharing: Sharing::Workspace, shared_until: None, chosen: Some(None) };
        assert!(!secret.usable_by(&person, Moment::EPOCH));
    }
}
