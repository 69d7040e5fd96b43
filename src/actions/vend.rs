//! Handing a value to a backend: permission and row in one read, the record, then the opening.

use crate::crypto::{Credential, Purpose};
use crate::domain::audit::Event;
use crate::domain::keys::SealedValue;
use crate::domain::usage::Counted;
use crate::domain::{Hindrance, Method, Moment, Name, SecretId};
use crate::store::access::{self, AskToken, InWorkspace, Proof, UseRefusal, VendRight, Wanted, Whose};
use crate::store::token_sets::TokenSet;
use crate::store::{self, Db, Error, Fault, ReadTx, Refusal, Unrecorded, WriteTx};

use super::renewing::{NotRenewed, Renewer, TokensOf, has_ended, is_stale};
use super::uses::Use;
use super::{Kit, Tools, audit};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VendRefusal {
    #[error(transparent)]
    Use(#[from] UseRefusal),
    /// The stored value does not open; somebody has to enter it again.
    #[error("the stored value of \"{0}\" cannot be read")]
    Unreadable(Name),
    /// The tokens have ended, and the provider gives no new ones at the moment.
    #[error("no new token could be had: {}", .0.told())]
    NotRenewed(Hindrance),
}

impl Refusal for VendRefusal {}

/// What the read found: everything that is needed to record and to open.
struct Ready {
    of: Use,
    name: Name,
    number: i64,
    /// None where the row for this value is not there.
    sealed: Option<SealedValue>,
    tokens: Option<Tokens>,
    now: Moment,
}

impl Ready {
    fn has_ended(&self, now: Moment) -> bool {
        self.tokens.as_ref().is_some_and(|tokens| has_ended(&tokens.set, now))
    }

    fn is_client(&self) -> bool {
        self.tokens.as_ref().is_some_and(|tokens| tokens.method == Method::ClientCredentials)
    }
}

/// What is known of tokens that are handed out.
pub struct Tokens {
    pub method: Method,
    pub set: TokenSet,
}

/// A value on its way out.
pub struct Vended {
    pub credential: Credential,
    /// None for a key.
    pub tokens: Option<Tokens>,
}

/// How often tokens are read again that were renewed meanwhile.
const READS: usize = 3;

pub async fn vend(
    renewer: &Renewer,
    kit: &Kit,
    ask: impl Fn() -> AskToken<VendRight>,
    wanted: Wanted,
) -> Result<Vended, Fault<VendRefusal>> {
    let ready = fresh(renewer, kit, &ask, wanted).await?;
    renewer.recorder.record(ready.of.clone()).await?;
    let opened = ready.sealed.as_ref().and_then(|sealed| kit.keyring.open_value(Purpose::Vend, sealed).ok());
    let Some(credential) = opened else {
        note_unreadable(&renewer.db, kit.clone(), ask(), &ready).await?;
        return Err(VendRefusal::Unreadable(ready.name).into());
    };
    if ready.has_ended(renewer.now()) {
        // Another process could not read it, and so nobody has renewed it.
        return Err(VendRefusal::NotRenewed(Hindrance::Unreadable).into());
    }
    Ok(Vended { credential, tokens: ready.tokens })
}

/// Finds the value; tokens that are about to end are renewed first.
async fn fresh(
    renewer: &Renewer,
    kit: &Kit,
    ask: &impl Fn() -> AskToken<VendRight>,
    wanted: Wanted,
) -> Result<Ready, Fault<VendRefusal>> {
    for _ in 0..READS {
        let (kit, wanted) = (kit.clone(), wanted.clone());
        let ready = renewer.db.glance(ask(), move |tx, by| read(tx, by, (&kit, &wanted))).await?;
        let stale = ready.tokens.as_ref().is_some_and(|tokens| is_stale(&tokens.set, ready.now));
        if !stale {
            return Ok(ready);
        }
        let (workspace, secret) = (ready.of.workspace.clone(), ready.of.secret.clone());
        let of = TokensOf { workspace, secret, number: ready.number };
        match renewer.renew(&of, ready.has_ended(ready.now)).await {
            // Whether there are others now, or none, the next look tells.
            Ok(()) | Err(Fault::Refused(NotRenewed(Hindrance::Refused))) => {}
            // A client that fetches its own tokens is itself what was refused.
            Err(Fault::Refused(NotRenewed(Hindrance::ClientRefused))) if ready.is_client() => {}
            // Whoever opens it says so.
            Err(Fault::Refused(NotRenewed(Hindrance::Unreadable))) => return Ok(ready),
            // Those that are held are good for a while yet.
            Err(_) if !ready.has_ended(renewer.now()) => return Ok(ready),
            Err(Fault::Refused(NotRenewed(hindrance))) => return Err(VendRefusal::NotRenewed(hindrance).into()),
            Err(Fault::Store(error)) => return Err(error.into()),
        }
    }
    Err(VendRefusal::NotRenewed(Hindrance::Busy).into())
}

fn read<'tx>(
    tx: &mut ReadTx<'tx>,
    by: &Proof<'tx, VendRight>,
    (kit, wanted): (&Kit, &Wanted),
) -> Result<Ready, Fault<VendRefusal>> {
    let allowed = access::prove_use(tx, by, wanted).map_err(|fault| match fault {
        Fault::Refused(refusal) => Fault::Refused(VendRefusal::Use(refusal)),
        Fault::Store(error) => Fault::Store(error),
    })?;
    let sealed = store::vend::sealed_value(tx, by, &allowed)?;
    let (end_user, organization) = match wanted {
        Wanted::Secret { whose: Some(Whose::Connection(of)), .. } => (of.end_user.clone(), of.organization.clone()),
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
        node_type: Some(allowed.node_type().clone()),
        workflow: allowed.of_node().map(|of| of.workflow.clone()),
        counted: Counted::Vend,
        entry: kit.by_token(by, |tools| tools.origin.entry(tx.now(), event)),
    };
    let set = match allowed.method() {
        Method::Key => None,
        // Without it nobody knows what of the credential is a token.
        Method::OAuth | Method::ClientCredentials => {
            let set = store::token_sets::find(tx, by, allowed.secret())?;
            Some(set.ok_or(VendRefusal::Use(UseRefusal::NeedsReauthorization))?)
        }
    };
    let tokens = set.map(|set| Tokens { method: allowed.method(), set });
    Ok(Ready { of, number: allowed.number(), name: allowed.name().clone(), sealed, tokens, now: tx.now() })
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
