//! The first start, and every later one: keys made once, checked always.

use std::sync::Arc;
use std::time::Duration;

use crate::config::{KeyConfig, MasterKeySource};
use crate::crypto::{InstallationKeys, Keyring, KeyringError, LinkToken, MasterKeyError, MasterKeys};
use crate::domain::audit::ChainKind;
use crate::domain::{ChainId, Chance, Clock, LinkId};
use crate::store::access::{AskCommandLine, CommandLine, Proof};
use crate::store::installation::Kept;
use crate::store::links::{NewLink, Purpose};
use crate::store::{self, Db, Error, Fault, Refusal, Unrecorded, WriteTx};

const LINK_LIFETIME: Duration = Duration::from_hours(24);

#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Master(#[from] MasterKeyError),
    #[error(transparent)]
    Keyring(#[from] KeyringError),
    #[error("this database has keys already, so no new master key is made: {0}")]
    Lost(MasterKeyError),
    #[error("{count} workspace keys still need the master key \"{master}\", which is not configured")]
    StillNeeded { master: String, count: i64 },
    #[error("the master key \"{0}\" is not the one that was used under this id before")]
    Changed(String),
    #[error(transparent)]
    Store(#[from] Error),
}

impl Refusal for OpenError {}

/// Whether the configured master keys are those of what is kept. Reads only, so that it can come before everything.
pub fn verify(
    config: &KeyConfig,
    kept: &Kept,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
) -> Result<(), OpenError> {
    if kept.is_empty() {
        return Ok(());
    }
    let masters = load_masters(config, false, &*chance)?;
    unlock(masters, kept, clock, chance).map(drop)
}

/// Opens the keyring. Keys are made only while the database has none; nothing is written before all
/// that is there has been verified.
pub async fn open_keyring(
    db: &Db,
    config: &KeyConfig,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
) -> Result<Keyring, OpenError> {
    db.arrive().await?;
    let mut kept = look(db).await?;
    let masters = load_masters(config, kept.is_empty(), &*chance)?;
    if kept.is_empty() {
        make_keys(db, &masters, chance.clone()).await?;
        kept = look(db).await?;
    }
    let unknown = !kept.checks.iter().any(|(id, _)| id == masters.active_id());
    let active = masters.active_id().to_owned();
    let check = masters.check_value(&active).map(|mac| mac.as_bytes().to_vec()).unwrap_or_default();
    let keyring = unlock(masters, &kept, clock, chance)?;
    if unknown {
        db.write::<_, _, OpenError, _>(AskCommandLine, move |tx, by| {
            tx.unrecorded(Unrecorded::FirstStart);
            Ok(store::installation::insert_check(tx, by, &active, &check)?)
        })
        .await
        .or_else(accept_taken)?;
    }
    Ok(keyring)
}

/// Whether what is kept now still opens with the keys that this process holds.
pub async fn are_keys_ours(db: &Db, keyring: &Keyring) -> bool {
    let kept = look(db).await;
    kept.is_ok_and(|kept| keyring.is_of(&InstallationKeys(kept.keys)))
}

async fn look(db: &Db) -> Result<Kept, OpenError> {
    db.read::<_, _, OpenError, _>(AskCommandLine, |tx, _| Ok(store::installation::kept(tx)?)).await.map_err(flatten)
}

fn load_masters(config: &KeyConfig, first: bool, chance: &dyn Chance) -> Result<MasterKeys, OpenError> {
    match &config.source {
        MasterKeySource::Inline(text) => Ok(MasterKeys::parse(text.expose())?),
        MasterKeySource::File(path) if first => Ok(MasterKeys::create_file(path, chance)?),
        MasterKeySource::File(path) => MasterKeys::read_file(path).map_err(OpenError::Lost),
    }
}

async fn make_keys(db: &Db, masters: &MasterKeys, chance: Arc<dyn Chance>) -> Result<(), OpenError> {
    let keys = InstallationKeys::draw(masters, &*chance)
        .map_err(|_| Error::Unavailable("the installation keys could not be sealed"))?;
    let active = masters.active_id().to_owned();
    let check = masters.check_value(&active).map(|mac| mac.as_bytes().to_vec()).unwrap_or_default();
    let made = db.write::<_, _, OpenError, _>(AskCommandLine, move |tx, by| {
        tx.unrecorded(Unrecorded::FirstStart);
        for key in &keys.0 {
            store::installation::insert_key(tx, by, key)?;
        }
        store::installation::insert_check(tx, by, &active, &check)?;
        let chain = ChainId::draw(tx.now(), &*chance);
        Ok(store::audit::open_chain(tx, &chain, ChainKind::Installation, super::audit::INSTALLATION)?)
    });
    made.await.or_else(accept_taken)
}

/// Another process that started at the same moment was first: its keys are as good.
fn accept_taken(fault: Fault<OpenError>) -> Result<(), OpenError> {
    match fault {
        Fault::Store(Error::Taken) => Ok(()),
        other => Err(flatten(other)),
    }
}

fn flatten(fault: Fault<OpenError>) -> OpenError {
    match fault {
        Fault::Refused(refusal) => refusal,
        Fault::Store(error) => error.into(),
    }
}

/// Compares the masters with what is kept, and opens the installation keys with them.
fn unlock(
    masters: MasterKeys,
    kept: &Kept,
    clock: Arc<dyn Clock>,
    chance: Arc<dyn Chance>,
) -> Result<Keyring, OpenError> {
    for (id, mac) in &kept.checks {
        if masters.check_value(id).is_some_and(|ours| !ours.matches(mac)) {
            return Err(OpenError::Changed(id.clone()));
        }
    }
    for (master, count) in &kept.needed {
        if !masters.ids().any(|id| id == master) {
            return Err(OpenError::StillNeeded { master: master.clone(), count: *count });
        }
    }
    Ok(Keyring::open(masters, &InstallationKeys(kept.keys.clone()), clock, chance)?)
}

/// Makes a set-up link while there is nobody yet; none once there is.
pub async fn offer_set_up(db: &Db, keyring: Arc<Keyring>, chance: Arc<dyn Chance>) -> Result<Option<LinkToken>, Error> {
    let offer = db.write::<_, _, std::convert::Infallible, _>(AskCommandLine, move |tx, by| {
        Ok(draw_link(tx, by, &keyring, &*chance)?)
    });
    offer.await.map_err(|fault| match fault {
        Fault::Store(error) => error,
        Fault::Refused(never) => match never {},
    })
}

fn draw_link(
    tx: &mut WriteTx<'_>,
    by: &Proof<'_, CommandLine>,
    keyring: &Keyring,
    chance: &dyn Chance,
) -> Result<Option<LinkToken>, Error> {
    tx.unrecorded(Unrecorded::FirstStart);
    if store::people::exist(tx)? {
        return Ok(None);
    }
    let link = LinkToken::draw(LinkId::draw(tx.now(), chance), chance);
    let mac = keyring.link_mac(&link);
    let until = tx.now().plus(LINK_LIFETIME);
    let row = NewLink { id: &link.id, purpose: Purpose::SetUp, mac: mac.as_bytes(), email: None, person: None, until };
    store::links::insert(tx, by, &row)?;
    Ok(Some(link))
}
