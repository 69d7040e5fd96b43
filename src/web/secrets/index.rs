//! The list of secrets: what it is narrowed to, and one page of it.

use actix_web::web::{Data, Query};
use serde::Deserialize;

use crate::app::App;
use crate::domain::policy::Standing;
use crate::domain::{
    EndUserId, Environment, Moment, Name, OrganizationId, OutsiderId, PersonId, Role, SecretState, Sharing, Slug,
    policy,
};
use crate::store::access::Member;
use crate::store::node_types::NodeTypeRow;
use crate::store::paging::Page;
use crate::store::secrets::{ListedSecret, Order, SecretRow, Sought, SoughtOwner, SoughtUsers, Spot};
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::filters::{self, InForce};
use crate::web::frame::{self, Frame, Reply};
use crate::web::view::{Choice, Pager, Shown as _, When};
use crate::web::visitor::{Demand, Visitor};
use crate::web::{paging, url};

use super::delete_many::ALL;
use super::{Never, mark, owner_of, page};

/// How the query calls end users and organizations among the owners.
const OUTSIDE: &str = "end-users";
/// How the query calls what others share with the one who looks.
const WITH_ME: &str = "with-me";
/// How the query has every row of the page chosen.
const EVERY: &str = "page";

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Asked {
    q: String,
    node_type: String,
    environment: String,
    state: String,
    owner: String,
    sharing: String,
    sort: String,
    user: String,
    before: String,
    after: String,
    chosen: String,
}

impl Asked {
    /// What narrows and sorts the list, as it was asked for, for a way back to it.
    pub(super) fn kept(&self) -> Vec<(&str, &str)> {
        let all = [
            ("q", self.q.as_str()),
            ("node_type", &self.node_type),
            ("environment", &self.environment),
            ("state", &self.state),
            ("owner", &self.owner),
            ("sharing", &self.sharing),
            ("user", &self.user),
            ("sort", &self.sort),
        ];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// What goes with a choice among the rows of this page.
    fn choosing(&self) -> page::Choosing {
        let place = [("before", self.before.as_str()), ("after", &self.after)];
        let place = place.into_iter().filter(|(_, value)| !value.is_empty());
        let hidden = self.kept().into_iter().chain(place);
        page::Choosing {
            hidden: hidden.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
            every: self.chosen == EVERY,
        }
    }

    /// What of it can be understood; the rest narrows nothing.
    pub(super) fn sought(&self) -> Sought {
        let owner = owner_of_word(&self.owner);
        let users = match self.sharing.as_str() {
            WITH_ME => Some(SoughtUsers::Me),
            _ => self.user.parse().ok().map(SoughtUsers::Member),
        };
        Sought {
            name: Name::part_of_key(&self.q),
            node_type: self.node_type.parse().ok(),
            environment: self.environment.parse().ok(),
            state: self.state.parse().ok(),
            owner,
            sharing: self.sharing.parse().ok(),
            users,
            connections: false,
        }
    }
}

/// A member, all who are outside, or one of those.
fn owner_of_word(word: &str) -> Option<SoughtOwner> {
    if word == OUTSIDE {
        return Some(SoughtOwner::Outside);
    }
    let end_user = || word.parse::<EndUserId>().ok().map(OutsiderId::from);
    let organization = || word.parse::<OrganizationId>().ok().map(OutsiderId::from);
    let person = || word.parse().ok().map(SoughtOwner::Person);
    person().or_else(|| end_user().or_else(organization).map(SoughtOwner::Outsider))
}

/// What the filters' words are taken from.
struct Narrowed<'a> {
    ws: &'a str,
    typed: &'a str,
    sought: &'a Sought,
    node_types: &'a [NodeTypeRow],
    members: &'a [(PersonId, Name)],
    role: Role,
}

