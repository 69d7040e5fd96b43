//! Who asks, as far as the request itself tells: browser, session, address. Rights come later.

use std::future::{Ready, ready};
use std::marker::PhantomData;
use std::net::IpAddr;

use actix_session::SessionExt as _;
use actix_web::dev::Payload;
use actix_web::http::{Method, header};
use actix_web::web::Data;
use actix_web::{FromRequest, HttpRequest};

use crate::actions::Kit;
use crate::actions::sign_in::Browser;
use crate::app::App;
use crate::app::context::{Cookies, RequestContext};
use crate::domain::{SessionId, Slug};
use crate::store::access::{Ask, AskEverywhere, AskMyself};

use super::chrome::Theme;
use super::error::Error;
use super::flash;
use super::session::{SESSION, UNAVAILABLE};
use super::url;

pub struct Visitor {
    pub context: RequestContext,
    pub session: Option<SessionId>,
    pub theme: Theme,
    pub path: String,
    pub user_agent: String,
    pub csrf: String,
    pub flash: Option<flash::Flash>,
    pub device: Option<String>,
}

impl Visitor {
    pub fn of(request: &HttpRequest) -> Result<Self, Error> {
        let app = request.app_data::<Data<App>>().ok_or(Error::Internal)?;
        let context = RequestContext::of(request).ok_or(Error::Internal)?;
        let cookies = Cookies::new(&app.config.server);
        let state = request.get_session();
        if state.get::<bool>(UNAVAILABLE).is_ok_and(|set| set.unwrap_or(false)) {
            return Err(Error::Unavailable);
        }
        let session = state.get::<SessionId>(SESSION).unwrap_or_default();
        let bound = session.as_ref().map_or("", SessionId::as_str);
        let agent = request.headers().get(header::USER_AGENT).and_then(|v| v.to_str().ok()).unwrap_or_default();
        Ok(Self {
            csrf: app.keyring.form_token(&context.browser, bound),
            theme: cookies.read(request, "theme").map(|word| Theme::parse(&word)).unwrap_or_default(),
            path: page_address(request),
            user_agent: agent.to_owned(),
            flash: cookies.read(request, "flash").and_then(|code| flash::Flash::parse(&code)),
            device: cookies.read(request, "device"),
            session,
            context,
        })
    }

    pub fn address(&self) -> Option<IpAddr> {
        self.context.address
    }

    pub fn browser(&self) -> Browser {
        let address = self.address().map(|a| a.to_string()).unwrap_or_default();
        Browser { address, user_agent: self.user_agent.clone(), session: self.session.clone() }
    }

    /// For what this visitor asks to be changed.
    pub fn kit(&self, app: &App) -> Kit {
        app.kit(self.address())
    }

    fn signed_in(&self) -> Result<SessionId, Error> {
        self.session.clone().ok_or(Error::SignIn)
    }
}

/// Where this page can be opened again; the answer to a form has no address of its own.
fn page_address(request: &HttpRequest) -> String {
    let asked = request.uri().path_and_query().filter(|_| request.method() == Method::GET);
    asked.map_or_else(url::home, ToString::to_string)
}

impl FromRequest for Visitor {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Self::of(request))
    }
}

/// This session asks to act with at least the role `R` in the workspace that the address names.
pub struct Demand<R> {
    session: SessionId,
    workspace: Slug,
    role: PhantomData<fn() -> R>,
}

impl<R> Demand<R> {
    pub fn ask(&self) -> Ask<R> {
        Ask::new(self.session.clone(), self.workspace.clone())
    }

    pub fn ws(&self) -> &str {
        self.workspace.as_str()
    }
}

impl<R> FromRequest for Demand<R> {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let demand = || {
            let session = Visitor::of(request)?.signed_in()?;
            let workspace = request.match_info().get("workspace").unwrap_or_default();
            let workspace = workspace.parse().map_err(|_| Error::NotFound)?;
            Ok(Self { session, workspace, role: PhantomData })
        };
        ready(demand())
    }
}

/// This session asks for its own person's account.
pub struct Myself {
    session: SessionId,
}

impl Myself {
    pub fn ask(&self) -> AskMyself {
        AskMyself { session: self.session.clone() }
    }

    /// With all their memberships.
    pub fn ask_everywhere(&self) -> AskEverywhere {
        AskEverywhere { session: self.session.clone() }
    }
}

impl FromRequest for Myself {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Visitor::of(request).and_then(|visitor| visitor.signed_in()).map(|session| Self { session }))
    }
}
