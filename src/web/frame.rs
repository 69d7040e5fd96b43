//! The frame around a page: read in the page's own transaction, drawn from one place.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use actix_web::web::Data;
use askama::Template;

use crate::app::App;
use crate::app::context::Cookies;
use crate::domain::policy::{self, Standing};
use crate::domain::{PersonId, Role};
use crate::store::access::{AtLeast, Member, Oneself, Proof};
use crate::store::people::Person;
use crate::store::workspaces::WorkspaceRow;
use crate::store::{self, Error as StoreError, ReadTx};

use super::chrome::{Chrome, May, PersonBadge, Place, WorkspaceLink, WorkspaceNav};
use super::error::Error;
use super::flash::Flash;
use super::visitor::Visitor;

pub type Reply = Result<HttpResponse, Error>;

/// What the chrome shows of the database.
pub struct Frame {
    pub person: Person,
    pub here: Option<(WorkspaceRow, Role)>,
    pub all: Vec<(WorkspaceRow, Role)>,
}

impl Frame {
    pub fn of_member(tx: &mut ReadTx<'_>, by: &Proof<'_, impl AtLeast<Member>>) -> Result<Self, StoreError> {
        let person = store::workspaces::find_person(tx, by)?;
        let here = store::workspaces::current(tx, by)?;
        let all = store::workspaces::of_person(tx, by.person())?;
        Ok(Self { person, here: Some((here, by.role())), all })
    }

    /// Whether a token that this member made opens for the one who looks.
    pub fn may_open_token(&self, maker: &PersonId) -> bool {
        let role = self.here.as_ref().map(|(_, role)| *role);
        role.is_some_and(|role| policy::sees_token(Standing { person: &self.person.id, role }, maker))
    }

    pub fn of_myself(tx: &mut ReadTx<'_>, by: &Proof<'_, Oneself>) -> Result<Self, StoreError> {
        let (person, _) = store::people::myself(tx, by)?;
        let all = store::workspaces::mine(tx, by)?;
        // The account belongs to no workspace; the rail shows the first, to go back to.
        Ok(Self { person, here: all.first().cloned(), all })
    }
}

/// The chrome of a page for somebody whose rights have been proven, or for nobody.
pub fn chrome(visitor: &Visitor, frame: Option<&Frame>, page: &str, here: Place) -> Chrome {
    let workspace = frame.and_then(|f| f.here.as_ref()).map(|(row, role)| WorkspaceNav {
        name: row.name.to_string(),
        slug: row.slug.to_string(),
        role: role.label(),
    });
    let links = frame.map(|f| f.all.as_slice()).unwrap_or_default().iter();
    let role = frame.and_then(|f| f.here.as_ref()).map(|(_, role)| *role);
    Chrome {
        page: page.to_owned(),
        nonce: visitor.context.nonce.clone(),
        csrf: visitor.csrf.clone(),
        theme: visitor.theme,
        path: visitor.path.clone(),
        flash: visitor.flash.map(Flash::shown).into_iter().collect(),
        person: frame.map(|f| PersonBadge { name: f.person.name.to_string(), email: f.person.email.to_string() }),
        workspaces: links
            .map(|(row, _)| WorkspaceLink { name: row.name.to_string(), slug: row.slug.to_string() })
            .collect(),
        may: May {
            rotations: role.is_some_and(policy::runs_rotations),
            every_token: role.is_some_and(policy::may_make_every_token),
            activity: role.is_some_and(policy::sees_activity),
            settings: role.is_some_and(policy::changes_settings),
            webhooks: role.is_some_and(policy::manages_webhooks),
            end_users: role.is_some_and(policy::manages_end_users),
        },
        workspace,
        here,
    }
}

/// A page, and the end of the message it showed.
pub fn page(app: &Data<App>, visitor: &Visitor, template: &impl Template) -> Reply {
    answer(app, visitor, StatusCode::OK, template)
}

/// A form that comes back with what is to be put right.
pub fn again(app: &Data<App>, visitor: &Visitor, template: &impl Template) -> Reply {
    answer(app, visitor, StatusCode::UNPROCESSABLE_ENTITY, template)
}

/// A form that was sent too often.
pub fn later(app: &Data<App>, visitor: &Visitor, seconds: u64, template: &impl Template) -> Reply {
    let mut response = answer(app, visitor, StatusCode::TOO_MANY_REQUESTS, template)?;
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    Ok(response)
}

fn answer(app: &Data<App>, visitor: &Visitor, status: StatusCode, template: &impl Template) -> Reply {
    let mut response = HttpResponse::build(status);
    if visitor.flash.is_some() {
        response.cookie(Cookies::new(&app.config.server).remove("flash"));
    }
    Ok(response.content_type("text/html; charset=utf-8").body(template.render()?))
}

/// On to another page, with a message.
pub fn see_other(app: &Data<App>, to: &str, flash: Option<Flash>) -> HttpResponse {
    let mut response = HttpResponse::SeeOther();
    if let Some(flash) = flash {
        response.cookie(Cookies::new(&app.config.server).make("flash", &flash.word(), None));
    }
    response.insert_header((header::LOCATION, to)).finish()
}

/// Only a path of our own is gone back to.
pub fn safe_return(to: &str) -> Option<&str> {
    let plain = to.bytes().all(|b| b.is_ascii_graphic() && b != b'\\');
    let path = to.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    let straight = !["//", "/.", "/%2f", "/%5c", "/%2e"].iter().any(|crooked| path.contains(crooked));
    (plain && to.starts_with('/') && straight).then_some(to)
}

#[cfg(test)]
mod tests {
    use super::safe_return;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert_eq!(safe_return("/w/acme?q=a"), Some("/w/acme?q=a"));
        for bad in [
            "//e.com",
            "/\\e.com",
            "https://e.com",
            "/\t/e.com",
            "/%2Fe.com",
            "/%5ce.com",
            "/.//e.com",
            "/w//e",
            "",
            "e.com",
            "javascript:alert(1)",
            "/a\nb",
        ] {
            assert_eq!(safe_return(bad), None, "{bad:?}");
        }
    }
}
