//! End users and organizations, as an Admin ends what is theirs: every connection disconnected, or everything deleted.
//!
//! Invariant: what ends is what a preview showed, and all of it ends or nothing. The tokens are gone here before a provider
//! is asked to forget them.

use crate::domain::audit::{Actor, Event, OutsiderEvent};
use crate::domain::{OutsiderId, WorkspaceId};
use crate::store::access::{Admin, Ask, Member, Proof};
use crate::store::outsiders::{Listed, Outsider};
use crate::store::secrets::{ListedSecret, Sought, SoughtOwner};
use crate::store::{Denied, Error, Fault, ReadTx, Unrecorded, WriteTx};

use super::clients::Clients;
use super::connecting::Means;
use super::deleting::{self, ChangedSince, Chosen, Seen};
use super::revoking::{self, Forgetting, Left};
use super::{Tools, audit, values};

/// Somebody, and what would end with them.
pub struct Outlook<I> {
    pub row: Listed<I>,
    pub chosen: Chosen,
}

/// Everything that this one has: of an organization also what end users have in it.
pub fn theirs(id: impl Into<OutsiderId>) -> Sought {
    Sought { owner: Some(SoughtOwner::Outsider(id.into())), ..Sought::default() }
}

pub fn look<I: Outsider>(tx: &mut ReadTx<'_>, by: &Proof<'_, Admin>, id: &I) -> Result<Outlook<I>, Error> {
    let row = I::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    let chosen = deleting::found(tx, by, &theirs(id.clone()))?;
    Ok(Outlook { row, chosen })
}

/// The same once more, where it is as it was when somebody looked at it.
fn confirmed<I: Outsider>(
    tx: &mut ReadTx<'_>,
    by: &Proof<'_, Admin>,
    (id, seen): (&I, &Seen),
) -> Result<Outlook<I>, Fault<ChangedSince>> {
    let outlook = look(tx, by, id)?;
    match outlook.chosen.too_many.is_none() && outlook.chosen.seen == *seen {
        true => Ok(outlook),
        false => Err(ChangedSince.into()),
    }
}

/// What is left of those that hold a value, for their providers to be asked.
fn left_of<'tx>(
    tx: &mut WriteTx<'tx>,
    by: &Proof<'tx, Member>,
    tools: Tools<'_>,
    (clients, rows): (&Clients, &[ListedSecret]),
) -> Result<Vec<Left>, Error> {
    let holding = rows.iter().filter(|row| row.secret.value_entered_at.is_some());
    holding.map(|row| revoking::left(tx, by, tools, (clients, &row.secret.id))).collect()
}

/// In whose name providers are asked.
fn acting<'tx>(by: &Proof<'tx, Admin>) -> Result<(Proof<'tx, Member>, (WorkspaceId, Actor)), Error> {
    let member = by.raised::<Member>().ok_or(Denied::Forbidden)?;
    Ok((member, (by.workspace().clone(), Actor::Person { id: by.person().clone() })))
}

/// Disconnects all that this one has. The places stay, for accounts and keys to come.
pub async fn disconnect<I: Outsider>(
    means: &Means,
    ask: Ask<Admin>,
    (id, seen): (I, Seen),
) -> Result<Forgetting, Fault<ChangedSince>> {
    let (clients, kit) = (means.renewer.clients.clone(), means.kit.clone());
    let gone = means.renewer.db.write(ask, move |tx, by| {
        let chosen = confirmed(tx, by, (&id, &seen))?.chosen;
        let (member, whose) = acting(by)?;
        let left = kit.by(whose.1.clone(), |tools| {
            let left = left_of(tx, &member, tools, (&clients, &chosen.going))?;
            for row in chosen.going.iter().filter(|row| row.secret.value_entered_at.is_some()) {
                values::disconnect(tx, &member, tools, &row.secret.id).map_err(Error::from)?;
            }
            Ok::<_, Error>(left)
        })?;
        if left.is_empty() {
            tx.unrecorded(Unrecorded::Nothing);
        }
        Ok((whose, left))
    });
    let (whose, left) = gone.await?;
    Ok(revoking::ask_to_forget(means, whose, left).await)
}

/// Deletes this one, with all that they have.
pub async fn delete<I: Outsider>(
    means: &Means,
    ask: Ask<Admin>,
    (id, seen): (I, Seen),
) -> Result<Forgetting, Fault<ChangedSince>> {
    let (clients, kit) = (means.renewer.clients.clone(), means.kit.clone());
    let gone = means.renewer.db.write(ask, move |tx, by| {
        let outlook = confirmed(tx, by, (&id, &seen))?;
        let (member, whose) = acting(by)?;
        let left = kit.by(whose.1.clone(), |tools| {
            let left = left_of(tx, &member, tools, (&clients, &outlook.chosen.going))?;
            if !seen.is_empty() {
                deleting::delete(tx, by, tools, &seen)?;
            }
            I::delete(tx, by, &id)?;
            audit::change(tx, by, tools, deleted(&outlook))?;
            Ok::<_, Fault<ChangedSince>>(left)
        })?;
        Ok((whose, left))
    });
    let (whose, left) = gone.await?;
    Ok(revoking::ask_to_forget(means, whose, left).await)
}

fn deleted<I: Outsider>(outlook: &Outlook<I>) -> Event {
    let external_id = outlook.row.external_id.clone();
    let connections = u64::try_from(outlook.chosen.going.len()).unwrap_or(u64::MAX);
    Event::Outsider(match outlook.row.id.clone().into() {
        OutsiderId::EndUser(end_user) => OutsiderEvent::EndUserDeleted { end_user, external_id, connections },
        OutsiderId::Organization(organization) => {
            OutsiderEvent::OrganizationDeleted { organization, external_id, connections }
        }
    })
}
