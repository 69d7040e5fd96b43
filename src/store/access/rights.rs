//! The rights there are, as types.

use crate::domain::{
    Ability, Calls, Delivery, Email, Environment, InvitationId, LinkId, Moment, Name, NodeTypes, PersonId, Role,
    SessionId, Slug, TokenId, WorkspaceId,
};

use crate::store::error::Denied;

use super::Proof;
use super::links::{Addressed, Held};
use super::uses::{Proxying, Vending};

/// A right, and who holds it once it is proven.
pub trait Right: Send + 'static {
    type Holder: Send + 'static;
}

/// Rights that are held in one workspace.
pub trait InWorkspace: Right {
    fn workspace(holder: &Self::Holder) -> &WorkspaceId;
}

/// Rights that are held in one environment of a workspace: those of machines.
pub trait InEnvironment: InWorkspace {
    fn environment(holder: &Self::Holder) -> Environment;
}

/// Roles, ordered: whoever is an Owner is at least an Admin.
pub trait AtLeast<Least>: Right<Holder = Membership> + InWorkspace {
    const LEAST: Role;
}

/// A member of a workspace, as the transaction found them.
#[derive(Clone)]
pub struct Membership {
    pub(super) workspace: WorkspaceId,
    pub(super) person: PersonId,
    pub(super) role: Role,
}

/// A signed-in person, outside any workspace.
#[derive(Clone)]
pub struct Myself {
    pub person: PersonId,
    pub session: SessionId,
}

/// A signed-in person with all their memberships, in the order of the workspaces' ids.
pub struct MyselfEverywhere {
    pub(super) myself: Myself,
    pub(super) memberships: Vec<Membership>,
}

impl MyselfEverywhere {
    pub fn myself(&self) -> &Myself {
        &self.myself
    }
}

/// An offer of membership, as the transaction found it.
#[derive(diesel::Queryable, Clone)]
pub struct Offer {
    pub id: InvitationId,
    pub workspace: WorkspaceId,
    pub slug: Slug,
    pub name: Name,
    pub email: Email,
    pub role: Role,
    pub inviter: PersonId,
    pub inviter_name: Name,
    pub message: Option<String>,
    /// Whether its link was shown to be handed on.
    pub handed_on: bool,
    pub expires_at: Moment,
}

/// A signed-in person with the address that an offer was made to.
pub struct Invitee {
    pub person: PersonId,
    pub offer: Offer,
    /// Whether they have shown the offer's link.
    pub has_link: bool,
}

/// A service token, as the transaction found it.
pub struct TokenHolder {
    pub(super) workspace: WorkspaceId,
    pub(super) token: TokenId,
    pub(super) maker: PersonId,
    pub(super) environment: Environment,
    pub(super) role: Role,
    pub(super) node_types: Option<NodeTypes>,
    pub(super) calls: Option<Calls>,
}

