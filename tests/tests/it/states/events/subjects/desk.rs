//! What every handler does: what the event says, and to write it down.

use plugin_core::prelude::*;

use super::Side;
use crate::states::events::history::{Answer, End, Entry, Fate, Ledger, Tag};

/// Where one life of a plugin writes down what it does.
#[derive(Debug, Clone)]
pub(in crate::states::events) struct Desk {
    pub(super) plugin: usize,
    pub(super) life: u64,
    pub(super) ledger: Service<dyn Ledger>,
    pub(super) sides: Publisher<Side>,
}

/// A call of a handler; if it is not ended, it was cancelled, or it panicked.
struct Call {
    number: u64,
    ledger: Service<dyn Ledger>,
    ended: bool,
}

impl Call {
    fn end(mut self, how: End) {
        self.ended = true;
        let call = self.number;
        self.ledger.write(Entry::Ended { call, how });
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let how = if std::thread::panicking() {
            End::Panicked
        } else {
            End::Cancelled
        };
        if !self.ended {
            let call = self.number;
            self.ledger.write(Entry::Ended { call, how });
        }
    }
}

impl Desk {
    pub(super) fn started(&self) {
        let (plugin, life) = (self.plugin, self.life);
        self.ledger.write(Entry::Started { plugin, life });
    }

    pub(super) fn stopping(&self) {
        let (plugin, life) = (self.plugin, self.life);
        self.ledger.write(Entry::Stopping { plugin, life });
    }

    fn begin(&self, handler: usize, tags: Vec<Tag>) -> Call {
        let number = self.ledger.next();
        self.ledger.write(Entry::Begun {
            call: number,
            handler,
            life: self.life,
            tags,
        });
        Call {
            number,
            ledger: self.ledger.clone(),
            ended: false,
        }
    }

    /// A call of an inline handler.
    pub(in crate::states::events) fn now(
        &self,
        handler: usize,
        tag: Tag,
        fate: Fate,
    ) -> Result<()> {
        let call = self.begin(handler, vec![tag]);
        match fate {
            Fate::Fail | Fate::Flaky(_) => {
                call.end(End::Failed);
                Err(Error::external("told to fail"))
            }
            // Without the hook that prints it.
            Fate::Panic => std::panic::resume_unwind(Box::new("told to panic")),
            Fate::Yield => {
                // Long enough for a stop beside it to come to its `stop`, if it did not wait.
                (0..100).for_each(|_| std::thread::yield_now());
                call.end(End::Done);
                Ok(())
            }
            _ => {
                call.end(End::Done);
                Ok(())
            }
        }
    }

    /// A call of a queued handler.
    pub(in crate::states::events) async fn later(
        &self,
        handler: usize,
        tags: Vec<Tag>,
        fate: Fate,
    ) -> Result<()> {
        let first = tags[0];
        let call = self.begin(handler, tags);
        match fate {
            Fate::Yield => {
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                }
            }
            Fate::Fail => {
                call.end(End::Failed);
                return Err(Error::external("told to fail"));
            }
            Fate::Flaky(fails) if self.ledger.attempt(handler, first) <= fails => {
                call.end(End::Failed);
                return Err(Error::retriable("told to fail for now"));
            }
            Fate::Panic => std::panic::resume_unwind(Box::new("told to panic")),
            Fate::Hang => {
                let gate = self.ledger.gate();
                gate.notified().await;
            }
            Fate::Echo => self.echo(call.number).await,
            Fate::Return | Fate::Flaky(_) | Fate::FilterPanic => {}
        }
        call.end(End::Done);
        Ok(())
    }

    /// Publishes from within a handler, in a lane that nobody else has.
    async fn echo(&self, call: u64) {
        let tag = Tag {
            lane: u32::MAX - u32::try_from(call).expect("few calls"),
            number: 0,
        };
        let (by, item) = (self.plugin, Side::echo());
        self.ledger.write(Entry::Publishing { tag, by, item });
        let answer = Answer::of(self.sides.publish(Side { tag }).await);
        self.ledger.write(Entry::Published { tag, answer });
    }
}
