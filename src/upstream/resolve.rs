//! From a host's name to its addresses. Tests bring names of their own.

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;

/// All addresses of a name; none where it has none or nobody can be asked.
pub type Resolved<'a> = Pin<Box<dyn Future<Output = Vec<IpAddr>> + Send + 'a>>;

pub trait Resolve: Send + Sync + 'static {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolved<'a>;
}

/// As the machine does it.
pub struct SystemResolver;

impl Resolve for SystemResolver {
    fn resolve<'a>(&'a self, name: &'a str) -> Resolved<'a> {
        Box::pin(async move {
            // The port is of no matter here; the one that counts stands in the address that was let pass.
            let found = tokio::net::lookup_host((name, 443)).await;
            found.map(|all| all.map(|address| address.ip()).collect()).unwrap_or_default()
        })
    }
}
