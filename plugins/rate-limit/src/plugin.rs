//! The plugin: checks the limits in order.

use plugin_core::event::Pattern;
use plugin_core::prelude::*;
use tokio::time::Instant;

use crate::config::RateLimitConfig;
use crate::limit::Limit;

/// Refuses events that come too fast.
#[derive(Debug)]
pub struct RateLimit {
    limits: Vec<Limit>,
    started: Instant,
}

/// Refuses events that come too fast.
#[plugin(name = "rate-limit-plugin", kind = middleware)]
impl RateLimit {
    #[init]
    fn init(Config(config): Config<RateLimitConfig>) -> Result<Self> {
        let limits = config.limits.iter().map(Limit::new);
        Ok(Self {
            limits: limits.collect::<Result<_>>()?,
            started: Instant::now(),
        })
    }

    fn topics(&self) -> Vec<Pattern> {
        let topics = self.limits.iter().map(Limit::topics);
        topics.cloned().collect()
    }

    /// Runs before all other interceptors, so that a refused event causes no further work. If one
    /// limit refuses an event, the event uses no tokens of the others.
    #[intercept(publish, topics = Self::topics, priority = i32::MAX)]
    fn check(&self, event: &AnyEvent<'_>) -> Result<()> {
        let now = self.now();
        let meant = |limit: &&Limit| limit.topics().matches(event.topic());
        for (at, limit) in self.limits.iter().enumerate() {
            if !meant(&limit) {
                continue;
            }
            if let Err(wait) = limit.take(event, now) {
                let taken = self.limits[..at].iter().filter(meant);
                taken.for_each(|limit| limit.give_back(event));
                return Err(limit.refusal(event.topic(), wait));
            }
        }
        Ok(())
    }

    /// Nanoseconds since the start, which can be represented for five centuries.
    fn now(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}
