//! What it costs to bill each plugin: the processor time of a queued event that comes alone, which
//! is one measurement, beside its whole way; and a handler that reads JSON with the allocator that
//! bills memory, beside the same without it.

use criterion::Criterion;
use kernel_benches::{Contest, Goal, JSON_BURST, JsonProcess, System, timed};
use plugin_core::Plugin;

use crate::hold;
use crate::queued::{Listener, Queued};

const ALONE: &str = "kernel, one event alone";
const MEASUREMENT: &str = "a measurement of processor time";

const PLAIN: &str = "system's allocator";
const BILLED: &str = "with `accounting`";

pub(crate) fn bench(criterion: &mut Criterion) {
    let alone = System::start(&[Listener::DESCRIPTOR]).bursts(1, |number| Queued { number });
    let processor = Contest::new("accounting of processor time")
        .add(ALONE, alone)
        .add(
            MEASUREMENT,
            timed(|| plugin_core::__private::metered(|| {})),
        )
        .goal(Goal::ratio(MEASUREMENT, ALONE, 0.03));
    hold(criterion, processor);

    let mut plain = JsonProcess::start(env!("CARGO_BIN_EXE_json-handler"));
    let mut billed = JsonProcess::start(env!("CARGO_BIN_EXE_json-handler-billed"));
    let memory = Contest::new("accounting of memory, a handler that reads JSON")
        .operations(JSON_BURST as u64)
        .add(PLAIN, move |times| plain.run(times))
        .add(BILLED, move |times| billed.run(times))
        .goal(Goal::ratio(BILLED, PLAIN, 1.03));
    hold(criterion, memory);
}
