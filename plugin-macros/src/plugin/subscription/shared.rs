//! How handlers share the events: `group`, `balance` and `key` of `#[subscribe]`.

use quote::ToTokens;
use syn::{Expr, Ident, LitStr};

use super::{awaits, find_self};
use crate::attribute::Arguments;
use crate::diagnostics::Diagnostics;
use crate::plugin::model::Shared;
use crate::suggestion;

const BALANCES: [(&str, &str); 2] = [
    ("round_robin", "RoundRobin"),
    ("least_loaded", "LeastLoaded"),
];

/// Reads the three options, before the options that have to agree with them.
pub(super) fn shared(
    arguments: &mut Arguments,
    is_batch: bool,
    diagnostics: &mut Diagnostics,
) -> Shared {
    check_balance(arguments, diagnostics);
    check_key(arguments, is_batch, diagnostics);
    check_queue(arguments, diagnostics);
    Shared {
        group: group(arguments, diagnostics),
        balance: balance(arguments, diagnostics),
        key: key(arguments, diagnostics),
    }
}

fn check_balance(arguments: &Arguments, diagnostics: &mut Diagnostics) {
    let Some(balance) = arguments.name_of("balance") else {
        return;
    };
    if arguments.lacks("group") {
        let message = "`balance` chooses among the members of a group: write `group = \"…\"` \
            beside it, or leave it out";
        diagnostics.at(balance, message);
    }
    if arguments.has("key") {
        let message = "`balance` chooses for events without a key, and `key` gives each event \
            one: leave one of the two out";
        diagnostics.at(balance, message);
    }
}

/// Refuses `queue` together with a group, because each member of a group has its own mailbox.
/// `durable` excludes both.
fn check_queue(arguments: &Arguments, diagnostics: &mut Diagnostics) {
    if !arguments.has("group") || arguments.has("durable") {
        return;
    }
    if let Some(queue) = arguments.name_of("queue") {
        let message = "an event goes to whichever member of a group has room in its mailbox, so \
            no handler of one has a queue of its own: leave `queue` out, or `group`";
        diagnostics.at(queue, message);
    }
}

/// Refuses options that make no sense with a key.
fn check_key(arguments: &Arguments, is_batch: bool, diagnostics: &mut Diagnostics) {
    let (Some(key), true) = (arguments.name_of("key"), arguments.has("concurrency")) else {
        return;
    };
    if is_batch {
        let message = "a batch holds events of many keys, so batches side by side keep no key's \
            order: leave `concurrency` out, or take one event";
        diagnostics.at(key, message);
    }
    if arguments.is_word("overflow", "drop_oldest") {
        let message = "with `key` and `concurrency` the oldest event may stand behind others of \
            its key, where it can't give way: write `overflow = drop_newest`, or another one";
        diagnostics.at(key, message);
    }
}

fn group(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<LitStr> {
    let group = arguments.string("group", diagnostics)?;
    if group.value().trim().is_empty() {
        let message = "a group has a name, which its members share: write `group = \"billing\"`";
        diagnostics.at(&group, message);
    }
    Some(group)
}

fn balance(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<Ident> {
    let word = arguments.word("balance", diagnostics)?;
    let variant = BALANCES.iter().find(|(name, _)| word == name);
    if variant.is_none() {
        let names = BALANCES.map(|(name, _)| name);
        let hint = suggestion::hint(&word.to_string(), &names);
        let known = suggestion::listed(&names);
        let message = format!("`{word}` is no way to balance{hint}: write one of {known}");
        diagnostics.at(&word, message);
    }
    variant.map(|(_, variant)| Ident::new(variant, word.span()))
}

/// The key. It becomes a `fn`, so it can use only the event.
fn key(arguments: &mut Arguments, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let key = arguments.expression("key", diagnostics)?;
    if let Some(this) = find_self(key.to_token_stream()) {
        let message = "a key is read off the event alone, before it is known which instance \
            handles it: there is no `self` here";
        diagnostics.at(this, message);
    }
    if let Some(token) = awaits(&key) {
        let message = "a key is read off the event while it is published, which does not wait: \
            write a closure without `async`";
        diagnostics.at(token, message);
        return None;
    }
    Some(key)
}
