//! What a member may use: their own secrets, and what others share with them, as far as the reader may see it.

use crate::domain::{Moment, PersonId, Sharing};
use crate::store::access::{AtLeast, Member, Proof};
use crate::store::paging::Turn;
use crate::store::secrets::{ListedSecret, Order, Sought, SoughtUsers};
use crate::store::{self, Error, ReadTx};
use crate::web::secrets::mark;
use crate::web::url;
use crate::web::view::{NodeMark, When, counted};

/// Secrets that the page names; the others stand in the list that it leads to.
const NAMED: usize = 10;

pub struct Uses {
    pub rows: Vec<Usable>,
    pub all: u64,
    pub own: u64,
    /// The list of all of them.
    pub url: String,
}

pub struct Usable {
    pub id: String,
    pub name: String,
    pub node_type: NodeMark,
    pub environment: String,
    pub way: Way,
}

/// Why they may use it.
pub enum Way {
    Own,
    Chosen { by: String, until: Option<When> },
    Everybody { by: String, until: Option<When> },
}

impl Uses {
    pub fn read(
        tx: &mut ReadTx<'_>,
        by: &Proof<'_, impl AtLeast<Member>>,
        (ws, person): (&str, &PersonId),
    ) -> Result<Self, Error> {
        let now = tx.now();
        let sought = |users| Sought { users: Some(users), ..Sought::default() };
        let theirs = sought(SoughtUsers::Member(person.clone()));
        let all = store::secrets::count(tx, by, &theirs)?;
        let others = store::secrets::count(tx, by, &sought(SoughtUsers::Besides(person.clone())))?;
        let mut rows = store::secrets::list(tx, by, &theirs, (Order::Newest, &Turn::Newest))?.rows;
        rows.truncate(NAMED);
        let ids: Vec<_> = rows.iter().map(|row| row.secret.id.clone()).collect();
        let shares = store::shares::with_person(tx, by, (person, &ids))?;
        let usable = |row: &ListedSecret| Usable {
            id: row.secret.id.to_string(),
            name: row.secret.name.to_string(),
            node_type: mark(&row.secret),
            environment: row.secret.environment.to_string(),
            way: way(row, person, shares.get(&row.secret.id).copied().flatten(), now),
        };
        let url = url::with_query(&url::secrets(ws), &[("user", person.as_str())]);
        Ok(Self { rows: rows.iter().map(usable).collect(), all, own: all.saturating_sub(others), url })
    }

    /// How many are their own, and how many are not.
    pub fn count(&self, you: &bool) -> String {
        let (others, whose) = (self.all.saturating_sub(self.own), if *you { "your" } else { "their" });
        format!(
            "{} of {whose} own, {}",
            counted(self.own, "secret", "secrets"),
            counted(others, "of others", "of others")
        )
    }

    pub fn has_more(&self) -> bool {
        u64::try_from(self.rows.len()).is_ok_and(|shown| shown < self.all)
    }
}

fn way(row: &ListedSecret, person: &PersonId, chosen_until: Option<Moment>, now: Moment) -> Way {
    let by = row.owner_name.as_ref().map(ToString::to_string).unwrap_or_default();
    let when = |end: Option<Moment>| end.map(|end| When::new(end, now));
    match row.secret.sharing {
        _ if row.secret.owner.as_ref() == Some(person) => Way::Own,
        Sharing::Workspace => Way::Everybody { by, until: when(row.secret.shared_until) },
        Sharing::Private | Sharing::Members => Way::Chosen { by, until: when(chosen_until) },
    }
}
