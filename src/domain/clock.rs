//! Time as a part that is passed in, so that tests own it.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use super::Moment;

pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Moment;

    /// Waits. A test's clock lets the time pass at once.
    fn sleep(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>>;
}
