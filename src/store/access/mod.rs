//! From a demand to a proof: the only place where permission is granted.
//!
//! Invariant: a [`Proof`] is made inside a transaction, from what the database says at that moment,
//! and cannot outlive it.
//!
//! A proof cannot leave its transaction:
//! ```compile_fail
//! use keyrack::domain::{SessionId, Slug};
//! use keyrack::store::access::{Ask, Member, Proof};
//! async fn keep(db: keyrack::store::Db, ask: Ask<Member>) {
//!     let _ = db.read::<_, _, std::convert::Infallible, _>(ask, |_tx, proof| Ok(proof)).await;
//! }
//! ```
//! What may leave is what was read by it:
//! ```
//! use keyrack::store::access::{Ask, Member};
//! async fn look(db: keyrack::store::Db, ask: Ask<Member>) {
//!     let _ = db.read::<_, _, std::convert::Infallible, _>(ask, |_tx, proof| Ok(proof.role())).await;
//! }
//! ```
//! Nobody makes one by hand, and a weaker one does not pass for a stronger:
//! ```compile_fail,E0451
//! fn forge(holder: keyrack::store::access::Membership) {
//!     let _ = keyrack::store::access::Proof::<keyrack::store::access::Owner> { holder, brand: todo!() };
//! }
//! ```
//! ```compile_fail,E0277
//! use keyrack::store::access::{Admin, AtLeast, Member, Proof};
//! fn needs_admin<'tx>(_: &Proof<'tx, impl AtLeast<Admin>>) {}
//! fn give<'tx>(proof: &Proof<'tx, Member>) { needs_admin(proof) }
//! ```

mod calendars;
mod candidates;
mod choices;
mod connect_sessions;
mod errands;
mod links;
mod node_uses;
mod offers;
mod own_uses;
mod rights;
mod runner;
mod sessions;
mod tokens;
mod uses;

use std::marker::PhantomData;

pub use calendars::{AskCalendar, Calendar};
pub(in crate::store) use candidates::{of_whom, organization_of, user_of};
pub use choices::{Choice, choices};
pub use connect_sessions::AskSession;
pub use errands::AskErrand;
pub use links::{AccountLink, AskLink, Brought, LinkRight};
pub use offers::{AskInvited, AskOffered, Which};
pub use own_uses::{prove_checkup, prove_probe, prove_renewal, prove_revocation};
pub use rights::{
    Admin, AtLeast, CommandLine, InEnvironment, InWorkspace, Invited, Member, Nobody, Offered, Oneself, Owner, Right,
};
pub use rights::{
    AnyRight, AuditRight, ConnectRight, EmailChange, Everywhere, Invitee, ManageRight, Offer, ProxyRight, ReadRight,
    Reset, Runner, RunnerIn, SetUp, SignUp, TokenRight, UseRight, VendRight,
};
pub use rights::{Membership, Myself, MyselfEverywhere, TokenHolder};
pub use runner::AskRunnerIn;
pub use sessions::{Ask, AskEverywhere, AskMyself};
pub use tokens::AskToken;
pub(in crate::store) use uses::value_row;
pub use uses::{
    ConnectionOf, NodeUse, Probing, Proxying, Renewing, Revoking, UseProof, UseRefusal, Vending, Wanted, Whose,
    prove_use,
};

use super::error::Error;
use super::tx::{ReadTx, WriteTx};

/// What one asks to act as. Only a transaction answers.
pub trait Demand: Send + 'static {
    type Right: Right;

    /// Takes the row that all writers of the same thing take first.
    fn lock(&self, tx: &mut WriteTx<'_>) -> Result<(), Error>;

    fn prove<'tx>(&self, tx: &mut ReadTx<'tx>) -> Result<Proof<'tx, Self::Right>, Error>;
}

/// Permission, for the length of one transaction. Not clonable, not serialisable, made only here.
pub struct Proof<'tx, R: Right> {
    holder: R::Holder,
    /// Invariant in the lifetime: a proof of one transaction never passes for one of another.
    brand: PhantomData<fn(&'tx ()) -> &'tx ()>,
}

impl<'tx, R: Right> Proof<'tx, R> {
    fn new(_tx: &ReadTx<'tx>, holder: R::Holder) -> Self {
        Self { holder, brand: PhantomData }
    }

    pub fn holder(&self) -> &R::Holder {
        &self.holder
    }
}

/// Asks for nothing: signing in, health, and what is open to everybody.
pub struct AskNothing;

impl Demand for AskNothing {
    type Right = Nobody;

    fn lock(&self, _tx: &mut WriteTx<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn prove<'tx>(&self, tx: &mut ReadTx<'tx>) -> Result<Proof<'tx, Nobody>, Error> {
        Ok(Proof::new(tx, ()))
    }
}

/// The operator at the command line of the machine itself.
pub struct AskCommandLine;

impl Demand for AskCommandLine {
    type Right = CommandLine;

    fn lock(&self, tx: &mut WriteTx<'_>) -> Result<(), Error> {
        super::installation::lock(tx)
    }

    fn prove<'tx>(&self, tx: &mut ReadTx<'tx>) -> Result<Proof<'tx, CommandLine>, Error> {
        Ok(Proof::new(tx, ()))
    }
}

/// The program itself, at work that somebody who might has queued.
pub struct AskRunner;

impl Demand for AskRunner {
    type Right = Runner;

    fn lock(&self, _tx: &mut WriteTx<'_>) -> Result<(), Error> {
        Ok(())
    }

    fn prove<'tx>(&self, tx: &mut ReadTx<'tx>) -> Result<Proof<'tx, Runner>, Error> {
        Ok(Proof::new(tx, ()))
    }
}

/// Compares two MACs in constant time.
fn is_same(one: &[u8], other: &[u8]) -> bool {
    subtle::ConstantTimeEq::ct_eq(one, other).into()
}
