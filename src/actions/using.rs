//! What every use by a machine begins with: permission and row in one read, and tokens that are good for a while.
//!
//! Invariant: what is read here is opened by those alone who have made the record of it durable.

use std::sync::Arc;

use crate::domain::audit::{Entry, Event};
use crate::domain::keys::SealedValue;
use crate::domain::usage::Counted;
use crate::domain::{Environment, Hindrance, Method, Moment, Name, SecretId, Slug, TokenId, WorkspaceId};
use crate::store::access::{self, AskToken, InWorkspace, NodeUse, Proof, UseRefusal, UseRight, Wanted, Whose};
use crate::store::token_sets::TokenSet;
use crate::store::{self, Denied, Error, Fault, ReadTx, Refusal, Unrecorded, WriteTx};

use super::audit::{self, Origin};
use super::renewing::{NotRenewed, Renewer, TokensOf, has_ended, is_stale};
use super::uses::Use;
use super::{Kit, Tools};

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UsingRefusal {
    #[error(transparent)]
    Use(#[from] UseRefusal),
    /// The stored value does not open; somebody has to enter it again.
    #[error("the stored value of \"{0}\" cannot be read")]
    Unreadable(Name),
    /// The tokens have ended, and the provider gives no new ones at the moment.
    #[error("no new token could be had: {}", .0.told())]
    NotRenewed(Hindrance),
}

impl Refusal for UsingRefusal {}

/// What is known of tokens that are used.
pub struct Tokens {
    pub method: Method,
    pub set: TokenSet,
}

/// What the read found: everything that is needed to record and to open.
pub(super) struct Ready {
    pub workspace: WorkspaceId,
    pub token: TokenId,
    pub secret: SecretId,
    pub name: Name,
    pub node_type: Slug,
    /// How a custom API is described; none for what the catalogue describes.
    pub spec: Option<String>,
    pub environment: Environment,
    pub number: i64,
    pub end_user: Option<String>,
    pub organization: Option<String>,
    pub of_node: Option<NodeUse>,
    /// Whether something is said against it that a call which works would clear.
    pub in_doubt: bool,
    /// None where the row for this value is not there.
    pub sealed: Option<SealedValue>,
    pub tokens: Option<Tokens>,
    /// The token, and where it asks from.
    pub origin: Origin,
    pub now: Moment,
}

impl Ready {
    pub fn has_ended(&self, now: Moment) -> bool {
        self.tokens.as_ref().is_some_and(|tokens| has_ended(&tokens.set, now))
    }

    pub fn is_client(&self) -> bool {
        self.tokens.as_ref().is_some_and(|tokens| tokens.method == Method::ClientCredentials)
    }

    pub fn tokens_of(&self) -> TokensOf {
        TokensOf { workspace: self.workspace.clone(), secret: self.secret.clone(), number: self.number }
    }

    pub fn as_use(&self, counted: Counted, entry: Entry) -> Use {
        Use {
            workspace: self.workspace.clone(),
            secret: self.secret.clone(),
            token: Some(self.token.clone()),
            node_type: Some(self.node_type.clone()),
            workflow: self.of_node.as_ref().map(|of| of.workflow.clone()),
            counted,
            entry: Arc::new(entry),
        }
    }
}

/// How often tokens are read again that were renewed meanwhile.
const READS: usize = 3;

/// Finds the one secret that is meant; tokens that are about to end are renewed first. `may` is asked what only the
/// proof can tell.
pub(super) async fn fresh<R: UseRight>(
    renewer: &Renewer,
    kit: &Kit,
    ask: &impl Fn() -> AskToken<R>,
    wanted: &Arc<Wanted>,
    may: impl Fn(&Proof<'_, R>) -> Result<(), Denied> + Clone + Send + 'static,
) -> Result<Ready, Fault<UsingRefusal>> {
    for _ in 0..READS {
        let (kit, wanted, may) = (kit.clone(), wanted.clone(), may.clone());
        let ready = renewer
            .db
            .glance(ask(), move |tx, by| {
                may(by)?;
                read(tx, by, (&kit, &wanted))
            })
            .await?;
        let stale = ready.tokens.as_ref().is_some_and(|tokens| is_stale(&tokens.set, ready.now));
        if !stale {
            return Ok(ready);
        }
        match renewer.renew(&ready.tokens_of(), ready.has_ended(ready.now)).await {
            // Whether there are others now, or none, the next look tells.
            Ok(()) | Err(Fault::Refused(NotRenewed(Hindrance::Refused))) => {}
            // A client that fetches its own tokens is itself what was refused.
            Err(Fault::Refused(NotRenewed(Hindrance::ClientRefused))) if ready.is_client() => {}
            // Whoever opens it says so.
            Err(Fault::Refused(NotRenewed(Hindrance::Unreadable))) => return Ok(ready),
            // Those that are held are good for a while yet.
            Err(_) if !ready.has_ended(renewer.now()) => return Ok(ready),
            Err(Fault::Refused(NotRenewed(hindrance))) => return Err(UsingRefusal::NotRenewed(hindrance).into()),
            Err(Fault::Store(error)) => return Err(error.into()),
        }
    }
    Err(UsingRefusal::NotRenewed(Hindrance::Busy).into())
}

fn read<'tx, R: UseRight>(
    tx: &mut ReadTx<'tx>,
    by: &Proof<'tx, R>,
    (kit, wanted): (&Kit, &Wanted),
) -> Result<Ready, Fault<UsingRefusal>> {
    let refused = |refusal| Fault::Refused(UsingRefusal::Use(refusal));
    let allowed = access::prove_use(tx, by, wanted).map_err(|fault| match fault {
        Fault::Refused(refusal) => refused(refusal),
        Fault::Store(error) => Fault::Store(error),
    })?;
    let sealed = store::vend::sealed_value(tx, by, &allowed)?;
    let (end_user, organization) = match wanted {
        Wanted::Secret { whose: Some(Whose::Connection(of)), .. } => (of.end_user.clone(), of.organization.clone()),
        Wanted::Secret { .. } | Wanted::Node { .. } => (None, None),
    };
    let set = match allowed.method() {
        Method::Key => None,
        // Without it nobody knows what of the credential is a token.
        Method::OAuth | Method::ClientCredentials => {
            let set = store::token_sets::find(tx, by, allowed.secret())?;
            Some(set.ok_or(UsingRefusal::Use(UseRefusal::NeedsReauthorization))?)
        }
    };
    Ok(Ready {
        workspace: by.workspace().clone(),
        token: by.token().clone(),
        secret: allowed.secret().clone(),
        name: allowed.name().clone(),
        node_type: allowed.node_type().clone(),
        spec: allowed.spec().map(ToOwned::to_owned),
        environment: allowed.environment(),
        number: allowed.number(),
        end_user,
        organization,
        of_node: allowed.of_node().cloned(),
        in_doubt: allowed.is_in_doubt(),
        sealed,
        tokens: set.map(|set| Tokens { method: allowed.method(), set }),
        origin: kit.by_token(by, |tools| tools.origin.clone()),
        now: tx.now(),
    })
}

/// Says on the secret, and in the chain, that its value does not open. Other rows are not touched.
pub(super) async fn note_unreadable<R: UseRight>(
    renewer: &Renewer,
    kit: &Kit,
    ask: AskToken<R>,
    ready: &Ready,
) -> Result<(), Fault<UsingRefusal>> {
    let (kit, id, name, value) = (kit.clone(), ready.secret.clone(), ready.name.to_string(), ready.number);
    let noted = renewer
        .db
        .write(ask, move |tx, by| Ok(kit.by_token(by, |tools| mark_unreadable(tx, by, tools, (&id, &name, value)))?));
    noted.await
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
