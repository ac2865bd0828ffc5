//! Two threads that stay, and do the same at the same moment; and how to know that each of them had
//! a core to itself all the time, without which a figure of two threads says nothing.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed, Ordering::SeqCst};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use kernel_benches::Lap;
use rustix::time::{ClockId, clock_gettime};

/// How far apart two starts may be.
const SKEW: Duration = Duration::from_micros(2);
/// How much of the time a thread must have had its core.
const ON_CORE: f64 = 0.97;

type Work = Arc<dyn Fn(usize) + Send + Sync>;

/// What a thread was asked to do, and with how many others.
struct Job {
    work: Work,
    arrived: Arc<AtomicUsize>,
    threads: usize,
}

/// How one thread did.
struct Share {
    began: Instant,
    took: Duration,
    on_core: Duration,
}

/// Two threads that wait for work.
pub(crate) struct Cores {
    jobs: Vec<Sender<Job>>,
    shares: Mutex<Receiver<Share>>,
}

impl Cores {
    pub(crate) fn new() -> Self {
        let (done, shares) = channel();
        let jobs = (0..2).map(|at| worker(at, done.clone())).collect();
        Self {
            jobs,
            shares: Mutex::new(shares),
        }
    }

    /// Does the same on so many threads at once: the slowest counts.
    pub(crate) fn run(&self, threads: usize, work: &Work) -> Lap {
        let arrived = Arc::new(AtomicUsize::new(0));
        for job in &self.jobs[..threads] {
            let (work, arrived) = (Arc::clone(work), Arc::clone(&arrived));
            let job = job.send(Job {
                work,
                arrived,
                threads,
            });
            job.expect("the threads wait for work");
        }
        let shares = self.shares.lock().unwrap_or_else(PoisonError::into_inner);
        let shares: Vec<_> = shares.iter().take(threads).collect();
        let took = shares.iter().map(|share| share.took).max();
        (took.unwrap_or_default(), undisturbed(&shares))
    }

    /// How long a cache line takes from one core to the other now: `None` if it was disturbed.
    pub(crate) fn distance(&self) -> Option<&'static str> {
        const TRIPS: u64 = 100;
        let ball = AtomicU64::new(0);
        let play = move |side: usize| {
            for trip in 0..TRIPS {
                while ball.load(SeqCst) != 2 * trip + side as u64 {
                    std::hint::spin_loop();
                }
                ball.fetch_add(1, SeqCst);
            }
        };
        let (took, undisturbed) = self.run(2, &(Arc::new(play) as Work));
        match took.as_nanos() / u128::from(2 * TRIPS) {
            _ if !undisturbed => None,
            0..80 => Some("near"),
            80..300 => Some("far"),
            _ => None,
        }
    }
}

fn undisturbed(shares: &[Share]) -> bool {
    let begins = || shares.iter().map(|share| share.began);
    let skew = begins().max().zip(begins().min());
    skew.is_none_or(|(last, first)| last - first < SKEW)
        && (shares.iter())
            .all(|share| share.on_core.as_secs_f64() >= ON_CORE * share.took.as_secs_f64())
}

fn worker(at: usize, done: Sender<Share>) -> Sender<Job> {
    let (sender, jobs) = channel::<Job>();
    thread::spawn(move || {
        stay_on(at);
        for job in jobs {
            job.arrived.fetch_add(1, SeqCst);
            while job.arrived.load(Relaxed) < job.threads {
                std::hint::spin_loop();
            }
            // The clock of the core takes a while to read, so it is read outside of the other.
            let (on_core, began) = (time_on_core(), Instant::now());
            (job.work)(at);
            let share = Share {
                took: began.elapsed(),
                on_core: time_on_core() - on_core,
                began,
            };
            if done.send(share).is_err() {
                break;
            }
        }
    });
    sender
}

fn time_on_core() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// Keeps this thread on one core, each thread on another: else two that wake together may share one.
#[cfg(target_os = "linux")]
fn stay_on(at: usize) {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    let allowed = sched_getaffinity(None).unwrap_or_default();
    let mut cores = (0..CpuSet::MAX_CPU).filter(|core| allowed.is_set(*core));
    if let Some(core) = cores.nth(at) {
        let mut only = CpuSet::new();
        only.set(core);
        // Where it is not allowed, the rounds are filtered by how they went all the same.
        let _refused = sched_setaffinity(None, &only);
    }
}

#[cfg(not(target_os = "linux"))]
fn stay_on(_at: usize) {}
