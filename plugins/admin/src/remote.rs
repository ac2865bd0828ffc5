//! Connections over TCP, with TLS if config has a certificate.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use plugin_core::Error;
use plugin_core::prelude::*;
use plugin_http::{Listener, Tcp};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor};

/// A certificate and its key, as PEM.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsConfig {
    /// File with the certificate and its intermediate certificates.
    pub cert: PathBuf,
    /// File with the private key of the certificate.
    pub key: PathBuf,
}

/// The source of TCP connections.
#[derive(Clone)]
pub(crate) struct Remote {
    tcp: Tcp,
    tls: Option<TlsAcceptor>,
}

impl Remote {
    /// Serves connections at an address, with TLS if there is a certificate.
    ///
    /// # Errors
    ///
    /// Returns an error if the certificate can't be used.
    pub(crate) fn new(tcp: Tcp, tls: Option<&TlsConfig>) -> Result<Self> {
        let tls = tls.map(acceptor).transpose()?;
        Ok(Self { tcp, tls })
    }
}

fn acceptor(files: &TlsConfig) -> Result<TlsAcceptor> {
    let refused = |key: &str, path: &Path, why: &dyn fmt::Display| {
        let path = path.display();
        Error::config(format!("`tls.{key}`: can't use `{path}`: {why}"))
    };
    let cert = |why: &dyn fmt::Display| refused("cert", &files.cert, why);
    let chain = CertificateDer::pem_file_iter(&files.cert).map_err(|error| cert(&error))?;
    let chain: Result<Vec<_>, _> = chain.collect();
    let chain = chain.map_err(|error| cert(&error))?;
    if chain.is_empty() {
        return Err(cert(&"it holds no certificate"));
    }
    let key = |why: &dyn fmt::Display| refused("key", &files.key, why);
    let private = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| key(&error))?;
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| cert(&error))?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| key(&error))?;
    Ok(Arc::new(config).into())
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("tcp", &self.tcp)
            .field("tls", &self.tls.is_some())
            .finish()
    }
}

impl Listener for Remote {
    type Stream = RemoteStream;
    type Peer = plugin_http::Peer;

    async fn accept(&self) -> io::Result<(RemoteStream, plugin_http::Peer)> {
        let (stream, peer) = self.tcp.accept().await?;
        let stream = match &self.tls {
            Some(tls) => RemoteStream::Greeting(Box::new(tls.accept(stream))),
            None => RemoteStream::Plain(stream),
        };
        Ok((stream, peer))
    }

    fn address(&self, peer: &plugin_http::Peer) -> Option<IpAddr> {
        self.tcp.address(peer)
    }
}

/// A TCP connection. With TLS, the handshake is a part of the first read, so the time limit of a
/// request's head includes it, and it delays no other connection.
pub(crate) enum RemoteStream {
    Plain(TcpStream),
    Greeting(Box<Accept<TcpStream>>),
    Encrypted(Box<TlsStream<TcpStream>>),
}

impl RemoteStream {
    /// Continues the handshake, if it is not complete.
    fn poll_greeted(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if let Self::Greeting(accept) = self {
            let stream = ready!(Pin::new(&mut **accept).poll(cx))?;
            *self = Self::Encrypted(Box::new(stream));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncRead for RemoteStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.poll_greeted(cx))?;
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Encrypted(stream) => Pin::new(&mut **stream).poll_read(cx, buffer),
            Self::Greeting(_) => Poll::Pending,
        }
    }
}

impl AsyncWrite for RemoteStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_greeted(cx))?;
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Encrypted(stream) => Pin::new(&mut **stream).poll_write(cx, bytes),
            Self::Greeting(_) => Poll::Pending,
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Encrypted(stream) => Pin::new(&mut **stream).poll_flush(cx),
            // No data has been written yet.
            Self::Greeting(_) => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut *self {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Encrypted(stream) => Pin::new(&mut **stream).poll_shutdown(cx),
            Self::Greeting(_) => Poll::Ready(Ok(())),
        }
    }
}
