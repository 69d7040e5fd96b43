//! The orders in which secrets are listed, and the place of a secret in each.
//!
//! Invariant: an order ends with the id, so that no two secrets have the same place; and each has an index of its own.

use std::fmt;
use std::str::FromStr;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use crate::domain::word::words;
use crate::domain::{Moment, SecretId};
use crate::store::error::Error;
use crate::store::paging::Turn;
use crate::store::schema::secrets;
use crate::store::tx::ReadTx;

use super::lists::Ids;

words! {
    Order { Newest = "newest", Name = "name", LastUse = "last_use", Expiry = "expiry" }
}

/// Where a secret stands in an order: what it is ordered by, and its id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Spot {
    Id(SecretId),
    Name(String, SecretId),
    At(i64, SecretId),
}

impl Spot {
    fn id(&self) -> &SecretId {
        match self {
            Self::Id(id) | Self::Name(_, id) | Self::At(_, id) => id,
        }
    }

    pub fn into_id(self) -> SecretId {
        match self {
            Self::Id(id) | Self::Name(_, id) | Self::At(_, id) => id,
        }
    }
}

/// The id first: it holds no sign that could be mistaken for the joint.
impl fmt::Display for Spot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => write!(f, "{id}"),
            Self::Name(name, id) => write!(f, "{id}~{name}"),
            Self::At(micros, id) => write!(f, "{id}.{micros}"),
        }
    }
}

impl FromStr for Spot {
    type Err = crate::domain::id::Malformed;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let malformed = crate::domain::id::Malformed("Spot");
        if let Some((id, name)) = text.split_once('~') {
            // PostgreSQL takes no such sign, and no name's key holds one.
            if name.contains('\0') {
                return Err(malformed);
            }
            return Ok(Self::Name(name.to_owned(), id.parse()?));
        }
        match text.split_once('.') {
            Some((id, micros)) => Ok(Self::At(micros.parse().map_err(|_| malformed)?, id.parse()?)),
            None => Ok(Self::Id(text.parse()?)),
        }
    }
}

// Both databases keep an index of each of these, in exactly these words.
const LAST_USE: &str = "COALESCE(secrets.last_used_at, 0)";
const EXPIRY: &str = "COALESCE(secrets.expires_at, 9223372036854775807)";

