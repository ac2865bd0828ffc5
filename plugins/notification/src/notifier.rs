//! Makes messages of events: finds the user, writes the texts, and sends them.

use std::sync::Arc;

use plugin_contracts::{OrderCreated, User, UserWelcome};
use plugin_core::{Error, ErrorExt, Result};
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::config::NotificationConfig;
use crate::directory::Directory;
use crate::email::{Email, Mailer};
use crate::outbox::Outbox;
use crate::sms::{TextMessage, Texter};
use crate::texts::Texts;

/// Sends the messages for events, with a limit on messages at the same time.
pub(crate) struct Notifier {
    users: Arc<dyn Directory>,
    texts: Texts,
    mailer: Mailer,
    texter: Texter,
    /// Limits all messages together, if config sets a limit.
    slots: Option<Semaphore>,
}

impl Notifier {
    /// Prepares to send, without connecting yet.
    ///
    /// # Errors
    ///
    /// Returns an error if the config contains an invalid address or template.
    pub(crate) fn new(
        config: &NotificationConfig,
        users: Arc<dyn Directory>,
        outbox: &Outbox,
    ) -> Result<Self> {
        Ok(Self {
            users,
            texts: Texts::new(&config.templates)?,
            mailer: Mailer::new(&config.from, config.smtp.as_ref(), outbox.clone())?,
            texter: Texter::new(config.sms.as_ref(), outbox.clone())?,
            slots: (config.concurrency).map(|most| Semaphore::new(usize::from(most.get()))),
        })
    }

    /// Welcomes a user by e-mail.
    ///
    /// # Errors
    ///
    /// Returns an error if the user is unknown, or if the e-mail can't be sent.
    pub(crate) async fn welcome(&self, event: &UserWelcome) -> Result<()> {
        let user = self.user(&event.user_id).await?;
        let (subject, body) = self.texts.welcome(&user, event);
        self.email(user, subject, body).await
    }

    /// Confirms an order by e-mail.
    ///
    /// # Errors
    ///
    /// Returns an error if the user is unknown, or if the e-mail can't be sent.
    pub(crate) async fn confirm_by_mail(&self, event: &OrderCreated) -> Result<()> {
        let user = self.user(&event.user_id).await?;
        let (subject, body) = self.texts.order(&user, event);
        self.email(user, subject, body).await
    }

    /// Confirms an order by a text message if the user has a phone number, and returns whether
    /// there was one. If the user is unknown, only the e-mail reports that.
    ///
    /// # Errors
    ///
    /// Returns an error if the text message can't be sent.
    pub(crate) async fn confirm_by_text(&self, event: &OrderCreated) -> Result<bool> {
        let Some(user) = self.find(&event.user_id).await? else {
            return Ok(false);
        };
        let Some(to) = user.phone.clone() else {
            return Ok(false);
        };
        self.text(to, self.texts.order_sms(&user, event)).await?;
        Ok(true)
    }

    async fn user(&self, id: &str) -> Result<User> {
        let found = self.find(id).await?;
        found.ok_or_else(|| Error::external(format!("there is no user `{id}`")))
    }

    async fn find(&self, id: &str) -> Result<Option<User>> {
        let found = self.users.find(id).await;
        found.context("can't look the user up")
    }

    /// Waits for a place among all messages, if they are limited.
    async fn slot(&self) -> Result<Option<SemaphorePermit<'_>>> {
        Ok(match &self.slots {
            Some(slots) => Some(slots.acquire().await?),
            None => None,
        })
    }

    async fn email(&self, user: User, subject: String, body: String) -> Result<()> {
        let _slot = self.slot().await?;
        let email = Email {
            name: user.name,
            to: user.email,
            subject,
            body,
        };
        self.mailer.send(&email).await
    }

    async fn text(&self, to: String, text: String) -> Result<()> {
        let _slot = self.slot().await?;
        self.texter.send(TextMessage { to, text }).await
    }
}

impl std::fmt::Debug for Notifier {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Notifier")
            .field("mailer", &self.mailer)
            .field("texter", &self.texter)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use plugin_core::{BoxFuture, ErrorKind};
    use tempfile::TempDir;

    use super::*;

    struct FakeUsers;

