//! E-mail: sent to a mail server if there is one, otherwise written to the outbox.
//!
//! Invariant: data from users or events can't add a header or a line of SMTP. Subjects, names and
//! bodies lose their control characters, and every line of a body ends with CR LF. An address with
//! a control character is invalid, however it is quoted.

use std::time::Duration;

use lettre::address::AddressError;
use lettre::message::{Mailbox, header::ContentType};
use lettre::transport::smtp::authentication::Credentials;
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor, transport::smtp,
};
use plugin_core::config::check;
use plugin_core::{Error, ErrorExt, Result};

use crate::config::{SmtpConfig, Tls};
use crate::outbox::{Outbox, unique};
use crate::plain;

/// An e-mail with its receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// Name of the receiver.
    pub name: String,
    /// Address of the receiver.
    pub to: String,
    /// Subject.
    pub subject: String,
    /// Plain text.
    pub body: String,
}

/// Sends e-mail.
#[derive(Debug)]
pub struct Mailer {
    from: Mailbox,
    route: EmailRoute,
}

#[derive(Debug)]
enum EmailRoute {
    Smtp {
        transport: AsyncSmtpTransport<Tokio1Executor>,
        timeout: Duration,
    },
    Outbox(Outbox),
}

impl Mailer {
    /// Prepares to send, without connecting yet.
    ///
    /// # Errors
    ///
    /// Returns an error if `from` is not an address, or if the server's settings are invalid.
    pub fn new(from: &str, smtp: Option<&SmtpConfig>, outbox: Outbox) -> Result<Self> {
        let from = sender(from)?;
        let route = match smtp {
            Some(config) => EmailRoute::Smtp {
                transport: transport(config)?,
                timeout: config.timeout.get(),
            },
            None => EmailRoute::Outbox(outbox),
        };
        Ok(Self { from, route })
    }

    /// Sends one e-mail.
    ///
    /// # Errors
    ///
    /// A failed connection, an exceeded time limit and a transient answer of the server (4xx) are
    /// retriable; an invalid address and a permanent answer (5xx) are not.
    ///
    /// # Cancel safety
    ///
    /// If the future is dropped, the e-mail may or may not have been sent.
    pub async fn send(&self, email: &Email) -> Result<()> {
        let message = self.compose(email)?;
        match &self.route {
            EmailRoute::Smtp { transport, timeout } => deliver(transport, *timeout, message)
                .await
                .context("can't send e-mail"),
            EmailRoute::Outbox(outbox) => outbox.put("eml", message.formatted()).await.map(drop),
        }
    }

    fn compose(&self, email: &Email) -> Result<Message> {
        let no_address = || {
            Error::external(format!(
                "`{}` is no e-mail address",
                email.to.escape_debug()
            ))
        };
        if plain::is_foul(&email.to) {
            return Err(no_address());
        }
        let address: Address =
            (email.to.parse()).map_err(|error: AddressError| no_address().because(error))?;
        let name = Some(plain::line(&email.name)).filter(|name| !name.is_empty());
        let id = format!("<{}@{}>", unique(), self.from.email.domain());
        Ok(Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(name, address))
            .subject(plain::line(&email.subject))
            .message_id(Some(id))
            .header(ContentType::TEXT_PLAIN)
            .body(plain::text(&email.body).replace('\n', "\r\n"))?)
    }
}

/// Checks the sender and the mail server of a config.
///
/// # Errors
///
/// Returns an error if one is invalid.
pub(crate) fn check(from: &str, smtp: Option<&SmtpConfig>) -> Result<()> {
    sender(from)?;
    let Some(config) = smtp else { return Ok(()) };
    check::host("smtp.host", &config.host)?;
    if config.username.is_some() != config.password.is_some() {
        return Err(Error::config(
            "`smtp`: set both `username` and `password`, or neither",
        ));
    }
    Ok(())
}

fn sender(from: &str) -> Result<Mailbox> {
    let no_address = || {
        Error::config(format!(
            "`from`: `{}` is no e-mail address",
            from.escape_debug()
        ))
    };
    if plain::is_foul(from) {
        return Err(no_address());
    }
    (from.parse()).map_err(|error: AddressError| no_address().because(error))
}

fn transport(config: &SmtpConfig) -> Result<AsyncSmtpTransport<Tokio1Executor>> {
    type Transport = AsyncSmtpTransport<Tokio1Executor>;
    check::host("smtp.host", &config.host)?;
    let builder = match config.tls {
        Tls::None => Transport::builder_dangerous(&config.host),
        Tls::StartTls => Transport::starttls_relay(&config.host).config()?,
        Tls::Tls => Transport::relay(&config.host).config()?,
    };
    let mut builder = builder.timeout(Some(config.timeout.get()));
    if let Some(port) = config.port {
        builder = builder.port(port);
    }
    match (&config.username, &config.password) {
        (Some(name), Some(password)) => {
            let password = password.expose().to_owned();
            builder = builder.credentials(Credentials::new(name.clone(), password));
        }
        (None, None) => {}
        _ => {
            return Err(Error::config(
                "`smtp`: set both `username` and `password`, or neither",
            ));
        }
    }
    Ok(builder.build())
}

