//! Who may use a secret: shown to whoever may see it, and changed by its owner.

pub mod page;
pub mod picker;

use actix_web::web::{Data, Path};

use crate::actions::sharing::{self, Shared, SharingRefusal, Wish};
use crate::app::App;
use crate::domain::{Moment, SecretId, Sharing};
use crate::store::access::Member;
use crate::store::secrets::ListedSecret;
use crate::store::shares::Candidate;
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::forms;
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::url;
use crate::web::view::Input;
use crate::web::visitor::{Demand, Visitor};

use super::{Never, mark, owner_of};
use page::{Audience, Form};
use picker::{Picker, Sent};

/// A secret of a member, and who may use it.
struct Found {
    frame: Frame,
    row: ListedSecret,
    shared: Shared,
    nodes: usize,
    /// Whom it could be shared with, for its owner alone.
    candidates: Option<Vec<Candidate>>,
    now: Moment,
}

async fn find(app: &App, demand: &Demand<Member>, id: &str) -> Result<Found, Error> {
    let id: SecretId = id.parse().map_err(|_| Error::NotFound)?;
    let found = app.db.read(demand.ask(), move |tx, by| {
        let row = store::secrets::find(tx, by, &id)?;
        // A key from outside is shared with nobody, so there is nothing to see.
        let row = row.filter(|row| row.secret.owner.is_some()).ok_or(store::Denied::NotFound)?;
        let candidates = match row.facts().governed_by(by.person()) {
            true => Some(store::shares::candidates(tx, by)?),
            false => None,
        };
        let (shared, nodes) = (Shared::read(tx, by, &row)?, store::nodes::bound_to(tx, by, &id)?.len());
        let (frame, now) = (Frame::of_member(tx, by)?, tx.now());
        Ok::<_, Fault<Never>>(Found { frame, row, shared, nodes, candidates, now })
    });
    Ok(found.await?)
}

/// What the form holds: as it stands, or as it was sent.
struct Draft {
    sharing: Sharing,
    until: Input,
    sent: Sent,
    refusal: Option<SharingRefusal>,
}

impl Draft {
    fn of(shared: &Shared) -> Self {
        let people = shared.people.iter().map(|row| (row.person.clone(), row.ends_at));
        let until = forms::kept(&shared.until.map(Moment::day).unwrap_or_default());
        Self { sharing: shared.sharing, until, sent: Sent::of(people), refusal: None }
    }
}

fn page_of(visitor: &Visitor, ws: &str, found: &Found, draft: &Draft) -> page::Show {
    let secret = &found.row.secret;
    let form = found.candidates.as_ref().map(|candidates| {
        let mut picker = Picker::of(candidates, &draft.sent, found.now);
        let about_people = [SharingRefusal::NobodyChosen, SharingRefusal::NotAMember];
        picker.error = draft.refusal.filter(|why| about_people.contains(why)).map(|why| why.to_string());
        Form {
            sharing: draft.sharing,
            until: draft.until.clone(),
            refusal: draft.refusal.filter(|why| !about_people.contains(why)).map(|why| why.to_string()),
            seen: found.shared.fingerprint(),
            picker,
        }
    });
    let reader = &found.frame.person.id;
    let owner = (owner_of(&found.row).to_string(), reader);
    page::Show {
        chrome: frame::chrome(visitor, Some(&found.frame), "Who may use it", Place::Secrets),
        ws: ws.to_owned(),
        id: secret.id.to_string(),
        name: secret.name.to_string(),
        node_type: mark(secret),
        workspace: found.frame.here.as_ref().map(|(row, _)| row.name.to_string()).unwrap_or_default(),
        audience: Audience::of(&found.shared, owner, form.is_some(), found.now),
        nodes: found.nodes,
        form,
    }
}

pub async fn show(visitor: Visitor, demand: Demand<Member>, path: Path<(String, String)>, app: Data<App>) -> Reply {
    let found = find(&app, &demand, &path.1).await?;
    frame::page(&app, &visitor, &page_of(&visitor, demand.ws(), &found, &Draft::of(&found.shared)))
}

/// The fixed fields of the form.
struct Asked {
    sharing: Sharing,
    until: String,
    seen: String,
    /// Whether only the list of members is to be searched.
    search: bool,
}

impl Asked {
    fn read(fields: Vec<(String, String)>) -> Result<Self, Error> {
        let text = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
        Ok(Self {
            sharing: text("sharing").unwrap_or_default().parse().map_err(|_| Error::BadRequest)?,
            until: text("until").unwrap_or_default(),
            seen: text("seen").unwrap_or_default(),
            search: text("act").is_some_and(|act| act == "search"),
        })
    }
}

pub async fn update(
    visitor: Visitor,
    demand: Demand<Member>,
    path: Path<(String, String)>,
    form: CsrfForm<Vec<(String, String)>>,
    app: Data<App>,
) -> Reply {
    let found = find(&app, &demand, &path.1).await?;
    let mut fields = form.into_inner();
    let sent = Sent::take(&mut fields)?;
    let asked = Asked::read(fields)?;
    if found.candidates.is_none() {
        return Err(Error::Forbidden);
    }
    let (until, until_input) = match asked.sharing {
        Sharing::Workspace => forms::last_day(&asked.until, found.now),
        Sharing::Private | Sharing::Members => (Some(None), forms::kept(&asked.until)),
    };
    let people = match asked.sharing {
        Sharing::Members => sent.people(found.now),
        Sharing::Private | Sharing::Workspace => Some(std::collections::BTreeMap::new()),
    };
    let mut draft = Draft { sharing: asked.sharing, until: until_input, sent, refusal: None };
    if asked.search {
        return frame::page(&app, &visitor, &page_of(&visitor, demand.ws(), &found, &draft));
    }
    let (Some(until), Some(people)) = (until, people) else {
        return frame::again(&app, &visitor, &page_of(&visitor, demand.ws(), &found, &draft));
    };
    let (kit, id, seen) = (visitor.kit(&app), found.row.secret.id.clone(), asked.seen);
    let wish = Wish { sharing: asked.sharing, until, people };
    let changed = app.db.write(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| sharing::change(tx, by, tools, (&id, wish.clone(), &seen)))
    });
    match changed.await {
        Ok(()) => Ok(see_other(&app, &url::secret(demand.ws(), &path.1), Some(Flash::ShareSaved))),
        Err(Fault::Refused(why)) => {
            // What is so by now stands beside what was chosen.
            let found = find(&app, &demand, &path.1).await?;
            draft.refusal = Some(why);
            frame::again(&app, &visitor, &page_of(&visitor, demand.ws(), &found, &draft))
        }
        Err(Fault::Store(error)) => Err(error.into()),
    }
}