    impl Directory for FakeUsers {
        fn find(&self, id: &str) -> BoxFuture<'_, Result<Option<User>>> {
            let user = (id != "nobody").then(|| User {
                id: id.to_owned(),
                name: "王小明".to_owned(),
                email: if id == "odd" {
                    "no address".to_owned()
                } else {
                    format!("{id}@shop.example")
                },
                phone: (id != "phoneless").then(|| "+8613800000000".to_owned()),
            });
            Box::pin(async move { Ok(user) })
        }
    }

    struct Fixture {
        dir: TempDir,
        notifier: Notifier,
    }

    impl Fixture {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let outbox = Outbox::open(dir.path().to_owned()).unwrap();
            let config = NotificationConfig::default();
            let notifier = Notifier::new(&config, Arc::new(FakeUsers), &outbox).unwrap();
            Self { dir, notifier }
        }

        /// The texts in the outbox whose names have this ending.
        fn sent(&self, end: &str) -> Vec<String> {
            let files = std::fs::read_dir(self.dir.path().join("new")).unwrap();
            let paths = files.map(|file| file.unwrap().path());
            let matching = paths.filter(|path| path.to_str().unwrap().ends_with(end));
            matching
                .map(|path| std::fs::read_to_string(path).unwrap())
                .collect()
        }
    }

    fn order(user_id: &str) -> OrderCreated {
        OrderCreated {
            order_id: "A-1".to_owned(),
            user_id: user_id.to_owned(),
            total_cents: 12_305,
        }
    }

    #[tokio::test]
    async fn a_welcome_is_an_email() {
        let fixture = Fixture::new();
        let welcome = UserWelcome {
            user_id: "ming".to_owned(),
            message: "hello there".to_owned(),
        };
        fixture.notifier.welcome(&welcome).await.unwrap();
        let mails = fixture.sent(".eml");
        assert_eq!(mails.len(), 1);
        assert!(mails[0].contains("<ming@shop.example>"), "{}", mails[0]);
        assert!(mails[0].contains("hello there"), "{}", mails[0]);
        assert_eq!(fixture.sent(".sms.json"), Vec::<String>::new());
    }

    #[tokio::test]
    async fn an_order_is_confirmed_on_both_ways() {
        let fixture = Fixture::new();
        for user in ["ming", "phoneless"] {
            let order = order(user);
            fixture.notifier.confirm_by_mail(&order).await.unwrap();
            let texted = fixture.notifier.confirm_by_text(&order).await.unwrap();
            assert_eq!(texted, user == "ming");
        }
        assert_eq!(fixture.sent(".eml").len(), 2);
        let texts = fixture.sent(".sms.json");
        assert_eq!(texts.len(), 1);
        assert!(
            texts[0].contains("A-1") && texts[0].contains("123.05"),
            "{}",
            texts[0]
        );
    }

    #[tokio::test]
    async fn an_unknown_user_is_an_error_that_names_them() {
        let error = Fixture::new()
            .notifier
            .confirm_by_mail(&order("nobody"))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::External { retriable: false });
        assert_eq!(error.to_string(), "there is no user `nobody`");
    }

    #[tokio::test]
    async fn an_email_that_fails_is_none_of_the_text_messages_business() {
        let fixture = Fixture::new();
        let odd = order("odd");
        fixture.notifier.confirm_by_mail(&odd).await.unwrap_err();
        assert_eq!(fixture.sent(".sms.json").len(), 0);
        assert!(fixture.notifier.confirm_by_text(&odd).await.unwrap());
        assert_eq!(fixture.sent(".sms.json").len(), 1);
        let nobody = fixture.notifier.confirm_by_text(&order("nobody")).await;
        assert!(
            !nobody.unwrap(),
            "the e-mail says that there is no such user"
        );
    }

    #[test]
    fn a_bad_template_is_the_operators_and_named_by_its_key() {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(dir.path().to_owned()).unwrap();
        let mut config = NotificationConfig::default();
        config.templates.order.sms = "{price}".to_owned();
        let error = Notifier::new(&config, Arc::new(FakeUsers), &outbox).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(
            error.to_string().starts_with("`templates.order.sms`: "),
            "{error}"
        );
    }
}
