//! The form for a webhook: what was typed, read or handed back with what is wrong.

use serde::Deserialize;

use crate::actions::webhooks::{Address, Entry};
use crate::app::App;
use crate::domain::webhook::Kinds;
use crate::domain::{Environment, TellKind};
use crate::web::chrome::Chrome;
use crate::web::error::Error;
use crate::web::forms::{self, kept, wrong};
use crate::web::view::Input;

use super::page::{self, KindChoice, Known};

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Typed {
    pub id: String,
    name: String,
    address: String,
    pub environment: String,
    which: String,
    kind: Vec<String>,
}

/// The form as it is drawn, besides what is around it.
pub(super) struct Filled {
    pub id: String,
    pub known: Option<Known>,
    pub refusal: Option<String>,
    pub name: Input,
    pub address: Input,
    pub environment: Environment,
    pub kinds: Option<Vec<TellKind>>,
    pub kinds_error: Option<String>,
}

impl Filled {
    pub fn page(self, chrome: Chrome, ws: &str) -> page::Form {
        let chosen = self.kinds.clone().unwrap_or_default();
        let choice = |kind: TellKind| KindChoice { kind, chosen: chosen.contains(&kind) };
        page::Form {
            chrome,
            ws: ws.to_owned(),
            id: self.id,
            known: self.known,
            refusal: self.refusal,
            name: self.name,
            address: self.address,
            environment: self.environment,
            every: self.kinds.is_none(),
            kinds: TellKind::HAPPENING.map(choice).into_iter().collect(),
            kinds_error: self.kinds_error,
        }
    }
}

/// What was typed, read; and the form as it would come back.
pub(super) fn understand(typed: &Typed, environment: Environment, app: &App) -> Result<(Option<Entry>, Filled), Error> {
    let (name, name_input) = forms::name(&typed.name);
    let (address, address_input) = match Address::read(app.upstream.guard(), &typed.address) {
        Ok(address) => (Some(address), kept(&typed.address)),
        Err(fault) => (None, wrong(&typed.address, fault)),
    };
    let ticked: Result<Vec<TellKind>, _> = typed.kind.iter().map(|word| word.parse()).collect();
    let ticked = ticked.map_err(|_| Error::BadRequest)?;
    if ticked.iter().any(|kind| !TellKind::HAPPENING.contains(kind)) {
        return Err(Error::BadRequest);
    }
    let chosen = match typed.which.as_str() {
        "all" => Some(None),
        "chosen" => Kinds::new(ticked.iter().copied()).map(Some),
        _ => return Err(Error::BadRequest),
    };
    let filled = Filled {
        id: typed.id.clone(),
        known: None,
        refusal: None,
        name: name_input,
        address: address_input,
        environment,
        kinds: (typed.which == "chosen").then_some(ticked),
        kinds_error: chosen.is_none().then(|| "Choose at least one kind of event.".to_owned()),
    };
    let entry = name.zip(address).zip(chosen).map(|((name, address), kinds)| Entry { name, address, kinds });
    Ok((entry, filled))
}
