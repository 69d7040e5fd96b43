//! How a workspace's connect page shows itself.

use diesel::prelude::*;

use crate::domain::Name;
use crate::domain::connect_page::{Accent, Origins};

use super::access::{Admin, AtLeast, InWorkspace, Nobody, Proof};
use super::error::Error;
use super::schema::connect_pages as rows;
use super::tx::{ReadTx, WriteTx};

/// What it looks like. Everything absent is Keyrack's own, or the workspace's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Brand {
    pub name: Option<Name>,
    pub accent: Option<Accent>,
    /// By which the logo is fetched.
    pub logo: Option<String>,
}

type Kept = (String, Option<Name>, Option<String>, Option<String>);

fn kept(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>) -> Result<Option<Kept>, Error> {
    let row = rows::table.filter(rows::workspace_id.eq(by.workspace()));
    Ok(row.select((rows::origins, rows::name, rows::accent, rows::logo_name)).first(tx.conn).optional()?)
}

pub fn find(tx: &mut ReadTx<'_>, by: &Proof<'_, impl InWorkspace>) -> Result<(Origins, Brand), Error> {
    let Some((origins, name, accent, logo)) = kept(tx, by)? else { return Ok(Default::default()) };
    let accent = accent.and_then(|text| text.parse().ok());
    Ok((Origins::parse(&origins).unwrap_or_default(), Brand { name, accent, logo }))
}

/// Makes the row where there is none yet.
fn ensure(tx: &mut WriteTx<'_>, by: &Proof<'_, impl InWorkspace>) -> Result<(), Error> {
    if kept(tx, by)?.is_none() {
        diesel::insert_into(rows::table)
            .values((rows::workspace_id.eq(by.workspace()), rows::origins.eq("")))
            .execute(tx.conn)?;
    }
    Ok(())
}

pub fn set(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    (origins, brand): (&Origins, &Brand),
) -> Result<(), Error> {
    ensure(tx, by)?;
    diesel::update(rows::table.filter(rows::workspace_id.eq(by.workspace())))
        .set((
            rows::origins.eq(origins.text()),
            rows::name.eq(brand.name.as_ref()),
            rows::accent.eq(brand.accent.map(|accent| accent.to_string())),
        ))
        .execute(tx.conn)?;
    Ok(())
}

/// The logo and the name that it is fetched by, or none from now on.
pub fn set_logo(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, impl AtLeast<Admin>>,
    logo: Option<(&str, &[u8])>,
) -> Result<(), Error> {
    ensure(tx, by)?;
    diesel::update(rows::table.filter(rows::workspace_id.eq(by.workspace())))
        .set((rows::logo_name.eq(logo.map(|(name, _)| name)), rows::logo.eq(logo.map(|(_, bytes)| bytes))))
        .execute(tx.conn)?;
    Ok(())
}

/// A logo, which anybody may see who knows its name.
pub fn logo(tx: &mut ReadTx<'_>, _by: &Proof<'_, Nobody>, name: &str) -> Result<Option<Vec<u8>>, Error> {
    let row = rows::table.filter(rows::logo_name.eq(name)).select(rows::logo.assume_not_null());
    Ok(row.first(tx.conn).optional()?)
}
