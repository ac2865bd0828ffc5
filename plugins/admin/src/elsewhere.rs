//! A remote service, which is reached over TCP with a token.

use std::fmt;
use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use axum::http::uri::{Authority, Scheme};
use axum::http::{Uri, header, request};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

/// The address of a service, and the token for it.
pub(crate) struct Elsewhere {
    authority: Authority,
    tls: Option<TlsConnector>,
    token: String,
}

/// A connection, encrypted or not.
pub(crate) trait Connection: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Connection for T {}

impl Elsewhere {
    pub(crate) fn new(url: &str, token: &str, roots: Option<&Path>) -> io::Result<Self> {
        let wrong = |why: &str| io::Error::new(io::ErrorKind::InvalidInput, why.to_owned());
        let shape = "is no URL of a service: write it as `https://HOST:PORT`";
        let uri: Uri = url.parse().map_err(|_| wrong(shape))?;
        let authority = uri.authority().cloned().ok_or_else(|| wrong(shape))?;
        let has_more = uri
            .path_and_query()
            .is_some_and(|rest| rest.as_str() != "/");
        if has_more || authority.as_str().contains('@') {
            return Err(wrong(shape));
        }
        let is_encrypted = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return Err(wrong(shape)),
        };
        if !is_encrypted && !is_loopback(&authority) {
            return Err(wrong(
                "would send the token readable over the network: use `https`",
            ));
        }
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong(
                "is shown no token: the file has to hold one, and nothing else",
            ));
        }
        Ok(Self {
            authority,
            tls: is_encrypted.then(|| connector(roots)).transpose()?,
            token: token.to_owned(),
        })
    }

    /// The head of a request to it.
    pub(crate) fn head(&self, request: request::Builder) -> request::Builder {
        request
            .header(header::HOST, self.authority.as_str())
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token))
    }

    pub(crate) async fn connect(&self) -> io::Result<Box<dyn Connection>> {
        let host = bare(&self.authority);
        let standard = if self.tls.is_some() { 443 } else { 80 };
        let port = self.authority.port_u16().unwrap_or(standard);
        let stream = TcpStream::connect((host, port)).await?;
        let Some(tls) = &self.tls else {
            return Ok(Box::new(stream));
        };
        let name = ServerName::try_from(host.to_owned()).map_err(io::Error::other)?;
        Ok(Box::new(tls.connect(name, stream).await?))
    }
}

/// The host without the brackets of an IPv6 address.
fn bare(authority: &Authority) -> &str {
    authority
        .host()
        .trim_start_matches('[')
        .trim_end_matches(']')
}

fn is_loopback(authority: &Authority) -> bool {
    let host = bare(authority);
    let address = host.parse::<IpAddr>();
    address.map_or(host == "localhost", |it| it.to_canonical().is_loopback())
}

fn connector(roots: Option<&Path>) -> io::Result<TlsConnector> {
    let mut store = RootCertStore::empty();
    match roots {
        Some(path) => {
            let named = |error: &dyn fmt::Display| {
                let what = format!("can't read certificates of `{}`: {error}", path.display());
                io::Error::new(io::ErrorKind::InvalidInput, what)
            };
            let roots = CertificateDer::pem_file_iter(path).map_err(|error| named(&error))?;
            for root in roots {
                let root = root.map_err(|error| named(&error))?;
                store.add(root).map_err(|error| named(&error))?;
            }
        }
        None => {
            let known = rustls_native_certs::load_native_certs().certs;
            store.add_parsable_certificates(known);
        }
    }
    if store.is_empty() {
        let what = "there is no certificate to trust: name a file of some with `--ca`";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_root_certificates(store)
        .with_no_client_auth();
    Ok(Arc::new(config).into())
}

impl fmt::Debug for Elsewhere {
    /// Omits the token.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Elsewhere")
            .field("authority", &self.authority)
            .field("tls", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_goes_readable_to_this_machine_alone() {
        let pem = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/tls/cert.pem");
        let told = |url: &str| Elsewhere::new(url, "adm_1", Some(Path::new(pem)));
        for good in [
            "http://127.0.0.1:9091",
            "http://[::1]:9091/",
            "http://localhost:1",
            "https://admin.example",
            "https://192.0.2.1:9091",
        ] {
            assert!(told(good).is_ok(), "{good}");
        }
        for (bad, word) in [
            ("http://192.0.2.1:9091", "`https`"),
            ("http://admin.example", "`https`"),
            ("ftp://localhost", "no URL"),
            ("localhost:9091", "no URL"),
            ("https://u:p@localhost", "no URL"),
            ("https://localhost/v1", "no URL"),
        ] {
            let error = told(bad).unwrap_err().to_string();
            assert!(error.contains(word), "{bad}: {error}");
        }
        assert!(Elsewhere::new("https://localhost", "two words", None).is_err());
        let shown = format!("{:?}", told("https://localhost").unwrap());
        assert!(!shown.contains("adm_1"), "{shown}");
    }
}
