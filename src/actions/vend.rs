//! Handing a value to a backend: permission and row in one read, the record, then the opening.

use crate::crypto::{Credential, Purpose};
use crate::domain::audit::Event;
use crate::domain::keys::SealedValue;
use crate::domain::{Name, SecretId};
use crate::store::access::{self, AskToken, InWorkspace, Proof, UseRefusal, VendRight, Wanted, Whose};
use crate::store::{self, Db, Error, Fault, Refusal, Unrecorded, WriteTx};

use super::uses::{Recorder, Use};
use super::{Kit, Tools, audit};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VendRefusal {
    #[error(transparent)]
    Use(#[from] UseRefusal),
    /// The stored value does not open; somebody has to enter it again.
    #[error("the stored value of \"{0}\" cannot be read")]
    Unreadable(Name),
}

impl Refusal for VendRefusal {}

/// What the read found: everything that is needed to record and to open.
struct Ready {
    of: Use,
    name: Name,
    number: i64,
    /// None where the row for this value is not there.
    sealed: Option<SealedValue>,
}

pub async fn vend(
    (db, recorder): (&Db, &Recorder),
    kit: &Kit,
    ask: impl Fn() -> AskToken<VendRight>,
    wanted: Wanted,
) -> Result<Credential, Fault<VendRefusal>> {
    let found = kit.clone();
    let ready = db
        .read(ask(), move |tx, by| {
            let allowed = access::prove_vend(tx, by, &wanted).map_err(|fault| match fault {
                Fault::Refused(refusal) => Fault::Refused(VendRefusal::Use(refusal)),
                Fault::Store(error) => Fault::Store(error),
            })?;
            let sealed = store::vend::sealed_value(tx, by, &allowed)?;
            let (end_user, organization) = match &wanted {
                Wanted::Secret { whose: Whose::Connection(of), .. } => (of.end_user.clone(), of.organization.clone()),
                Wanted::Secret { .. } | Wanted::Node { .. } => (None, None),
            };
            let event = Event::Vended {
                secret: allowed.secret().clone(),
                name: allowed.name().to_string(),
                node_type: allowed.node_type().to_string(),
                environment: allowed.environment(),
                value: allowed.number(),
                end_user,
                organization,
                workflow: allowed.of_node().map(|of| of.workflow.clone()),
                node: allowed.of_node().map(|of| of.key.clone()),
            };
            let of = Use {
                workspace: by.workspace().clone(),
                secret: allowed.secret().clone(),
                token: Some(by.token().clone()),
                entry: found.by_token(by, |tools| tools.origin.entry(tx.now(), event)),
            };
            Ok(Ready { of, number: allowed.number(), name: allowed.name().clone(), sealed })
        })
        .await?;
    recorder.record(ready.of.clone()).await?;
    let opened = ready.sealed.as_ref().and_then(|sealed| kit.keyring.open_value(Purpose::Vend, sealed).ok());
    let Some(credential) = opened else {
        note_unreadable(db, kit.clone(), ask(), &ready).await?;
        return Err(VendRefusal::Unreadable(ready.name).into());
    };
    Ok(credential)
}

/// Says on the secret, and in the chain, that its value does not open. Other rows are not touched.
async fn note_unreadable(db: &Db, kit: Kit, ask: AskToken<VendRight>, ready: &Ready) -> Result<(), Fault<VendRefusal>> {
    let (id, name): (SecretId, String) = (ready.of.secret.clone(), ready.name.to_string());
    let value = ready.number;
    db.write(ask, move |tx, by| Ok(kit.by_token(by, |tools| mark_unreadable(tx, by, tools, (&id, &name, value)))?))
        .await
}

pub(super) fn mark_unreadable(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl InWorkspace>,
    tools: Tools<'_>,
    (id, name, value): (&SecretId, &str, i64),
) -> Result<(), Error> {
    if !store::secrets::mark_unreadable(tx, by, (id, value))? {
        tx.unrecorded(Unrecorded::Nothing);
        return Ok(());
    }
    let event = Event::SecretUnreadable { secret: id.clone(), name: name.to_owned(), value };
    audit::change(tx, by, tools, event)
}
