//! Names as 64-bit keys, so that const evaluation compares numbers instead of strings.

/// The key of a name: FNV-1a over its bytes (Fowler, Noll, Vo; offset basis
/// `0xcbf29ce484222325`, prime `0x100000001b3`), with the finalizer of
/// SplitMix64, so that the low bits can index a table.
///
/// # Example
///
/// ```
/// const KEY: u64 = plugin_core::key::of("hello-plugin");
/// assert_eq!(KEY, plugin_core::key::of("hello-plugin"));
/// assert_ne!(KEY, plugin_core::key::of("hello_plugin"));
/// ```
#[must_use]
pub const fn of(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at] as u64).wrapping_mul(0x0100_0000_01b3);
        at += 1;
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
