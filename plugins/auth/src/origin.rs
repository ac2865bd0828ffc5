//! The origin of a login for counting failures: the user of the attempt, and a network.

use std::net::IpAddr;

/// The user of an attempt, and the network from which it comes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    pub(crate) user: String,
    pub(crate) network: String,
}

impl Origin {
    pub(crate) fn new(user: &str, ip: Option<&str>) -> Self {
        Self {
            user: user.to_owned(),
            network: ip.map_or_else(|| "unknown".to_owned(), network),
        }
    }
}

/// One subscriber can use all addresses of an IPv6 network of 64 bits.
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
mod tests {
    use super::*;

    #[test]
    fn a_network_is_one_address() {
        assert_eq!(
            network("2001:db8:1:2:3:4:5:6"),
            network("2001:db8:1:2:ffff::1")
        );
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:10.0.0.1"), "10.0.0.1");
        assert_eq!(network("not an address"), network("neither"));
    }
}
