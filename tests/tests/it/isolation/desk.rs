//! A plugin that provides a remote service, and one that needs it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use plugin_core::prelude::*;
use plugin_core::{Descriptor, Plugin};
use tokio::sync::Semaphore;

use super::{Listener, Notebook, Said, place};

/// What is counted by.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Factor {
    pub(super) by: u64,
}

/// Why the desk fails.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum DeskError {
    /// There is too little of something.
    Short {
        missing: u64,
    },
    Failed(Error),
}

impl From<Error> for DeskError {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

/// Does what others ask for.
#[service(remote)]
pub(super) trait Desk {
    /// Which process it is in.
    async fn place(&self) -> Result<String>;

    /// Says it again.
    async fn echo(&self, text: &str) -> Result<String>;

    /// Takes arguments of every form.
    async fn sum(
        &self,
        numbers: &[u64],
        also: Option<&[u64]>,
        more: Option<u64>,
        factor: &Factor,
    ) -> Result<u64, DeskError>;

    /// Works: `trace`, `hang`, `hold`, `panic`, `die`, `die_once`, `retriable` or `log`.
    async fn work(&self, how: String) -> Result<String>;

    /// Has a body that providers share.
    async fn twice(&self, text: &str) -> Result<String> {
        Ok(self.echo(text).await? + text)
    }
}

/// Something is to be told of the work at the desk: `held`, or `release`.
#[event("isolation.desk")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Bell {
    pub(super) how: String,
}

/// Provides the desk.
struct DeskPlugin {
    said: Publisher<Said>,
    data: DataDir,
    held: AtomicUsize,
    most: AtomicUsize,
    released: Semaphore,
}

pub(super) const DESK: &str = DeskPlugin::NAME;

#[plugin(name = "isolation-desk", provides(Desk))]
impl DeskPlugin {
    #[init]
    fn init(said: Publisher<Said>, data: DataDir) -> Self {
        Self {
            said,
            data,
            held: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            released: Semaphore::new(0),
        }
    }

    #[subscribe]
    async fn bell(&self, bell: &Bell) -> Result<()> {
        let what = match &*bell.how {
            "release" => {
                self.released.close();
                "released".to_owned()
            }
            _ => format!(
                "held {} most {}",
                self.held.load(SeqCst),
                self.most.load(SeqCst)
            ),
        };
        Ok(self.said.publish(Said { what }).await?)
    }

    /// Whether it is called so for the first time, in whichever process; each time is noted.
    fn is_first(&self, how: &str) -> bool {
        let noted = self.data.path().join(how);
        let before = std::fs::read_to_string(&noted).unwrap_or_default();
        std::fs::write(noted, format!("{before}{how}\n")).unwrap();
        before.is_empty()
    }
}

/// Says so when it is dropped.
struct GivenUp<'a>(&'a Publisher<Said>);

impl Drop for GivenUp<'_> {
    fn drop(&mut self) {
        let what = "given up".to_owned();
        self.0.try_publish(Said { what }).unwrap();
    }
}

#[service]
impl Desk for DeskPlugin {
    async fn place(&self) -> Result<String> {
        Ok(place().to_owned())
    }

    async fn echo(&self, text: &str) -> Result<String> {
        Ok(text.to_owned())
    }

    async fn sum(
        &self,
        numbers: &[u64],
        also: Option<&[u64]>,
        more: Option<u64>,
        factor: &Factor,
    ) -> Result<u64, DeskError> {
        let also = also.unwrap_or_default();
        let sum: u64 = numbers.iter().chain(also).sum();
        match (sum + more.unwrap_or(0)) * factor.by {
            sum if sum >= 100 => Ok(sum),
            sum => Err(DeskError::Short { missing: 100 - sum }),
        }
    }

    async fn work(&self, how: String) -> Result<String> {
        match &*how {
            "trace" => Ok(plugin_core::trace::current().map_or_else(
                || "no trace".to_owned(),
                |trace| trace.trace_id().to_string(),
            )),
            "plugin" => Ok(plugin_core::current().unwrap().plugin.to_owned()),
            "hang" => {
                let _given_up = GivenUp(&self.said);
                std::future::pending().await
            }
            "hold" => {
                let held = self.held.fetch_add(1, SeqCst) + 1;
                self.most.fetch_max(held, SeqCst);
                let _closed = self.released.acquire().await;
                self.held.fetch_sub(1, SeqCst);
                Ok(how)
            }
            "panic" => panic!("no more"),
            "die" => std::process::abort(),
            "die_once" if self.is_first("die_once") => std::process::abort(),
            "retriable" => {
                let pause = std::time::Duration::from_secs(7);
                Err(Error::retriable("busy").after(pause))
            }
            _ => Ok(how),
        }
    }
}

/// What the clerk is to have done at the desk.
#[event("isolation.errand")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub(super) struct Errand {
    pub(super) how: String,
}

/// Goes to the desk.
struct Clerk {
    desk: Service<dyn Desk>,
    said: Publisher<Said>,
}

pub(super) const CLERK: &str = Clerk::NAME;

#[plugin(name = "isolation-clerk")]
impl Clerk {
    /// The desk is there already when the clerk comes.
    #[init]
    async fn init(desk: Service<dyn Desk>, said: Publisher<Said>) -> Result<Self> {
        desk.echo("good morning").await?;
        Ok(Self { desk, said })
    }

    #[subscribe(concurrency = 1000, queue = 1000)]
    async fn go(&self, errand: &Envelope<Errand>) -> Result<()> {
        let how = &*errand.how;
        let what = match how {
            "sum" => {
                let sum = self.desk.sum(&[1, 2], Some(&[3]), None, &Factor { by: 1 });
                format!("{:?}", sum.await.map_err(|error| format!("{error:?}")))
            }
            "twice" => self.desk.twice("two ").await?,
            "place" => format!("{} to {}", place(), self.desk.place().await?),
            "trace" => {
                let trace = self.desk.work(how.to_owned()).await?;
                let is_same = trace == errand.trace().trace_id().to_string();
                format!("the same trace: {is_same}")
            }
            how => match self.desk.work(how.to_owned()).await {
                Ok(done) => done,
                Err(error) => format!("{:?} {error}", error.kind()),
            },
        };
        Ok(self.said.publish(Said { what }).await?)
    }
}

pub(super) const SET: [&Descriptor; 4] = [
    DeskPlugin::DESCRIPTOR,
    Clerk::DESCRIPTOR,
    Listener::DESCRIPTOR,
    Notebook::DESCRIPTOR,
];

/// The desk and the clerk as what a child holds.
pub(super) const PLUGINS: [&Descriptor; 2] = [DeskPlugin::DESCRIPTOR, Clerk::DESCRIPTOR];

/// A handle of the desk, as the program has it.
pub(super) fn desk(running: &crate::rig::Started) -> Arc<Service<dyn Desk>> {
    Arc::new(running.service().unwrap())
}