/// The limit covers the whole conversation, while lettre's own limit covers each step.
async fn deliver(
    transport: &AsyncSmtpTransport<Tokio1Executor>,
    timeout: Duration,
    message: Message,
) -> Result<()> {
    match tokio::time::timeout(timeout, transport.send(message)).await {
        Ok(sent) => sent.map(drop).map_err(classify),
        Err(_) => Err(Error::retriable(format!("no answer within {timeout:?}"))),
    }
}

fn classify(error: smtp::Error) -> Error {
    let pointless = error.is_permanent() || error.is_client() || error.is_tls();
    let kind = if pointless {
        Error::external
    } else {
        Error::retriable
    };
    kind("").because(error)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use plugin_core::ErrorKind;

    use super::*;

    fn email() -> Email {
        Email {
            name: "Ada".to_owned(),
            to: "ada@example.com".to_owned(),
            subject: "欢迎注册".to_owned(),
            body: "hello\n".to_owned(),
        }
    }

    fn mailer(dir: &tempfile::TempDir) -> Mailer {
        let outbox = Outbox::open(dir.path().to_owned()).unwrap();
        Mailer::new("Shop <no-reply@localhost>", None, outbox).unwrap()
    }

    fn headers(message: &Message) -> String {
        let text = String::from_utf8(message.formatted()).unwrap();
        text.split_once("\r\n\r\n").unwrap().0.to_owned()
    }

    #[tokio::test]
    async fn without_a_server_mail_goes_to_the_outbox() {
        let dir = tempfile::tempdir().unwrap();
        mailer(&dir).send(&email()).await.unwrap();
        let files: Vec<_> = fs::read_dir(dir.path().join("new")).unwrap().collect();
        assert_eq!(files.len(), 1);
        let path = files[0].as_ref().unwrap().path();
        assert_eq!(path.extension().unwrap(), "eml");
        let text = fs::read_to_string(path).unwrap();
        assert!(text.contains("To: Ada <ada@example.com>\r\n"), "{text}");
        assert!(text.contains("Subject: =?utf-8?b?"), "{text}");
        assert!(text.ends_with("hello\r\n"), "{text}");
    }

    #[test]
    fn nothing_that_an_event_says_becomes_a_header() {
        let dir = tempfile::tempdir().unwrap();
        let attack = "x\r\nBcc: all@example.com\r\n\r\nbody";
        let message = mailer(&dir)
            .compose(&Email {
                name: attack.to_owned(),
                subject: attack.to_owned(),
                ..email()
            })
            .unwrap();
        let headers = headers(&message);
        let names: Vec<_> = headers
            .lines()
            .filter(|line| !line.starts_with(' '))
            .filter_map(|line| line.split_once(':'))
            .map(|(name, _)| name)
            .collect();
        assert!(!names.contains(&"Bcc"), "{headers}");
        assert_eq!(message.envelope().to().len(), 1);
    }

    #[test]
    fn an_address_with_a_line_end_is_no_address() {
        let dir = tempfile::tempdir().unwrap();
        for to in [
            "ada@example.com\r\nBcc: all@example.com",
            "ada@example.com, bob@example.com",
            "\"a\r\nRCPT TO:<b@x.example>\r\n\"@example.com",
            "\"a\rb\"@example.com",
            "ada@example.com\r",
            "ada@exam\u{0}ple.com",
            "",
        ] {
            let email = Email {
                to: to.to_owned(),
                ..email()
            };
            let error = mailer(&dir).compose(&email).unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::External { retriable: false },
                "{to}"
            );
        }
    }

    #[test]
    fn report_a11_no_lone_end_of_a_line_is_in_a_message() {
        let dir = tempfile::tempdir().unwrap();
        let attack = "A\r.\r\nMAIL FROM:<e@x.example>\r\nDATA\r\nhi\r.\r\n.\nb\u{0}\u{1b}[2J";
        let long = attack.repeat(200);
        for body in [attack, &long, &format!("王{attack}")] {
            let message = mailer(&dir).compose(&Email {
                name: attack.to_owned(),
                subject: attack.to_owned(),
                body: body.to_owned(),
                ..email()
            });
            let bytes = message.unwrap().formatted();
            let text = String::from_utf8(bytes).unwrap();
            let rest = text.replace("\r\n", "");
            assert!(!rest.contains(|c: char| c.is_control()), "{rest:?}");
        }
    }

    #[test]
    fn a_bad_sender_is_the_operators() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(dir.path().to_owned()).unwrap();
        let error = Mailer::new("nobody", None, outbox).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains("`nobody`"), "{error}");
    }
}
