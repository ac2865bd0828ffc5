//! The grammar of cron expressions: five fields, or six with seconds first. It is checked in const
//! evaluation, so that `#[schedule(cron = "…")]` with a mistake does not compile, and again at run
//! time for expressions that are known only then.
//!
//! A field is `*`, or a list of values, ranges `a-b`, and steps `*/n` and `a-b/n`. Months and days
//! of the week have names. A day of the month may also be `L`, the last day, or `15W`, the working
//! day nearest to it; a day of the week may be `5L`, the last Friday, or `5#2`, the second Friday.
//! This is what [`croner`] accepts without its extensions, with a few additional restrictions.

const MONTHS: &[u8] = b"JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
const DAYS: &[u8] = b"SUNMONTUEWEDTHUFRISAT";

/// A field of an expression.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Second,
    Minute,
    Hour,
    DayOfMonth,
    Month,
    DayOfWeek,
}

impl Field {
    const ALL: [Self; 6] = [
        Self::Second,
        Self::Minute,
        Self::Hour,
        Self::DayOfMonth,
        Self::Month,
        Self::DayOfWeek,
    ];

    const fn range(self) -> (u32, u32) {
        match self {
            Self::Second | Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (0, 7),
        }
    }

    /// The three-letter names of its values, and the value of the first name.
    const fn names(self) -> (&'static [u8], u32) {
        match self {
            Self::Month => (MONTHS, 1),
            Self::DayOfWeek => (DAYS, 0),
            _ => (&[], 0),
        }
    }

    const fn fault(self) -> &'static str {
        match self {
            Self::Second => {
                "a cron expression's seconds are `*`, 0 to 59, a range `0-30`, a step `*/10`, or a list of them"
            }
            Self::Minute => {
                "a cron expression's minutes are `*`, 0 to 59, a range `0-30`, a step `*/5`, or a list of them"
            }
            Self::Hour => {
                "a cron expression's hours are `*`, 0 to 23, a range `8-17`, a step `*/2`, or a list of them"
            }
            Self::DayOfMonth => {
                "a cron expression's days of the month are `*`, 1 to 31, `L` for the last, `15W`, a range `1-15`, a step `*/2`, or a list of them"
            }
            Self::Month => {
                "a cron expression's months are `*`, 1 to 12, `JAN` to `DEC`, a range `JAN-MAR`, a step `*/3`, or a list of them"
            }
            Self::DayOfWeek => {
                "a cron expression's days of the week are `*`, 0 to 7, `SUN` to `SAT`, `5L`, `5#2`, a range `MON-FRI`, or a list of them"
            }
        }
    }
}

const COUNT: &str = "a cron expression has five or six fields: write minute, hour, day of the month, month and day of the week, as in `0 3 * * *`, with seconds before them if you want";

/// Panics with the mistake in an expression; in a constant, this is a compile error.
///
/// # Panics
///
/// Panics if the expression is invalid.
pub const fn assert_cron(expression: &str) {
    if let Some(fault) = fault(expression) {
        panic!("{}", fault);
    }
}

/// The mistake in an expression; `None` if it is valid.
pub(super) const fn fault(expression: &str) -> Option<&'static str> {
    let text = expression.as_bytes();
    let count = fields(text);
    if count != 5 && count != 6 {
        return Some(COUNT);
    }
    let mut at = 0;
    let mut place = 6 - count;
    while place < 6 {
        while is_blank(text[at]) {
            at += 1;
        }
        let end = word_end(text, at);
        if !is_field(Field::ALL[place], text, (at, end)) {
            return Some(Field::ALL[place].fault());
        }
        at = end;
        place += 1;
    }
    None
}

const fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// The number of words.
const fn fields(text: &[u8]) -> usize {
    let (mut at, mut count) = (0, 0);
    while at < text.len() {
        if !is_blank(text[at]) && (at == 0 || is_blank(text[at - 1])) {
            count += 1;
        }
        at += 1;
    }
    count
}

const fn word_end(text: &[u8], mut at: usize) -> usize {
    while at < text.len() && !is_blank(text[at]) {
        at += 1;
    }
    at
}