impl Narrowed<'_> {
    fn in_force(&self) -> Vec<InForce> {
        let one = InForce::new;
        let sought = self.sought;
        let all = [
            sought.name.as_ref().map(|_| one("q", self.typed.trim(), self.typed.trim())),
            sought.node_type.as_ref().map(|s| one("node_type", s.as_str(), self.node_type(s))),
            sought.environment.map(|e| one("environment", e.as_str(), e.as_str())),
            sought.state.map(|s| one("state", s.as_str(), s.word())),
            sought.owner.as_ref().map(|owner| match owner {
                SoughtOwner::Outside => one("owner", OUTSIDE, "End users"),
                SoughtOwner::Outsider(id @ OutsiderId::EndUser(_)) => one("owner", &id.to_string(), "One end user"),
                SoughtOwner::Outsider(id) => one("owner", &id.to_string(), "One organization"),
                SoughtOwner::Person(id) => one("owner", id.as_str(), self.member(id)),
            }),
            sought.sharing.map(|s| one("sharing", s.as_str(), s.word())),
            sought.users.as_ref().map(|users| match users {
                SoughtUsers::Me => one("sharing", WITH_ME, "Shared with me"),
                SoughtUsers::Member(id) | SoughtUsers::Besides(id) => {
                    one("user", id.as_str(), &format!("{} may use it", self.member(id)))
                }
            }),
        ];
        all.into_iter().flatten().collect()
    }

    fn node_type<'a>(&'a self, slug: &'a Slug) -> &'a str {
        self.node_types.iter().find(|row| row.slug == *slug).map_or(slug.as_str(), |row| row.name.as_str())
    }

    fn member(&self, id: &PersonId) -> &str {
        self.members.iter().find(|(member, _)| member == id).map_or("A former member", |(_, name)| name.as_str())
    }

    fn filter(&self, in_force: &[InForce], order: Order) -> page::Filter {
        let sought = self.sought;
        let choice = |value: &str, label: &str, chosen: bool| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            chosen,
        };
        let is_type = |row: &NodeTypeRow| sought.node_type.as_ref() == Some(&row.slug);
        let environment = |e: &Environment| choice(e.as_str(), e.as_str(), sought.environment == Some(*e));
        let state = |s: &SecretState| choice(s.as_str(), s.word(), sought.state == Some(*s));
        let sharing = |s: &Sharing| choice(s.as_str(), s.word(), sought.sharing == Some(*s));
        let with_me = choice(WITH_ME, "Shared with me", sought.users == Some(SoughtUsers::Me));
        page::Filter {
            q: self.typed.to_owned(),
            node_types: self.node_types.iter().map(|n| choice(n.slug.as_str(), n.name.as_str(), is_type(n))).collect(),
            environments: Environment::ALL.iter().map(environment).collect(),
            orders: Order::ALL.iter().map(|one| choice(one.as_str(), order_word(*one), *one == order)).collect(),
            states: SecretState::ALL.iter().map(state).collect(),
            owners: self.owners(),
            sharings: Sharing::ALL.iter().map(sharing).chain([with_me]).collect(),
            user: in_force.iter().find(|one| one.name == "user").map(|one| one.value.clone()).unwrap_or_default(),
            chips: filters::chips(&url::secrets(self.ws), in_force),
        }
    }

    /// The members by their names, and end users for those who see what is theirs.
    fn owners(&self) -> Vec<Choice> {
        let choice = |value: &str, label: &str, owner: &SoughtOwner| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            chosen: self.sought.owner.as_ref() == Some(owner),
        };
        let member =
            |(id, name): &(PersonId, Name)| choice(id.as_str(), name.as_str(), &SoughtOwner::Person(id.clone()));
        let mut owners: Vec<Choice> = self.members.iter().map(member).collect();
        owners.sort_by_key(|owner| owner.label.to_lowercase());
        if policy::sees_all_secrets(self.role) {
            owners.push(choice(OUTSIDE, "End users", &SoughtOwner::Outside));
        }
        owners
    }
}

