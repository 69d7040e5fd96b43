//! The command that walks every chain of the record and says of each whether it holds.

use std::convert::Infallible;

use crate::actions::record::{self, Checked, Flaw};
use crate::cli::AuditVerify;
use crate::domain::audit::ChainKind;
use crate::domain::{Slug, WorkspaceId};
use crate::store::access::{AskCommandLine, CommandLine, Proof};
use crate::store::{self, Denied, Error, Fault, ReadTx};

use super::App;

#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("there is no workspace {0}")]
    NoWorkspace(String),
    #[error("{0} of the record's chains do not hold")]
    Broken(usize),
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<Fault<Infallible>> for VerifyError {
    fn from(fault: Fault<Infallible>) -> Self {
        match fault {
            Fault::Refused(never) => match never {},
            Fault::Store(error) => Self::Store(error),
        }
    }
}

/// Says a line for each chain; an error when any does not hold, once all have been walked.
#[expect(clippy::print_stdout, reason = "speaks to whoever typed the command")]
pub async fn verify(app: &App, ask: &AuditVerify) -> Result<(), VerifyError> {
    let mut broken = 0;
    for (workspace, slug) in workspaces(app, ask).await? {
        for kind in [ChainKind::Changes, ChainKind::Uses] {
            // None when the workspace was deleted while the others were walked.
            let Some(checked) = walk(app, Some(workspace.clone()), kind).await? else { continue };
            println!("{}", line(&format!("{slug} {kind}"), kind, &checked));
            broken += usize::from(checked.flaw.is_some());
        }
    }
    if ask.workspace.is_none()
        && let Some(checked) = walk(app, None, ChainKind::Installation).await?
    {
        println!("{}", line("installation", ChainKind::Installation, &checked));
        broken += usize::from(checked.flaw.is_some());
    }
    if broken == 0 { Ok(()) } else { Err(VerifyError::Broken(broken)) }
}

async fn workspaces(app: &App, ask: &AuditVerify) -> Result<Vec<(WorkspaceId, Slug)>, VerifyError> {
    let named = ask.workspace.clone();
    let found = app.db.read::<_, _, Infallible, _>(AskCommandLine, move |tx, by| match &named {
        None => Ok(store::record::workspaces(tx, by)?),
        Some(name) => {
            let row = store::workspaces::find_named(tx, by, name)?;
            Ok(row.map(|row| (row.id, row.slug)).into_iter().collect())
        }
    });
    let found = found.await?;
    match &ask.workspace {
        Some(name) if found.is_empty() => Err(VerifyError::NoWorkspace(name.to_string())),
        _ => Ok(found),
    }
}

async fn walk(app: &App, workspace: Option<WorkspaceId>, kind: ChainKind) -> Result<Option<Checked>, VerifyError> {
    let chain = move |tx: &mut ReadTx<'_>, by: &Proof<'_, CommandLine>| {
        if let Some(id) = &workspace
            && !store::record::exists(tx, by, id)?
        {
            return Err(Denied::NotFound.into());
        }
        store::record::any_chain(tx, by, workspace.as_ref(), kind)
    };
    let parts = (&app.db, &app.keyring);
    match record::check(parts, || AskCommandLine, chain, 0, i64::MAX).await {
        Ok(checked) => Ok(Some(checked)),
        Err(Fault::Store(Error::Denied(Denied::NotFound))) => Ok(None),
        Err(fault) => Err(fault.into()),
    }
}

fn line(name: &str, kind: ChainKind, checked: &Checked) -> String {
    match checked.flaw {
        None if checked.seq == 1 => format!("{name}: 1 entry, unbroken"),
        None => format!("{name}: {} entries, unbroken", checked.seq),
        Some((_, Flaw::NoChain)) => format!("{name}: BROKEN, the chain is missing"),
        Some((seq, flaw)) => format!("{name}: BROKEN at {kind}-{seq}, {flaw}"),
    }
}
