//! Uses that no token asks for: a person's test, and what Keyrack itself does with what it holds.

use std::marker::PhantomData;

use diesel::prelude::*;

use crate::domain::policy::{Standing, Test};
use crate::domain::secret::Slot;
use crate::domain::{Method, SecretId, Slug};
use crate::store::error::{Denied, Error, Fault};
use crate::store::node_types;
use crate::store::organization_settings::organizations_own;
use crate::store::schema::{node_types as node_type_rows, organization_settings, secret_values, secrets};
use crate::store::secrets as secret_rows;
use crate::store::tx::ReadTx;

use super::candidates::{Candidate, candidate_columns};
use super::uses::{Probing, Renewing, Revoking, UseProof, UseRefusal, check_state, usable_state};
use super::{AtLeast, Member, Proof, RunnerIn};

/// Grants a person the test of a value of a secret that they see: the current one, or the next one before it counts.
pub fn prove_probe<'tx>(
    tx: &mut ReadTx<'tx>,
    by: &Proof<'tx, impl AtLeast<Member>>,
    id: &SecretId,
    slot: Slot,
) -> Result<UseProof<'tx, Probing>, Fault<UseRefusal>> {
    let row = secret_rows::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    let node_type = node_types::find(tx, by, &row.secret.node_type)?.ok_or(Denied::NotFound)?;
    let test = Test { slot, homemade: node_type.is_homemade() };
    if !row.facts().testable_by(Standing { person: by.person(), role: by.role() }, test, tx.now()) {
        return Err(Denied::Forbidden.into());
    }
    if !node_type.enabled {
        return Err(UseRefusal::Disabled.into());
    }
    let number = match slot {
        Slot::Current => {
            usable_state(row.secret.state(tx.now()))?;
            row.secret.value_number
        }
        Slot::Next => {
            let next = secret_values::table
                .filter(secret_values::secret_id.eq(id))
                .filter(secret_values::slot.eq(Slot::Next))
                .select(secret_values::number);
            next.first(tx.conn).optional().map_err(Error::from)?.ok_or(UseRefusal::NotInstalled)?
        }
        // It has been replaced: nobody wants to know any more.
        Slot::Previous => return Err(UseRefusal::NotInstalled.into()),
    };
    Ok(UseProof {
        secret: row.secret.id,
        name: row.secret.name,
        node_type: row.secret.node_type,
        node_type_id: node_type.id,
        method: node_type.method,
        environment: row.secret.environment,
        slot,
        number,
        in_doubt: false,
        spec: None,
        of_node: None,
        held: None,
        brand: PhantomData,
    })
}

/// Grants a person who may take the value of a secret away that its provider is asked to forget it; none where there is
/// none. The state it is in is no reason to keep it.
pub fn prove_revocation<'tx>(
    tx: &mut ReadTx<'tx>,
    by: &Proof<'tx, impl AtLeast<Member>>,
    id: &SecretId,
) -> Result<Option<UseProof<'tx, Revoking>>, Error> {
    let row = secret_rows::find(tx, by, id)?.ok_or(Denied::NotFound)?;
    let node_type = node_types::find(tx, by, &row.secret.node_type)?.ok_or(Denied::NotFound)?;
    if !row.facts().rotatable_by(Standing { person: by.person(), role: by.role() }) {
        return Err(Denied::Forbidden.into());
    }
    if node_type.method != Method::OAuth || row.secret.value_entered_at.is_none() {
        return Ok(None);
    }
    Ok(Some(UseProof {
        secret: row.secret.id,
        name: row.secret.name,
        node_type: row.secret.node_type,
        node_type_id: node_type.id,
        method: node_type.method,
        environment: row.secret.environment,
        slot: Slot::Current,
        number: row.secret.value_number,
        in_doubt: false,
        spec: None,
        of_node: None,
        held: None,
        brand: PhantomData,
    }))
}

/// Grants Keyrack the renewal of the tokens that a secret holds; none where it holds none that can be used.
pub fn prove_renewal<'tx>(
    tx: &mut ReadTx<'tx>,
    by: &Proof<'tx, RunnerIn>,
    id: &SecretId,
) -> Result<Option<UseProof<'tx, Renewing>>, Error> {
    let found = usable_by_itself(tx, by, id)?.filter(|found| found.method != Method::Key);
    Ok(found.map(ByItself::granted))
}

/// Grants Keyrack the test of a secret's current value by itself; none where it cannot be used, or where the request was
/// written in the workspace: whoever wrote it would use by it what is not theirs.
pub fn prove_checkup<'tx>(
    tx: &mut ReadTx<'tx>,
    by: &Proof<'tx, RunnerIn>,
    id: &SecretId,
) -> Result<Option<UseProof<'tx, Probing>>, Error> {
    Ok(usable_by_itself(tx, by, id)?.filter(|found| !found.homemade).map(ByItself::granted))
}

/// A secret that can be used, without anybody who asks for it.
struct ByItself {
    candidate: Candidate,
    slug: Slug,
    method: Method,
    homemade: bool,
}

impl ByItself {
    fn granted<'tx, For>(self) -> UseProof<'tx, For> {
        let Self { candidate, slug, method, .. } = self;
        UseProof {
            in_doubt: candidate.is_in_doubt(),
            secret: candidate.id,
            name: candidate.name,
            node_type: slug,
            node_type_id: candidate.node_type,
            method,
            environment: candidate.environment,
            slot: Slot::Current,
            number: candidate.number,
            spec: None,
            of_node: None,
            held: None,
            brand: PhantomData,
        }
    }
}

fn usable_by_itself(tx: &mut ReadTx<'_>, by: &Proof<'_, RunnerIn>, id: &SecretId) -> Result<Option<ByItself>, Error> {
    // Whether it is enabled, and whether it is for the organization that the secret belongs to.
    type OfType = (Slug, Method, bool, Option<bool>, bool);
    let found: Option<(Candidate, OfType)> = secrets::table
        .inner_join(node_type_rows::table)
        .left_join(organization_settings::table.on(organizations_own!()))
        .filter(secrets::workspace_id.eq(by.workspace()))
        .filter(secrets::id.eq(id))
        .select((
            candidate_columns!(),
            (
                node_type_rows::slug,
                node_type_rows::method,
                node_type_rows::enabled,
                organization_settings::enabled.nullable(),
                node_type_rows::spec.is_not_null(),
            ),
        ))
        .first(tx.conn)
        .optional()?;
    let Some((candidate, (slug, method, enabled, open, homemade))) = found else { return Ok(None) };
    let usable = enabled && open != Some(false) && check_state(&candidate, tx.now()).is_ok();
    Ok(usable.then_some(ByItself { candidate, slug, method, homemade }))
}
