//! Connections over TCP.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use plugin_core::config::mask;
use plugin_core::{Error, Result};
use tokio::net::{TcpListener, TcpStream};

use crate::server::Listener;

/// The other end of a connection.
#[derive(Debug, Clone, Copy)]
pub struct Peer(pub SocketAddr);

/// An address that is in use by this listener. A clone uses the same one.
#[derive(Clone)]
pub struct Tcp {
    listener: Arc<TcpListener>,
    /// The address as it was requested.
    asked: Arc<str>,
    address: SocketAddr,
    is_shared: Arc<dyn Fn(IpAddr) -> bool + Send + Sync>,
}

impl Tcp {
    /// Binds an address.
    ///
    /// # Errors
    ///
    /// Returns an error if the address is invalid or not free: the operator has to change it.
    pub async fn bind(address: &str) -> Result<Self> {
        Self::bind_of("address", address).await
    }

    /// Binds an address from a config key with another name.
    ///
    /// # Errors
    ///
    /// As [`Tcp::bind`]; the error names the key.
    pub async fn bind_of(key: &str, address: &str) -> Result<Self> {
        let refused = |error: io::Error| {
            let address = mask(address);
            Error::config(format!("`{key}`: can't listen on `{address}`")).because(error)
        };
        let listener = TcpListener::bind(address).await.map_err(refused)?;
        Ok(Self {
            address: listener.local_addr().map_err(refused)?,
            listener: Arc::new(listener),
            asked: address.into(),
            is_shared: Arc::new(|_| false),
        })
    }

    /// Like `bind_of`, or shares the socket of another one if it has this address.
    ///
    /// # Errors
    ///
    /// As [`Tcp::bind_of`].
    pub async fn bind_after(before: Option<&Self>, key: &str, address: &str) -> Result<Self> {
        let Some(before) = before else {
            return Self::bind_of(key, address).await;
        };
        let is_same = *before.asked == *address
            || tokio::net::lookup_host(address)
                .await
                .is_ok_and(|mut all| all.any(|one| one == before.address));
        match is_same {
            true => Ok(Self {
                is_shared: Arc::new(|_| false),
                ..before.clone()
            }),
            false => Self::bind_of(key, address).await,
        }
    }

    /// Sets which addresses serve many clients, such as those of proxies: their connections are
    /// counted only in total.
    #[must_use]
    pub fn shared_by(mut self, is_shared: impl Fn(IpAddr) -> bool + Send + Sync + 'static) -> Self {
        self.is_shared = Arc::new(is_shared);
        self
    }

    /// The address at which it listens, with the actual port.
    #[must_use]
    pub fn local_address(&self) -> SocketAddr {
        self.address
    }
}

impl fmt::Debug for Tcp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Tcp").field(&self.address).finish()
    }
}

impl Listener for Tcp {
    type Stream = TcpStream;
    type Peer = Peer;

    async fn accept(&self) -> io::Result<(TcpStream, Peer)> {
        let (stream, peer) = self.listener.accept().await?;
        Ok((stream, Peer(peer)))
    }

    fn address(&self, Peer(peer): &Peer) -> Option<IpAddr> {
        (!(self.is_shared)(peer.ip())).then(|| peer.ip())
    }
}
