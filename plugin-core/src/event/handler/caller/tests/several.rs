//! Calls with several events.

use super::*;
use crate::event::payload::Batch;

/// The events of a batch are kept by the work, whoever else holds them.
#[test]
fn a_batch_stays_until_its_call_has_ended() {
    for polls in 0..3 {
        let trial = Trial::new();
        let mut batch = owning_all(callee(), |events| {
            let typed = |event: Arc<dyn Payload>| event.into_any().downcast().unwrap();
            let events = Batch::<Note>::new(events.into_iter().map(typed).collect());
            async move {
                wait().await;
                assert!(events.iter().all(|note| note.text == "note"));
                Ok(())
            }
        });
        let events = ["first", "second", "third"];
        let notes = events.map(|name| trial.note(Fate::End, 0, ["", name]));
        let mut work = Work::of(notes);
        for count in 1..=polls {
            let polled = work.poll(&mut batch);
            assert_eq!(kind(polled).is_ready(), count == 2);
        }
        assert_eq!(trial.dropped(), [""; 0]);
        drop((batch, work));
        assert_eq!(trial.dropped(), events);
    }
}

/// A handler of single events that is called with more borrows the first of them.
#[test]
fn the_first_of_several_is_borrowed() {
    let mut trial = Trial::new();
    let notes = ["first", "second"].map(|name| trial.note(Fate::End, 1, ["future", name]));
    trial.work = Some(Work::of(notes));
    assert!(trial.poll().is_pending());
    drop(trial.take());
    assert_eq!(trial.dropped(), ["future", "first", "second"]);
}
