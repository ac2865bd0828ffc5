//! Metrics that a plugin records itself, beside the counters of the kernel.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::context::Identity;
use crate::error::{Error, Result};
use crate::guard;
use crate::histogram::{Distribution, Histogram};

/// Creates metrics of the plugin, as a parameter of `#[init]`.
/// [`System::metrics`](crate::lifecycle::System::metrics) returns them, and `metrics-plugin` serves
/// them, with the name of the instance in the label `plugin`, as long as the instance exists.
///
/// Counting is an addition to a number that the plugin shares with the reader. If there is no
/// reader, nothing else is done.
///
/// ```
/// use plugin_core::Counter;
/// use plugin_core::prelude::*;
///
/// struct Shop {
///     sold: Counter,
/// }
///
/// #[plugin(name = "shop-plugin")]
/// impl Shop {
///     #[init]
///     fn init(meter: Meter) -> Result<Self> {
///         Ok(Self {
///             sold: meter.with("kind", "book").counter("shop_sold", "Things that were sold.")?,
///         })
///     }
///
///     fn sell(&self) {
///         self.sold.add(1);
///     }
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Meter {
    figures: Arc<OwnFigures>,
    labels: Vec<(&'static str, String)>,
}

/// A number that only increases.
#[derive(Debug, Clone, Default)]
pub struct Counter(Arc<AtomicU64>);

impl Counter {
    /// Adds `more` to the number.
    pub fn add(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }
}

/// A number that increases and decreases.
#[derive(Debug, Clone, Default)]
pub struct Gauge(Arc<AtomicU64>);

impl Gauge {
    /// Sets the value.
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Relaxed);
    }
}

/// A distribution of durations.
#[derive(Debug, Clone, Default)]
pub struct TimeHistogram(Arc<Histogram>);

impl TimeHistogram {
    /// Records a duration.
    pub fn note(&self, took: Duration) {
        self.0.note(1, took);
    }
}

impl Meter {
    pub(crate) fn new(figures: &Arc<OwnFigures>) -> Self {
        Self {
            figures: Arc::clone(figures),
            labels: Vec::new(),
        }
    }

    /// A meter whose metrics have an additional label.
    #[must_use]
    pub fn with(&self, label: &'static str, value: impl Into<String>) -> Self {
        let mut meter = self.clone();
        meter.labels.push((label, value.into()));
        meter
    }

    /// Creates a counter. Exporters append `_total` to its name.
    ///
    /// # Errors
    ///
    /// Returns an error if the name is invalid, or already exists with these labels: see
    /// [`Meter::observe`].
    pub fn counter(&self, name: &'static str, help: &'static str) -> Result<Counter> {
        let counter = Counter::default();
        self.add(name, help, FigureSource::Counter(counter.clone()))?;
        Ok(counter)
    }

    /// Creates a gauge, whose value increases and decreases.
    ///
    /// # Errors
    ///
    /// As [`Meter::observe`].
    pub fn gauge(&self, name: &'static str, help: &'static str) -> Result<Gauge> {
        let gauge = Gauge::default();
        self.add(name, help, FigureSource::Gauge(gauge.clone()))?;
        Ok(gauge)
    }

    /// Creates a distribution of durations. Its name has to end in `_seconds`.
    ///
    /// # Errors
    ///
    /// As [`Meter::observe`].
    pub fn timer(&self, name: &'static str, help: &'static str) -> Result<TimeHistogram> {
        let timer = TimeHistogram::default();
        self.add(name, help, FigureSource::Times(timer.clone()))?;
        Ok(timer)
    }

    /// Creates a gauge whose value is computed by a function when it is read. The function must not
    /// wait; if it panics, there is no value.
    ///
    /// # Errors
    ///
    /// Returns an error if the name is invalid, or already exists with these labels. A name
    /// consists of lower case letters, digits and `_`. It should end with its unit, if it has one,
    /// such as `_seconds` or `_bytes`. It must not end with a suffix that the export formats add,
    /// or begin with `plugin_` or `process_`, which are reserved for the kernel's metrics.
    pub fn observe(
        &self,
        name: &'static str,
        help: &'static str,
        read: impl Fn() -> f64 + Send + Sync + 'static,
    ) -> Result<()> {
        self.add(name, help, FigureSource::Observed(Box::new(read)))
    }

    fn add(&self, name: &'static str, help: &'static str, source: FigureSource) -> Result<()> {
        check(name, &self.labels)?;
        let labels = self.labels.clone();
        self.figures.add(Figure {
            name,
            help,
            labels,
            source,
        })
    }
}

/// Suffixes that the export formats add to names.
const ENDINGS: [&str; 6] = ["_total", "_bucket", "_sum", "_count", "_info", "_created"];

