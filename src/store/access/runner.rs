//! The program's own demand in one workspace, where something ends by itself.

use diesel::prelude::*;

use crate::domain::WorkspaceId;
use crate::store::error::{Denied, Error};
use crate::store::schema::workspaces;
use crate::store::tx::{ReadTx, WriteTx};

use super::{Demand, Proof, RunnerIn};

/// The program itself, in a workspace that may be gone by now.
pub struct AskRunnerIn {
    pub workspace: WorkspaceId,
}

impl Demand for AskRunnerIn {
    type Right = RunnerIn;

    fn lock(&self, tx: &mut WriteTx<'_>) -> Result<(), Error> {
        diesel::update(workspaces::table.filter(workspaces::id.eq(&self.workspace)))
            .set(workspaces::writes.eq(workspaces::writes + 1))
            .execute(tx.conn)?;
        Ok(())
    }

    fn prove<'tx>(&self, tx: &mut ReadTx<'tx>) -> Result<Proof<'tx, RunnerIn>, Error> {
        let row = workspaces::table.filter(workspaces::id.eq(&self.workspace)).select(workspaces::id);
        let found: Option<WorkspaceId> = row.first(tx.conn).optional()?;
        Ok(Proof::new(tx, found.ok_or(Denied::NotFound)?))
    }
}