macro_rules! roles {
    ($($(#[$meta:meta])* $name:ident $role:expr;)+) => {$(
        $(#[$meta])*
        pub struct $name;
        impl Right for $name {
            type Holder = Membership;
        }
        impl InWorkspace for $name {
            fn workspace(holder: &Membership) -> &WorkspaceId {
                &holder.workspace
            }
        }
        impl AtLeast<Self> for $name {
            const LEAST: Role = $role;
        }
    )+};
}

roles! {
    Member Role::Member;
    Admin Role::Admin;
    Owner Role::Owner;
}

impl AtLeast<Member> for Admin {
    const LEAST: Role = Role::Admin;
}
impl AtLeast<Member> for Owner {
    const LEAST: Role = Role::Owner;
}
impl AtLeast<Admin> for Owner {
    const LEAST: Role = Role::Owner;
}

/// Rights of service tokens: each asks for one ability, but the one that only asks who somebody is.
pub trait TokenRight: Right<Holder = TokenHolder> + InEnvironment {
    const ABILITY: Option<Ability>;
}

macro_rules! abilities {
    ($($name:ident $ability:expr;)+) => {$(
        pub struct $name;
        impl Right for $name {
            type Holder = TokenHolder;
        }
        impl InWorkspace for $name {
            fn workspace(holder: &TokenHolder) -> &WorkspaceId {
                &holder.workspace
            }
        }
        impl InEnvironment for $name {
            fn environment(holder: &TokenHolder) -> Environment {
                holder.environment
            }
        }
        impl TokenRight for $name {
            const ABILITY: Option<Ability> = $ability;
        }
    )+};
}

abilities! {
    VendRight Some(Ability::Vend);
    ProxyRight Some(Ability::Proxy);
    ConnectRight Some(Ability::Connect);
    ReadRight Some(Ability::Read);
    ManageRight Some(Ability::Manage);
    AuditRight Some(Ability::Audit);
    AnyRight None;
}

/// Rights by which a secret is used.
pub trait UseRight: TokenRight {
    /// What a use by this right is for.
    type For: 'static;

    /// Whether what may leave in this way may be used so.
    fn suits(delivery: Delivery) -> bool;
}

impl UseRight for VendRight {
    type For = Vending;

    fn suits(delivery: Delivery) -> bool {
        delivery == Delivery::Vend
    }
}

impl UseRight for ProxyRight {
    type For = Proxying;

    fn suits(_: Delivery) -> bool {
        true
    }
}

/// The program itself, in one workspace.
impl InWorkspace for RunnerIn {
    fn workspace(holder: &WorkspaceId) -> &WorkspaceId {
        holder
    }
}

/// An offer reaches the workspace only to record what became of it.
impl InWorkspace for Invited {
    fn workspace(holder: &Invitee) -> &WorkspaceId {
        &holder.offer.workspace
    }
}

macro_rules! plain {
    ($($(#[$meta:meta])* $name:ident $holder:ty;)+) => {$(
        $(#[$meta])*
        pub struct $name;
        impl Right for $name {
            type Holder = $holder;
        }
    )+};
}

plain! {
    /// A signed-in person's right to their own account.
    Oneself Myself;
    /// A signed-in person's right to their own account and, in every workspace of theirs, to their membership.
    Everywhere MyselfEverywhere;
    /// The bearer of the set-up link.
    SetUp LinkId;
    /// Whoever reads an address's mail, to make an account with it.
    SignUp Addressed;
    /// Whoever reads the mail of an account's address, to set a new password.
    Reset Held;
    /// Whoever reads the mail of the address that an account is to have.
    EmailChange Held;
    /// Whoever can run the program on its machine.
    CommandLine ();
    /// The bearer of an invitation's link, whoever that is.
    Offered Offer;
    /// The person whom an invitation is for.
    Invited Invitee;
    /// The program itself, at work that was queued.
    Runner ();
    /// The program itself, at what comes about in one workspace when its time has come.
    RunnerIn WorkspaceId;
    /// Nobody in particular.
    Nobody ();
}

impl<R: InWorkspace> Proof<'_, R> {
    pub fn workspace(&self) -> &WorkspaceId {
        R::workspace(&self.holder)
    }
}

impl<R: InEnvironment> Proof<'_, R> {
    pub fn environment(&self) -> Environment {
        R::environment(&self.holder)
    }
}

impl<'tx, R: Right<Holder = Membership>> Proof<'tx, R> {
    /// The same member with a stronger right, where their role carries it: for what a page shows besides.
    pub fn raised<S: AtLeast<S>>(&self) -> Option<Proof<'tx, S>> {
        (self.holder.role >= S::LEAST).then(|| Proof { holder: self.holder.clone(), brand: self.brand })
    }

    pub fn person(&self) -> &PersonId {
        &self.holder.person
    }

    pub fn role(&self) -> Role {
        self.holder.role
    }
}

impl<'tx> Proof<'tx, Everywhere> {
    pub fn oneself(&self) -> Proof<'tx, Oneself> {
        Proof { holder: self.holder.myself.clone(), brand: self.brand }
    }

    /// One proof for each workspace, in the order of their ids.
    pub fn memberships(&self) -> Vec<Proof<'tx, Member>> {
        self.holder.memberships.iter().map(|of| Proof { holder: of.clone(), brand: self.brand }).collect()
    }
}

impl<'tx, R: Right<Holder = TokenHolder>> Proof<'tx, R> {
    /// A token acts for its maker: the maker's own right, where their role carries it.
    pub fn makers<S: AtLeast<S>>(&self) -> Option<Proof<'tx, S>> {
        let TokenHolder { workspace, maker, role, .. } = &self.holder;
        let holder = Membership { workspace: workspace.clone(), person: maker.clone(), role: *role };
        (*role >= S::LEAST).then_some(Proof { holder, brand: self.brand })
    }

    pub fn token(&self) -> &TokenId {
        &self.holder.token
    }

    pub fn maker(&self) -> &PersonId {
        &self.holder.maker
    }

    /// The role that its maker has today.
    pub fn role_of_maker(&self) -> Role {
        self.holder.role
    }

    /// Whether the token's limits name this call. They name none on another host than a key's usual one.
    pub fn may_call(&self, (method, path): (&str, &str), elsewhere: bool) -> Result<(), Denied> {
        let may = self.holder.calls.as_ref().is_none_or(|calls| !elsewhere && calls.admit(method, path));
        if may { Ok(()) } else { Err(Denied::OtherCall) }
    }

    /// The node types that it is limited to, where it is.
    pub fn limit(&self) -> Option<&NodeTypes> {
        self.holder.node_types.as_ref()
    }

    /// Whether the token's limits name this node type. Whatever a token uses, writes or is told of passes here.
    pub fn includes(&self, node_type: &Slug) -> bool {
        self.holder.node_types.as_ref().is_none_or(|limit| limit.contains(node_type))
    }

    /// The same for what cannot be done without.
    pub fn covers(&self, node_type: &Slug) -> Result<(), Denied> {
        if self.includes(node_type) { Ok(()) } else { Err(Denied::OtherNodeType) }
    }
}
