//! Aligned columns.
//!
//! Invariant: a row is one line. Cells are escaped, so that no text from outside forges a row.

use std::fmt;

use plugin_core::printable;
use unicode_width::UnicodeWidthStr;

/// What is left of a cell that is cut, at least, in columns of a terminal.
#[cfg(feature = "admin")]
const SHORTEST: usize = 20;

/// Which side the cells of a column are pushed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Right,
}

/// Rows of cells under a heading, two spaces apart.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<(&'static str, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A heading that begins with `>` stands for a column of numbers, on the right side.
    pub(crate) fn new(headings: &[&'static str]) -> Self {
        let column = |heading: &&'static str| match heading.strip_prefix('>') {
            Some(name) => (name, Align::Right),
            None => (*heading, Align::Left),
        };
        Self {
            columns: headings.iter().map(column).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row with a cell for each column.
    pub(crate) fn row(&mut self, cells: impl Into<Vec<String>>) {
        let cells = cells.into();
        debug_assert_eq!(
            cells.len(),
            self.columns.len(),
            "a row has a cell for each column"
        );
        let escaped = |cell: String| printable::line(&cell).into_owned();
        self.rows.push(cells.into_iter().map(escaped).collect());
    }

    /// Whether there is nothing under the heading.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Cuts the cells of the last column so that a line takes no more than so many columns of a
    /// terminal, if the others leave room for it.
    #[cfg(feature = "admin")]
    pub(crate) fn cut(&mut self, columns: usize) {
        let last = self.columns.len() - 1;
        let others: usize = (0..last).map(|column| self.width(column) + 2).sum();
        let room = columns.saturating_sub(others).max(SHORTEST);
        for row in &mut self.rows {
            if width(&row[last]) > room {
                while width(&row[last]) >= room {
                    row[last].pop();
                }
                row[last].push('…');
            }
        }
    }

    fn width(&self, column: usize) -> usize {
        let cells = self.rows.iter().map(|row| width(&row[column]));
        cells.fold(width(self.columns[column].0), Ord::max)
    }

    /// The widths of the columns: those of the widest cells, and at least so much.
    pub(crate) fn widths(&self, least: &[usize]) -> Vec<usize> {
        let least = least.iter().copied().chain(std::iter::repeat(0));
        let columns = (0..self.columns.len()).zip(least);
        columns
            .map(|(at, least)| self.width(at).max(least))
            .collect()
    }

    /// Its lines, in columns of these widths, with or without the heading: for one that goes on.
    pub(crate) fn lines(&self, widths: &[usize], with_heading: bool) -> String {
        let headings: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        let mut lines = String::new();
        if with_heading {
            self.write(&mut lines, widths, &headings);
        }
        for row in &self.rows {
            let cells: Vec<&str> = row.iter().map(String::as_str).collect();
            self.write(&mut lines, widths, &cells);
        }
        lines
    }

    fn write(&self, lines: &mut String, widths: &[usize], cells: &[&str]) {
        let mut line = String::new();
        for (at, (cell, (_, align))) in cells.iter().zip(&self.columns).enumerate() {
            let padding = " ".repeat(widths[at].saturating_sub(width(cell)));
            let (before, after) = match align {
                Align::Left => ("", padding.as_str()),
                Align::Right => (padding.as_str(), ""),
            };
            line.push_str(if at == 0 { "" } else { "  " });
            line.push_str(before);
            line.push_str(cell);
            line.push_str(after);
        }
        lines.push_str(line.trim_end());
        lines.push('\n');
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines(&self.widths(&[]), true))
    }
}

/// Columns of a terminal that a text takes: two for the wide letters of East Asia, none for marks
/// that stand above others.
fn width(text: &str) -> usize {
    text.width()
}

#[cfg(test)]
mod tests {
    use super::Table;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(&["plugin", ">events", "note"]);
        table.row(["a".into(), "7".into(), "x".into()]);
        table.row(["logger-plugin".into(), "1000000".into(), String::new()]);
        assert_eq!(
            table.to_string(),
            "plugin          events  note\n\
             a                    7  x\n\
             logger-plugin  1000000\n"
        );
    }

    #[test]
    fn report_a10_a_cell_can_not_forge_a_row() {
        let mut table = Table::new(&["id", "error"]);
        table.row(["1".into(), "no user `x\r\n2   no\u{1b}[31m\u{202e}`".into()]);
        let text = table.to_string();
        assert_eq!(text.lines().count(), 2, "{text}");
        let shown = r"1   no user `x\r\n2   no\u{1b}[31m\u{202e}`";
        assert_eq!(text.lines().last(), Some(shown));
    }

    #[cfg(feature = "admin")]
    #[test]
    fn the_last_column_is_cut_to_the_terminal() {
        let mut table = Table::new(&["name", "error"]);
        table.row(["a".into(), "x".repeat(100)]);
        table.row(["b".into(), "欢".repeat(100)]);
        table.row(["c".into(), "short".into()]);
        table.cut(40);
        let text = table.to_string();
        let widths: Vec<_> = text.lines().map(super::width).collect();
        assert_eq!(widths, [11, 40, 39, 11], "{text}");
        assert_eq!(text.matches('…').count(), 2);
        table.cut(10);
        assert!(
            table
                .to_string()
                .lines()
                .all(|line| super::width(line) <= 26),
            "{table}"
        );
    }

    #[test]
    fn wide_letters_count_twice() {
        let mut table = Table::new(&["k", "v"]);
        table.row(["欢迎".into(), "1".into()]);
        table.row(["four".into(), "2".into()]);
        assert_eq!(table.to_string(), "k     v\n欢迎  1\nfour  2\n");
    }
}