fn check(name: &str, labels: &[(&'static str, String)]) -> Result<()> {
    let is_word = |word: &str| {
        word.starts_with(|letter: char| letter.is_ascii_lowercase())
            && word
                .bytes()
                .all(|it| matches!(it, b'a'..=b'z' | b'0'..=b'9' | b'_'))
    };
    let is_taken = name.starts_with("plugin_") || name.starts_with("process_");
    if !is_word(name) || is_taken || ENDINGS.iter().any(|ending| name.ends_with(ending)) {
        return Err(Error::bug(format!(
            "`{name}` can't be the name of a metric"
        )));
    }
    let is_wrong = |label: &str| !is_word(label) || matches!(label, "plugin" | "le");
    match labels.iter().find(|(label, _)| is_wrong(label)) {
        Some((label, _)) => Err(Error::bug(format!(
            "`{label}` can't be a label of `{name}`"
        ))),
        None => Ok(()),
    }
}

/// The metrics that one instance records itself.
#[derive(Debug, Default)]
pub(crate) struct OwnFigures(Mutex<Vec<Arc<Figure>>>);

#[derive(Debug)]
struct Figure {
    name: &'static str,
    help: &'static str,
    labels: Vec<(&'static str, String)>,
    source: FigureSource,
}

enum FigureSource {
    Counter(Counter),
    Gauge(Gauge),
    Times(TimeHistogram),
    Observed(Box<dyn Fn() -> f64 + Send + Sync>),
}

impl fmt::Debug for FigureSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FigureSource")
    }
}

/// A metric of an instance, at one moment.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct OwnMetric {
    /// Its name; for a counter, without `_total`.
    pub name: &'static str,
    /// Its description.
    pub help: &'static str,
    /// Its labels with their values.
    pub labels: Vec<(&'static str, String)>,
    /// Its value.
    pub value: OwnValue,
}

/// The value of a metric.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum OwnValue {
    /// The value of a counter.
    Count(u64),
    /// The value of a gauge.
    Level(f64),
    /// The distribution of a timer.
    Times(Box<Distribution>),
}

impl OwnFigures {
    fn add(&self, figure: Figure) -> Result<()> {
        let mut figures = self.lock();
        let is_same = |it: &Arc<Figure>| it.name == figure.name && it.labels == figure.labels;
        if figures.iter().any(is_same) {
            let name = figure.name;
            return Err(Error::bug(format!("the metric `{name}` is there already")));
        }
        figures.push(Arc::new(figure));
        Ok(())
    }

    /// Removes all metrics, because their instance does not exist any more.
    pub(crate) fn clear(&self) {
        // The functions of gauges are dropped without the lock.
        drop(std::mem::take(&mut *self.lock()));
    }

    /// The present values.
    pub(crate) fn read(&self, identity: &Identity) -> Vec<OwnMetric> {
        let figures = self.lock().clone();
        let read = |figure: &Arc<Figure>| {
            Some(OwnMetric {
                name: figure.name,
                help: figure.help,
                labels: figure.labels.clone(),
                value: figure.source.read(identity)?,
            })
        };
        figures.iter().filter_map(read).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Arc<Figure>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl FigureSource {
    fn read(&self, identity: &Identity) -> Option<OwnValue> {
        Some(match self {
            Self::Counter(Counter(count)) => OwnValue::Count(count.load(Relaxed)),
            Self::Gauge(Gauge(bits)) => OwnValue::Level(f64::from_bits(bits.load(Relaxed))),
            Self::Times(TimeHistogram(times)) => OwnValue::Times(Box::new(times.snapshot())),
            Self::Observed(read) => {
                let level = guard::call(identity.current(), || Ok(read()));
                OwnValue::Level(level.ok()?)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::InstanceId;
    use crate::permission::Grants;

    #[test]
    fn figures_are_read_as_they_are_and_gone_with_their_instance() {
        let identity = Identity::new("shop", InstanceId::default(), Grants::all("shop"));
        let figures = Arc::default();
        let meter = Meter::new(&figures);
        let sold = meter.with("kind", "book").counter("sold", "Sold.").unwrap();
        sold.add(3);
        meter.gauge("warmth", "How warm it is.").unwrap().set(21.5);
        let timer = meter.timer("wait_seconds", "Waits.").unwrap();
        timer.note(Duration::from_micros(3));
        meter.observe("seats", "Seats.", || 4.0).unwrap();
        meter.observe("broken", "Fails.", || panic!("no")).unwrap();
        let read = figures.read(&identity);
        let values: Vec<_> = read.iter().map(|it| (it.name, &it.value)).collect();
        assert_eq!(values[0], ("sold", &OwnValue::Count(3)));
        assert_eq!(read[0].labels, [("kind", "book".to_owned())]);
        assert_eq!(values[1], ("warmth", &OwnValue::Level(21.5)));
        assert!(matches!(values[2].1, OwnValue::Times(times) if times.count() == 1));
        assert_eq!(values[3..], [("seats", &OwnValue::Level(4.0))]);
        meter.counter("sold", "Sold, of no kind.").unwrap();
        meter.counter("sold", "Again.").unwrap_err();
        figures.clear();
        assert_eq!(figures.read(&identity), []);
    }

    #[test]
    fn a_name_is_one_that_the_formats_take() {
        let meter = Meter::new(&Arc::default());
        for name in [
            "",
            "Sold",
            "1st",
            "a-b",
            "plugin_x",
            "process_x",
            "x_total",
            "x_sum",
        ] {
            meter.counter(name, "x").unwrap_err();
        }
        for label in ["plugin", "le", "Kind", ""] {
            meter.with(label, "x").counter("sold", "x").unwrap_err();
        }
        meter.with("a_1", "").counter("sold_2", "x").unwrap();
    }
}
