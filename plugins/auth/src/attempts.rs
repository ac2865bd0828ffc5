//! Failed logins, counted per user and per address in windows of time.
//!
//! An attempt is counted as a failure when it begins, and given back when it turns out not to be
//! one: guesses that run side by side all count.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use plugin_contracts::Cache;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::config::Failures;

/// Counts attempts in a cache.
#[derive(Debug)]
pub(crate) struct Attempts<C> {
    cache: C,
    limits: Failures,
    /// A cache has no "add one": whoever counts holds this.
    counting: Mutex<()>,
}

/// What an attempt counts against.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    user: String,
    ip: Option<String>,
}

/// Failures since the window began.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Count {
    failures: u32,
    /// End of the window, in milliseconds since 1970.
    until: u64,
}

impl Origin {
    pub(crate) fn new(user: &str, ip: Option<&str>) -> Self {
        Self {
            user: format!("auth.failures.user.{user}"),
            ip: ip.map(|ip| format!("auth.failures.ip.{}", network(ip))),
        }
    }
}

impl<C: Cache> Attempts<C> {
    pub(crate) fn new(cache: C, limits: Failures) -> Self {
        Self {
            cache,
            limits,
            counting: Mutex::new(()),
        }
    }

    /// Counts an attempt.
    ///
    /// # Errors
    ///
    /// When there were too many: how long to wait.
    pub(crate) async fn begin(&self, origin: &Origin, now: SystemTime) -> Result<(), Duration> {
        let _counting = self.counting.lock().await;
        let counters = self.counters(origin);
        for (key, most) in counters.clone() {
            if let Some(count) = self.read(key, now).await
                && count.failures >= most
            {
                return Err(Duration::from_millis(count.until - millis(now)));
            }
        }
        for (key, _) in counters {
            self.add(key, 1, now).await;
        }
        Ok(())
    }

    /// The password was right: the user's failures are forgiven, and the address gets the
    /// attempt back. The address is not forgiven: else an account of one's own would do to go
    /// on guessing the others'.
    pub(crate) async fn succeeded(&self, origin: &Origin, now: SystemTime) {
        let _counting = self.counting.lock().await;
        self.cache.remove(&origin.user).await;
        if let Some(ip) = &origin.ip {
            self.add(ip, -1, now).await;
        }
    }

    /// Nobody knows whether the password was right: the attempt is given back.
    pub(crate) async fn undecided(&self, origin: &Origin, now: SystemTime) {
        let _counting = self.counting.lock().await;
        for (key, _) in self.counters(origin) {
            self.add(key, -1, now).await;
        }
    }

    fn counters<'a>(
        &self,
        origin: &'a Origin,
    ) -> impl Iterator<Item = (&'a str, u32)> + Clone + use<'a, C> {
        let user = (origin.user.as_str(), self.limits.per_user.get());
        let most = self.limits.per_ip.get();
        std::iter::once(user).chain(origin.ip.as_deref().map(|ip| (ip, most)))
    }

    async fn read(&self, key: &str, now: SystemTime) -> Option<Count> {
        let count: Count = serde_json::from_value(self.cache.get(key).await?).ok()?;
        (millis(now) < count.until).then_some(count)
    }

    async fn add(&self, key: &str, difference: i32, now: SystemTime) {
        let window = self.limits.window.get();
        let fresh = Count {
            failures: 0,
            until: millis(now + window),
        };
        let mut count = self.read(key, now).await.unwrap_or(fresh);
        count.failures = count.failures.saturating_add_signed(difference);
        let rest = Duration::from_millis(count.until - millis(now));
        let value = serde_json::json!({"failures": count.failures, "until": count.until});
        self.cache.set(key, value, rest).await;
    }
}

fn millis(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// One subscriber has a whole IPv6 network of 64 bits to come from.
fn network(ip: &str) -> String {
    match ip.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => ip.to_string(),
        Ok(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Err(_) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests;
