//! How the page shows itself on which end users connect: where it may stand, and in whose name and colour.

use actix_web::web::Data;
use serde::Deserialize;

use crate::actions::connect_pages::{self, Logo};
use crate::app::App;
use crate::domain::connect_page::Origins;
use crate::store::access::Admin;
use crate::store::connect_pages::Brand;
use crate::store::{self, Fault};
use crate::web::chrome::Place;
use crate::web::csrf::CsrfForm;
use crate::web::error::Error;
use crate::web::flash::Flash;
use crate::web::forms::{self, kept, wrong};
use crate::web::frame::{self, Frame, Reply, see_other};
use crate::web::sign_in::Nothing;
use crate::web::upload::{NoText, Upload};
use crate::web::url;
use crate::web::view::Input;
use crate::web::visitor::{Demand, Visitor};

use super::{Never, page};

/// What a picture may weigh.
const LARGEST: usize = 2 * 1_024 * 1_024;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Form {
    name: String,
    accent: String,
    origins: String,
}

struct Found {
    frame: Frame,
    origins: Origins,
    brand: Brand,
}

async fn find(app: &App, demand: &Demand<Admin>) -> Result<Found, Error> {
    let found = app.db.read(demand.ask(), |tx, by| {
        let (origins, brand) = store::connect_pages::find(tx, by)?;
        Ok::<_, Fault<Never>>(Found { frame: Frame::of_member(tx, by)?, origins, brand })
    });
    Ok(found.await?)
}

/// What was typed, where the form comes back.
#[derive(Default)]
struct Typed {
    fields: Option<(Input, Input, Input)>,
    logo: Option<String>,
}

fn drawn(visitor: &Visitor, app: &App, ws: &str, found: &Found, typed: Typed) -> page::ConnectPage {
    let Found { frame, origins, brand } = found;
    let name = brand.name.as_ref().map(ToString::to_string).unwrap_or_default();
    let accent = brand.accent.map(|accent| accent.to_string()).unwrap_or_default();
    let stored = || (kept(&name), kept(&accent), kept(&origins.text()));
    let (name, accent, origins) = typed.fields.unwrap_or_else(stored);
    page::ConnectPage {
        chrome: frame::chrome(visitor, Some(frame), "Connect page", Place::Settings),
        ws: ws.to_owned(),
        name,
        accent,
        origins,
        workspace: frame.here.as_ref().map(|(row, _)| row.name.to_string()).unwrap_or_default(),
        logo: brand.logo.as_deref().map(url::connect_logo),
        logo_error: typed.logo,
        unread: brand.accent.and_then(|accent| match (accent.is_legible_by_day(), accent.is_legible_by_night()) {
            (true, true) => None,
            (true, false) => Some("on dark pages"),
            (false, true) => Some("on light pages"),
            (false, false) => Some("on any page"),
        }),
        script: format!("{}{}", app.config.server.base(), url::connect_script()),
    }
}

pub async fn edit(visitor: Visitor, demand: Demand<Admin>, app: Data<App>) -> Reply {
    let found = find(&app, &demand).await?;
    frame::page(&app, &visitor, &drawn(&visitor, &app, demand.ws(), &found, Typed::default()))
}

pub async fn update(visitor: Visitor, demand: Demand<Admin>, form: CsrfForm<Form>, app: Data<App>) -> Reply {
    let found = find(&app, &demand).await?;
    let Form { name, accent, origins } = form.into_inner();
    let (named, name) = match name.trim() {
        "" => (Some(None), kept("")),
        text => {
            let (named, input) = forms::name(text);
            (named.map(Some), input)
        }
    };
    let (coloured, accent) = match accent.trim() {
        "" => (Some(None), kept("")),
        text => match text.parse() {
            Ok(colour) => (Some(Some(colour)), kept(text)),
            Err(_) => (None, wrong(text, "Write it as # and six digits, as #86601a.")),
        },
    };
    let (listed, origins) = match Origins::parse(&origins) {
        Ok(listed) => (Some(listed), kept(&origins)),
        Err(error) => (None, wrong(&origins, &error.to_string())),
    };
    let (Some(name_set), Some(accent_set), Some(listed)) = (named, coloured, listed) else {
        let typed = Typed { fields: Some((name, accent, origins)), ..Typed::default() };
        return frame::again(&app, &visitor, &drawn(&visitor, &app, demand.ws(), &found, typed));
    };
    let (kit, brand) = (visitor.kit(&app), Brand { name: name_set, accent: accent_set, logo: None });
    let changed = app.db.write::<_, _, Never, _>(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| connect_pages::set(tx, by, tools, (&listed, &brand)))
    });
    changed.await?;
    Ok(see_other(&app, &url::connect_page(demand.ws()), Some(Flash::ConnectPageChanged)))
}

/// Reads the picture beside those who are served, and keeps what it drew of it.
pub async fn set_logo(visitor: Visitor, demand: Demand<Admin>, upload: Upload<LARGEST>, app: Data<App>) -> Reply {
    let found = find(&app, &demand).await?;
    let again = |words: &str| {
        let typed = Typed { logo: Some(words.to_owned()), ..Typed::default() };
        frame::again(&app, &visitor, &drawn(&visitor, &app, demand.ws(), &found, typed))
    };
    let bytes = match upload.text {
        Ok(text) => text.bytes,
        Err(NoText::TooLarge) => return again("The file is larger than 2 MiB."),
        Err(NoText::Empty | NoText::Two) => return again("Choose a file."),
    };
    let logo = match tokio::task::spawn_blocking(move || Logo::read(&bytes)).await {
        Ok(Ok(logo)) => logo,
        Ok(Err(why)) => return again(&why.to_string()),
        Err(_) => return Err(Error::Internal),
    };
    keep(&app, &visitor, &demand, Some(logo)).await
}

pub async fn remove_logo(visitor: Visitor, demand: Demand<Admin>, _form: CsrfForm<Nothing>, app: Data<App>) -> Reply {
    keep(&app, &visitor, &demand, None).await
}

async fn keep(app: &Data<App>, visitor: &Visitor, demand: &Demand<Admin>, logo: Option<Logo>) -> Reply {
    let kit = visitor.kit(app);
    let kept = app.db.write::<_, _, Never, _>(demand.ask(), move |tx, by| {
        kit.by_person(by.person(), |tools| connect_pages::set_logo(tx, by, tools, logo.as_ref()))
    });
    kept.await?;
    Ok(see_other(app, &url::connect_page(demand.ws()), Some(Flash::ConnectPageChanged)))
}
