//! Letters that tell members what others did to what is theirs.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::domain::letter::{SecretDeed, SecretsEnd};
use crate::domain::{Letter, PersonId};
use crate::store::access::{AtLeast, InWorkspace, Member, Proof};
use crate::store::secrets::ListedSecret;
use crate::store::{self, Error, WriteTx};

use super::{Tools, outbox};

/// Letters about the same thing in one hour: nobody floods a member's mailbox by going back and forth.
const MOST: i64 = 5;
/// Names that a letter lists; the rest is counted.
const NAMED: usize = 30;

pub(super) fn may_tell(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    about: &[&[u8]],
) -> Result<bool, Error> {
    let parts: Vec<&[u8]> = about.iter().copied().chain([by.workspace().as_str().as_bytes()]).collect();
    let name = tools.keyring.throttle_key(&parts);
    let count = store::throttle::hit(tx, by, name.as_bytes(), Duration::from_hours(1))?;
    Ok(count.hits <= MOST)
}

/// What a letter lists of these, and how many more there are.
pub(super) fn named(mut names: Vec<String>) -> (Vec<String>, usize) {
    let more = names.len().saturating_sub(NAMED);
    names.truncate(NAMED);
    (names, more)
}

/// Writes to the owner of a secret when somebody else did this to it.
pub(super) fn tell_owner(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (row, deed): (&ListedSecret, SecretDeed),
) -> Result<(), Error> {
    let secret = &row.secret;
    let Some(owner) = secret.owner.as_ref().filter(|owner| *owner != by.person()) else { return Ok(()) };
    let Some(member) = store::members::find(tx, by, owner)? else { return Ok(()) };
    let about = [b"secret".as_slice(), secret.id.as_str().as_bytes(), deed.as_str().as_bytes()];
    if !may_tell(tx, by, tools, &about)? {
        return Ok(());
    }
    let workspace = store::workspaces::current(tx, by)?;
    let letter = Letter::SecretTouched {
        workspace: workspace.name.to_string(),
        slug: workspace.slug.to_string(),
        id: secret.id.clone(),
        name: secret.name.to_string(),
        node_type: secret.node_type_name.to_string(),
        by: store::workspaces::find_person(tx, by)?.name.to_string(),
        deed,
    };
    outbox::of_workspace(tx, by, tools, (&member.email, letter))
}

/// Writes once to each owner of secrets whose values somebody else has ended together.
pub(super) fn tell_owners(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Member>>,
    tools: Tools<'_>,
    (rows, end): (&[ListedSecret], SecretsEnd),
) -> Result<(), Error> {
    let mut of_owners: BTreeMap<&PersonId, Vec<String>> = BTreeMap::new();
    for secret in rows.iter().map(|row| &row.secret) {
        if let Some(owner) = secret.owner.as_ref().filter(|owner| *owner != by.person()) {
            let line = format!("{} ({}, {})", secret.name, secret.node_type_name, secret.environment);
            of_owners.entry(owner).or_default().push(line);
        }
    }
    if of_owners.is_empty() {
        return Ok(());
    }
    let workspace = store::workspaces::current(tx, by)?;
    let doer = store::workspaces::find_person(tx, by)?.name.to_string();
    let owners: Vec<PersonId> = of_owners.keys().map(|id| (*id).clone()).collect();
    for (owner, address) in store::members::addresses(tx, by, &owners)? {
        let (secrets, more) = named(of_owners.remove(&owner).unwrap_or_default());
        let letter = Letter::SecretsEnded {
            workspace: workspace.name.to_string(),
            slug: workspace.slug.to_string(),
            by: doer.clone(),
            end,
            secrets,
            more,
        };
        outbox::of_workspace(tx, by, tools, (&address, letter))?;
    }
    Ok(())
}
