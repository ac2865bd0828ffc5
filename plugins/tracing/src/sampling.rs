//! Decides which traces are recorded: by the random part of their id, so that the decision is the
//! same for every span of a trace, here and on other machines. (OpenTelemetry's `TraceIdRatioBased`
//! sampler, with the threshold of W3C Trace Context, Level 2.)

use plugin_core::trace::TraceContext;

/// Bits of a trace id that are random.
const RANDOM_BITS: u32 = 56;

/// A share of all traces.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sampling {
    /// Traces whose random part is not below this are recorded.
    threshold: u64,
}

impl Sampling {
    /// `ratio` is from 0 to 1.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "56 bits of a number from 0 to 1 are exact enough"
    )]
    pub(crate) fn new(ratio: f64) -> Self {
        let all = (1_u64 << RANDOM_BITS) as f64;
        Self {
            threshold: ((1.0 - ratio.clamp(0.0, 1.0)) * all) as u64,
        }
    }

    pub(crate) fn takes(self, trace: TraceContext) -> bool {
        trace.trace_id().randomness() >= self.threshold
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(ratio: f64) -> usize {
        let sampling = Sampling::new(ratio);
        let traces = (0..10_000).map(|_| TraceContext::root());
        traces.filter(|trace| sampling.takes(*trace)).count()
    }

    #[test]
    fn a_part_of_the_traces_is_taken() {
        assert_eq!((taken(0.0), taken(1.0)), (0, 10_000));
        let tenth = taken(0.1);
        // Ten standard deviations: the test fails by chance less often than the memory.
        assert!((700..1_300).contains(&tenth), "{tenth}");
    }

    #[test]
    fn all_spans_of_a_trace_are_decided_alike() {
        let sampling = Sampling::new(0.5);
        for _ in 0..100 {
            let root = TraceContext::root();
            assert_eq!(sampling.takes(root), sampling.takes(root.child()));
        }
    }
}