pub async fn index(visitor: Visitor, demand: Demand<Member>, asked: Query<Asked>, app: Data<App>) -> Reply {
    let (sought, turn) = (asked.sought(), paging::turn::<Spot>(&asked.before, &asked.after));
    let order = asked.sort.parse().unwrap_or(Order::Newest);
    let wanted = sought.clone();
    let found = app.db.read(demand.ask(), move |tx, by| {
        let counts = store::secrets::counts(tx, by, &wanted)?;
        // To find that nothing matches once is enough.
        let page = if counts.0 == 0 { Page::empty() } else { store::secrets::list(tx, by, &wanted, (order, &turn))? };
        let (members, node_types) = (store::audit::names(tx, by)?, store::node_types::list(tx, by)?);
        let frame = Frame::of_member(tx, by)?;
        Ok::<_, Fault<Never>>((frame, by.role(), page, counts, (members, node_types), tx.now()))
    });
    let (frame, role, page, (matching, all), (members, node_types), now) = found.await?;
    let (ws, typed) = (demand.ws(), asked.q.as_str());
    let narrowed = Narrowed { ws, typed, sought: &sought, node_types: &node_types, members: &members, role };
    let in_force = narrowed.in_force();
    let filters = filters::pairs(&in_force);
    let sorted = filters.iter().copied().chain((order != Order::Newest).then_some(("sort", order.as_str())));
    let sorted: Vec<(&str, &str)> = sorted.collect();
    let pager = paging::pager(&url::secrets(ws), &sorted, &page, |row| row.spot(order).to_string());
    let standing = Standing { person: &frame.person.id, role };
    let rows: Vec<page::Row> = page.rows.iter().map(|row| row_of(row, standing, now)).collect();
    let whole = !filters.is_empty() || policy::sees_all_secrets(role);
    let template = page::Index {
        ws: ws.to_owned(),
        choosing: rows.iter().any(|row| row.may_delete).then(|| asked.choosing()),
        delete_all: whole.then(|| url::with_query(&url::delete_secrets(ws), &[&sorted, [ALL].as_slice()].concat())),
        filter: narrowed.filter(&in_force, order),
        matching,
        all,
        rows,
        exports: super::export::links(ws, &filters),
        pager: Pager { sorted: order != Order::Newest, ..pager },
        sorts: sorts(ws, &filters, order),
        chrome: frame::chrome(&visitor, Some(&frame), "Secrets", Place::Secrets),
    };
    frame::page(&app, &visitor, &template)
}

fn row_of(row: &ListedSecret, reader: Standing<'_>, now: Moment) -> page::Row {
    page::Row {
        id: row.secret.id.to_string(),
        name: row.secret.name.to_string(),
        node_type: mark(&row.secret),
        owner: owner_of(row),
        sharing: row.facts().sharing_at(now),
        environment: row.secret.environment,
        last_four: row.secret.last_four.clone(),
        disabled: !row.secret.node_type_enabled,
        state: row.secret.state(now),
        dates: dates_of(&row.secret, now),
        last_use: row.secret.last_used_at.map(|at| When::new(at, now)),
        may_delete: row.facts().deletable_by(reader),
    }
}

fn order_word(order: Order) -> &'static str {
    match order {
        Order::Newest => "Newest first",
        Order::Name => "By name",
        Order::LastUse => "Last used first",
        Order::Expiry => "Expiring first",
    }
}

/// The links of the table's head, which keep the filters.
fn sorts(ws: &str, filters: &[(&str, &str)], order: Order) -> page::Sorts {
    let link = |by: Order| {
        let pairs: Vec<(&str, &str)> = filters.iter().copied().chain([("sort", by.as_str())]).collect();
        page::Sort { url: url::with_query(&url::secrets(ws), &pairs), current: by == order }
    };
    page::Sorts { name: link(Order::Name), last_use: link(Order::LastUse) }
}

/// What the list says of its dates: while there is a value that they are about.
fn dates_of(secret: &SecretRow, now: Moment) -> Vec<(&'static str, When)> {
    let word = |at: Moment, to_come, over| (if at > now { to_come } else { over }, When::new(at, now));
    if secret.value_entered_at.is_none() {
        return Vec::new();
    }
    let expires = secret.expires_at.map(|at| word(at, "expires", "expired"));
    let rotate = secret.rotate_at.map(|at| word(at, "new value due", "new value due since"));
    expires.into_iter().chain(rotate).collect()
}
