//! The day itself: people come in the morning, order at noon and go home in the evening.

use std::io::{self, Write};

use super::random::SplitMix64;

/// The users that `config/plugins/user-service.yaml` seeds.
const USERS: [&str; 8] = [
    "12345", "1001", "1002", "1003", "1004", "1005", "1006", "1007",
];

const GOODS: [&str; 6] = ["tea", "coffee", "bread", "apples", "honey", "rice"];

/// One bad line in this many.
const BAD_EVERY: u64 = 60;

/// A day on its way: who is in, and what comes next.
#[derive(Debug)]
pub(super) struct Day {
    random: SplitMix64,
    lines: u64,
    line: u64,
    orders: u64,
    here: [bool; USERS.len()],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Login,
    Order,
    Save,
    Query,
    Logout,
}

impl Day {
    pub(super) fn new(lines: u64, seed: u64) -> Self {
        Self {
            random: SplitMix64::new(seed),
            lines,
            line: 0,
            orders: 0,
            here: [false; USERS.len()],
        }
    }

    /// Writes the next line.
    pub(super) fn write_line(&mut self, out: &mut impl Write) -> io::Result<()> {
        self.line += 1;
        if self.line % BAD_EVERY == BAD_EVERY / 2 {
            return self.write_bad(out);
        }
        let user = self.random.below(USERS.len() as u32) as usize;
        let act = self.act(user);
        self.write_act(out, act, user)
    }

    /// What a user does now. Nobody does anything before the login.
    fn act(&mut self, user: usize) -> Act {
        if !self.here[user] {
            return Act::Login;
        }
        let evening = self.line * 3 > self.lines * 2;
        let logout = if evening { 40 } else { 15 };
        match self.random.below(100) {
            roll if roll < logout => Act::Logout,
            roll if roll < logout + 30 => Act::Order,
            roll if roll < logout + 45 => Act::Save,
            _ => Act::Query,
        }
    }

    fn write_act(&mut self, out: &mut impl Write, act: Act, user: usize) -> io::Result<()> {
        let id = USERS[user];
        match act {
            Act::Login => {
                self.here[user] = true;
                let ip = 2 + self.random.below(250);
                event(
                    out,
                    "user.login",
                    format_args!(r#"{{"user_id":"{id}","ip":"192.168.1.{ip}"}}"#),
                )
            }
            Act::Logout => {
                self.here[user] = false;
                event(out, "user.logout", format_args!(r#"{{"user_id":"{id}"}}"#))
            }
            Act::Order => {
                self.orders += 1;
                let (order, cents) = (self.orders, 100 + self.random.below(20_000));
                event(
                    out,
                    "order.created",
                    format_args!(
                        r#"{{"order_id":"o-{order}","user_id":"{id}","total_cents":{cents}}}"#
                    ),
                )
            }
            Act::Save => {
                let (item, amount) = (*self.random.pick(&GOODS), 1 + self.random.below(9));
                event(
                    out,
                    "data.save",
                    format_args!(
                        r#"{{"table":"notes","data":{{"user_id":"{id}","text":"{amount} {item}"}}}}"#
                    ),
                )
            }
            Act::Query => event(
                out,
                "data.query",
                format_args!(
                    r#"{{"query":"SELECT text FROM notes WHERE user_id = ? LIMIT 5","params":["{id}"]}}"#
                ),
            ),
        }
    }

    /// A mistake of each kind in turn.
    fn write_bad(&mut self, out: &mut impl Write) -> io::Result<()> {
        let id = *self.random.pick(&USERS);
        match self.line / BAD_EVERY % 5 {
            0 => writeln!(out, r#"{{"type":"user.login","data":{{"user_id":"{id}""#),
            1 => event(out, "user.logn", format_args!(r#"{{"user_id":"{id}"}}"#)),
            2 => event(
                out,
                "order.created",
                format_args!(r#"{{"order_id":"o-x","user_id":"{id}","total_cents":"a lot"}}"#),
            ),
            3 => event(out, "user.logout", format_args!("{{}}")),
            _ => writeln!(out, r#"{{"data":{{"user_id":"{id}"}}}}"#),
        }
    }
}

fn event(out: &mut impl Write, topic: &str, data: std::fmt::Arguments<'_>) -> io::Result<()> {
    writeln!(out, r#"{{"type":"{topic}","data":{data}}}"#)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::Day;

    fn lines(count: u64) -> Vec<String> {
        let mut day = Day::new(count, 11);
        (0..count)
            .map(|_| {
                let mut line = Vec::new();
                day.write_line(&mut line).unwrap();
                String::from_utf8(line).unwrap()
            })
            .collect()
    }

    fn user(line: &str) -> Option<&str> {
        line.split_once(r#""user_id":""#)?.1.split('"').next()
    }

    #[test]
    fn five_of_three_hundred_lines_are_bad_each_in_its_own_way() {
        let lines = lines(300);
        let bad: Vec<&str> = (30..300)
            .step_by(60)
            .map(|line| lines[line - 1].trim_end())
            .collect();
        assert!(bad[0].matches('{').count() > bad[0].matches('}').count());
        assert!(bad[1].contains("user.logn"));
        assert!(bad[2].contains("a lot"));
        assert!(bad[3].ends_with(r#""data":{}}"#));
        assert!(!bad[4].contains("type"));
    }

    #[test]
    fn nobody_orders_before_the_login_or_logs_out_twice() {
        let mut here = HashSet::new();
        for (at, line) in lines(3_000).iter().enumerate() {
            let Some(user) = user(line).filter(|_| (at + 1) % 60 != 30) else {
                continue;
            };
            if line.contains("user.login") {
                assert!(here.insert(user.to_owned()), "{line}");
            } else if line.contains("user.logout") {
                assert!(here.remove(user), "{line}");
            } else if line.contains("order.created") {
                assert!(here.contains(user), "{line}");
            }
        }
    }

    #[test]
    fn every_kind_of_event_occurs() {
        let text = lines(300).concat();
        for topic in [
            "user.login",
            "user.logout",
            "order.created",
            "data.save",
            "data.query",
        ] {
            assert!(text.contains(&format!(r#""type":"{topic}""#)), "{topic}");
        }
    }
}