/// Those that were ever used, which the index of that order knows.
pub(super) fn used(ids: Ids<'_>) -> Ids<'_> {
    ids.filter(sql::<BigInt>(LAST_USE).gt(0))
}

/// What comes after a place: in the order where `$after`, against it otherwise. Said twice of the first column, because
/// that is the form in which both databases begin at a place of the index.
macro_rules! beyond {
    ($ids:expr, $column:expr, $value:expr, $id:expr, rising) => {
        $ids.filter($column.ge($value)).filter($column.gt($value).or(secrets::id.gt($id)))
    };
    ($ids:expr, $column:expr, $value:expr, $id:expr, falling) => {
        $ids.filter($column.le($value)).filter($column.lt($value).or(secrets::id.lt($id)))
    };
}

/// The next places of an order, or those before in the order against it.
pub(super) fn fetch(
    tx: &mut ReadTx<'_>,
    ids: Ids<'_>,
    (order, turn, limit): (Order, &Turn<Spot>, i64),
) -> Result<Vec<Spot>, Error> {
    let ids = ids.limit(limit);
    match order {
        Order::Newest => by_id(tx, ids, turn),
        Order::Name => by_name(tx, ids, turn),
        Order::LastUse => by_last_use(tx, ids, turn),
        Order::Expiry => by_expiry(tx, ids, turn),
    }
}

fn by_id(tx: &mut ReadTx<'_>, ids: Ids<'_>, turn: &Turn<Spot>) -> Result<Vec<Spot>, Error> {
    let ids = match turn {
        Turn::OlderThan(spot) => ids.filter(secrets::id.lt(spot.id())).order(secrets::id.desc()),
        Turn::NewerThan(spot) => ids.filter(secrets::id.gt(spot.id())).order(secrets::id.asc()),
        Turn::Newest => ids.order(secrets::id.desc()),
    };
    let found: Vec<SecretId> = ids.load(tx.conn)?;
    Ok(found.into_iter().map(Spot::Id).collect())
}

fn by_name(tx: &mut ReadTx<'_>, ids: Ids<'_>, turn: &Turn<Spot>) -> Result<Vec<Spot>, Error> {
    let rising = (secrets::name_key.asc(), secrets::id.asc());
    let falling = (secrets::name_key.desc(), secrets::id.desc());
    let ids = match turn {
        Turn::OlderThan(Spot::Name(name, id)) => beyond!(ids, secrets::name_key, name, id, rising).order(rising),
        Turn::NewerThan(Spot::Name(name, id)) => beyond!(ids, secrets::name_key, name, id, falling).order(falling),
        _ => ids.order(rising),
    };
    let found: Vec<(String, SecretId)> = ids.select((secrets::name_key, secrets::id)).load(tx.conn)?;
    Ok(found.into_iter().map(|(name, id)| Spot::Name(name, id)).collect())
}

fn by_last_use(tx: &mut ReadTx<'_>, ids: Ids<'_>, turn: &Turn<Spot>) -> Result<Vec<Spot>, Error> {
    let column = || sql::<BigInt>(LAST_USE);
    let (rising, falling) = ((column().asc(), secrets::id.asc()), (column().desc(), secrets::id.desc()));
    let ids = match turn {
        Turn::OlderThan(Spot::At(at, id)) => beyond!(ids, column(), *at, id, falling).order(falling),
        Turn::NewerThan(Spot::At(at, id)) => beyond!(ids, column(), *at, id, rising).order(rising),
        _ => ids.order(falling),
    };
    at_moments(ids.select((column(), secrets::id)).load(tx.conn)?)
}

fn by_expiry(tx: &mut ReadTx<'_>, ids: Ids<'_>, turn: &Turn<Spot>) -> Result<Vec<Spot>, Error> {
    let column = || sql::<BigInt>(EXPIRY);
    let (rising, falling) = ((column().asc(), secrets::id.asc()), (column().desc(), secrets::id.desc()));
    let ids = match turn {
        Turn::OlderThan(Spot::At(at, id)) => beyond!(ids, column(), *at, id, rising).order(rising),
        Turn::NewerThan(Spot::At(at, id)) => beyond!(ids, column(), *at, id, falling).order(falling),
        _ => ids.order(rising),
    };
    at_moments(ids.select((column(), secrets::id)).load(tx.conn)?)
}

fn at_moments(found: Vec<(i64, SecretId)>) -> Result<Vec<Spot>, Error> {
    Ok(found.into_iter().map(|(at, id)| Spot::At(at, id)).collect())
}

impl super::ListedSecret {
    /// Where it stands in the order.
    pub fn spot(&self, order: Order) -> Spot {
        let (secret, id) = (&self.secret, self.secret.id.clone());
        match order {
            Order::Newest => Spot::Id(id),
            Order::Name => Spot::Name(secret.name.key(), id),
            Order::LastUse => Spot::At(secret.last_used_at.map_or(0, Moment::micros), id),
            Order::Expiry => Spot::At(secret.expires_at.map_or(i64::MAX, Moment::micros), id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spot_is_read_back_as_it_was_written() {
        let id: SecretId = "sec_01jd8x3f5k7q9r2t4v6w8y0z1a".parse().unwrap();
        for spot in [
            Spot::Id(id.clone()),
            Spot::Name("a~b.c 1".to_owned(), id.clone()),
            Spot::Name(String::new(), id.clone()),
            Spot::At(i64::MAX, id.clone()),
            Spot::At(0, id),
        ] {
            assert_eq!(spot.to_string().parse::<Spot>(), Ok(spot));
        }
        for bad in ["", "sec_1", "sec_01jd8x3f5k7q9r2t4v6w8y0z1a.x", "x~y"] {
            assert!(bad.parse::<Spot>().is_err(), "{bad}");
        }
    }
}