/// `*`, or a list of items.
const fn is_field(field: Field, text: &[u8], (mut at, end): (usize, usize)) -> bool {
    if end - at == 1 && text[at] == b'*' {
        return true;
    }
    loop {
        let mut stop = at;
        while stop < end && text[stop] != b',' {
            stop += 1;
        }
        if !is_item(field, text, (at, stop)) {
            return false;
        }
        if stop == end {
            return true;
        }
        at = stop + 1;
    }
}

/// A value, a range, a step, or a form that only days have.
const fn is_item(field: Field, text: &[u8], (at, end): (usize, usize)) -> bool {
    if at == end {
        return false;
    }
    if text[at] == b'*' {
        return is_step(field, text, (at + 1, end));
    }
    if is_day(field, text, (at, end)) {
        return true;
    }
    let Some((first, next)) = value(field, text, (at, end)) else {
        return false;
    };
    if next == end {
        return true;
    }
    if text[next] != b'-' {
        return false;
    }
    let Some((last, next)) = value(field, text, (next + 1, end)) else {
        return false;
    };
    // Sunday can also be the end of a week.
    let last = if matches!(field, Field::DayOfWeek) && last == 0 {
        7
    } else {
        last
    };
    first <= last && (next == end || is_step(field, text, (next, end)))
}

/// `/n`.
const fn is_step(field: Field, text: &[u8], (at, end): (usize, usize)) -> bool {
    if at >= end || text[at] != b'/' {
        return false;
    }
    match number(text, (at + 1, end)) {
        Some((step, next)) => next == end && step > 0 && step <= field.range().1,
        None => false,
    }
}

/// `L`, `LW` and `15W` for a day of the month, `5L` and `5#2` for a day of the week.
const fn is_day(field: Field, text: &[u8], (at, end): (usize, usize)) -> bool {
    let last = upper(text[end - 1]);
    match field {
        Field::DayOfMonth if end - at == 1 => last == b'L',
        Field::DayOfMonth if last == b'W' => {
            let is_last = end - at == 2 && upper(text[at]) == b'L';
            is_last || is_value(field, text, (at, end - 1))
        }
        Field::DayOfWeek if last == b'L' => end - at > 1 && is_value(field, text, (at, end - 1)),
        Field::DayOfWeek if end - at > 2 && text[end - 2] == b'#' => {
            matches!(last, b'1'..=b'5') && is_value(field, text, (at, end - 2))
        }
        _ => false,
    }
}

const fn is_value(field: Field, text: &[u8], (at, end): (usize, usize)) -> bool {
    matches!(value(field, text, (at, end)), Some((_, next)) if next == end)
}

/// A number in the field's range or a name, and the position after it.
const fn value(field: Field, text: &[u8], (at, end): (usize, usize)) -> Option<(u32, usize)> {
    let (low, high) = field.range();
    if let Some((number, next)) = number(text, (at, end)) {
        return if low <= number && number <= high {
            Some((number, next))
        } else {
            None
        };
    }
    let (names, first) = field.names();
    let mut name = 0;
    while name * 3 < names.len() {
        if at + 3 <= end && is_name(names, name * 3, text, at) {
            return Some((first + name as u32, at + 3));
        }
        name += 1;
    }
    None
}

const fn is_name(names: &[u8], name: usize, text: &[u8], at: usize) -> bool {
    upper(text[at]) == names[name]
        && upper(text[at + 1]) == names[name + 1]
        && upper(text[at + 2]) == names[name + 2]
}

/// A number of at most two digits, and the position after it.
const fn number(text: &[u8], (at, end): (usize, usize)) -> Option<(u32, usize)> {
    let (mut next, mut number) = (at, 0);
    // A third digit is enough to refuse it, and more digits could overflow.
    while next < end && next - at < 3 && text[next].is_ascii_digit() {
        number = number * 10 + (text[next] - b'0') as u32;
        next += 1;
    }
    if next == at || next - at > 2 {
        None
    } else {
        Some((number, next))
    }
}

const fn upper(byte: u8) -> u8 {
    byte.to_ascii_uppercase()
}

#[cfg(test)]
mod tests;
