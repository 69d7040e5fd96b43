//! Connections: to the address that was looked at, encrypted unless the guard let plain http pass.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use hyper_util::client::legacy::connect::{Connected, Connection};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use url::{Host, Url};

use super::failure::Failure;
use super::guard::{Guard, Origin, Refused};
use super::resolve::Resolve;

/// Of a name's addresses, so many are tried, each this long at most.
const TRIED: usize = 4;
const EACH: Duration = Duration::from_secs(3);

/// Makes connections for the client. It looks at every address itself, so that nothing gets past the guard.
#[derive(Clone)]
pub(super) struct Connector {
    pub guard: Arc<Guard>,
    pub resolver: Arc<dyn Resolve>,
    pub tls: TlsConnector,
    pub within: Duration,
}

impl tower_service::Service<Uri> for Connector {
    type Response = TokioIo<Stream>;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            let connected = tokio::time::timeout(this.within, this.connect(&uri)).await;
            connected.unwrap_or(Err(Failure::ConnectTimeout)).map(TokioIo::new)
        })
    }
}

impl Connector {
    async fn connect(&self, uri: &Uri) -> Result<Stream, Failure> {
        let url = Url::parse(&uri.to_string()).map_err(|_| Refused::Malformed)?;
        let origin = Origin::of(&url)?;
        let addresses = self.guard.look_up(&origin, &*self.resolver).await?;
        let plain = dial(&addresses).await?;
        if !origin.https {
            return Ok(Stream::Plain(plain));
        }
        let name = match &origin.host {
            Host::Domain(name) => ServerName::try_from(name.clone()).map_err(|_| Failure::NotTrusted)?,
            Host::Ipv4(address) => ServerName::IpAddress(std::net::IpAddr::from(*address).into()),
            Host::Ipv6(address) => ServerName::IpAddress(std::net::IpAddr::from(*address).into()),
        };
        let stream = self.tls.connect(name, plain).await.map_err(|_| Failure::NotTrusted)?;
        Ok(Stream::Tls(Box::new(stream)))
    }
}

async fn dial(addresses: &[SocketAddr]) -> Result<TcpStream, Failure> {
    let mut last = Failure::NotConnected;
    for address in addresses.iter().take(TRIED) {
        match tokio::time::timeout(EACH, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // Requests are small; waiting to fill a packet would only cost time.
                let _best_effort = stream.set_nodelay(true);
                return Ok(stream);
            }
            Ok(Err(_)) => last = Failure::NotConnected,
            Err(_) => last = Failure::ConnectTimeout,
        }
    }
    Err(last)
}

pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl AsyncRead for Stream {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<std::io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, buf),
            Self::Tls(stream) => Pin::new(stream).poll_write(cx, buf),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream).poll_shutdown(cx),
        }
    }
}

/// `hyper` wants to know that moving one is harmless.
impl Unpin for Stream {}
