//! What a client sends to the HTTP interface, over a real connection: every answer is whole and of
//! a known kind, and what reaches the plugins has the form that it has to have.
//!
//! Lines of an input without a carriage return become the head of a request, up to the first empty
//! line, and get the length of the body that follows; any other input is sent as it is.

#![no_main]

#[path = "parts/answers.rs"]
mod answers;
#[path = "parts/site.rs"]
mod site;

use std::cell::LazyCell;
use std::net::{IpAddr, SocketAddr};

use libfuzzer_sys::fuzz_target;
use plugin_core::printable::is_obeyed;
use site::{SPEAKER, Seen, Site};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

struct Sites {
    runtime: Runtime,
    x_forwarded_for: Site,
    forwarded: Site,
}

thread_local! {
    static SITES: LazyCell<Sites> = const { LazyCell::new(open) };
}

fn open() -> Sites {
    let runtime = Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let x_forwarded_for = runtime.block_on(Site::start("x-forwarded-for"));
    let forwarded = runtime.block_on(Site::start("forwarded"));
    Sites {
        runtime,
        x_forwarded_for,
        forwarded,
    }
}

fuzz_target!(|input: &[u8]| {
    let request = request(input);
    let text = String::from_utf8_lossy(&request).to_ascii_lowercase();
    SITES.with(|sites| {
        let site = match text.contains("\nforwarded:") {
            true => &sites.forwarded,
            false => &sites.x_forwarded_for,
        };
        drop(site::seen());
        let answer = sites.runtime.block_on(converse(site.address, &request));
        answers::check(&answer);
        check(&site::seen(), &text);
    });
});

fn request(input: &[u8]) -> Vec<u8> {
    let text = match std::str::from_utf8(input) {
        Ok(text) if !text.contains('\r') => text,
        _ => return input.to_vec(),
    };
    let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
    let mut request = head.replace('\n', "\r\n");
    if !body.is_empty() {
        request += &format!("\r\nContent-Length: {}", body.len());
    }
    (request + "\r\n\r\n" + body).into_bytes()
}

/// Sends everything, then takes all that comes back. A connection may be reset when the server did
/// not want to read on.
async fn converse(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    if stream.write_all(request).await.is_ok() {
        drop(stream.shutdown().await);
    }
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    answer
}

fn check(seen: &Seen, request: &str) {
    for address in &seen.addresses {
        let address: IpAddr = address.parse().expect("an address");
        let is_peer = address.is_loopback();
        assert!(
            is_peer || claimed(request, address),
            "{address} in {request}"
        );
    }
    for order in &seen.orders {
        let allowed =
            (seen.callers.iter()).any(|caller| caller == SPEAKER || *caller == order.user_id);
        assert!(allowed, "{seen:?}");
        for name in [&order.order_id, &order.user_id] {
            assert!((1..=128).contains(&name.chars().count()), "{name:?}");
            assert!(!name.chars().any(is_obeyed), "{name:?}");
        }
    }
    // Its type does not say whom it speaks for.
    let has_speaker = seen.callers.iter().any(|caller| caller == SPEAKER);
    assert!(seen.saves.is_empty() || has_speaker, "{seen:?}");
}

/// Whether a header names the address, in whatever form.
fn claimed(request: &str, address: IpAddr) -> bool {
    let gap = |char: char| char.is_ascii_whitespace() || ",;=\"".contains(char);
    // A blank may stand after the name of a header, or not.
    let request = request
        .replace("forwarded:", " ")
        .replace("forwarded-for:", " ");
    let mut words = request.split(gap);
    words.any(|word| {
        let bare = word.trim_start_matches('[').trim_end_matches(']');
        let read = bare.parse::<IpAddr>().ok();
        let read = read.or_else(|| Some(word.parse::<SocketAddr>().ok()?.ip()));
        read.is_some_and(|read| read.to_canonical() == address)
    })
}
