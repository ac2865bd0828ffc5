//! How what is watched is drawn: in as many columns as the terminal has room for.

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Cell, Paragraph, Row as TableRow, Sparkline, Table, TableState};

use super::model::{App, One, Sort};
use crate::commands::instance::Row;

/// A column: its heading, what it is sorted by, its width, the terminal that has room for it, and
/// what stands in it.
struct TopColumn {
    sort: Sort,
    width: u16,
    from: u16,
    cell: fn(&Row) -> String,
}

/// The columns behind the name, the most important ones in the narrowest terminals.
const COLUMNS: [TopColumn; 8] = [
    TopColumn::new(Sort::State, 8, 0, |row| row.state.clone()),
    TopColumn::new(Sort::In, 6, 0, |row| row.received.told()),
    TopColumn::new(Sort::Out, 6, 60, |row| row.out.told()),
    TopColumn::new(Sort::Errors, 6, 40, |row| row.errors.told()),
    TopColumn::new(Sort::P99, 7, 70, Row::p99),
    TopColumn::new(Sort::Queued, 6, 60, |row| row.queued.to_string()),
    TopColumn::new(Sort::Cpu, 5, 70, Row::cpu),
    TopColumn::new(Sort::Memory, 9, 80, Row::memory),
];

impl TopColumn {
    const fn new(sort: Sort, width: u16, from: u16, cell: fn(&Row) -> String) -> Self {
        Self {
            sort,
            width,
            from,
            cell,
        }
    }

    fn is_text(&self) -> bool {
        self.sort == Sort::State
    }
}

pub(super) fn draw(app: &mut App, frame: &mut Frame<'_>) {
    let areas = Layout::vertical([
        Constraint::Length(1),
        Constraint::Min(1),
        Constraint::Length(1),
    ]);
    let [head, body, foot] = areas.areas(frame.area());
    frame.render_widget(title(app), head);
    match &app.one {
        Some(one) => draw_one(app, one, frame, body),
        None => draw_list(app, frame, body),
    }
    frame.render_widget(keys(app), foot);
}

fn title(app: &App) -> Paragraph<'static> {
    let (all, ready) = app.counts();
    let text = match (&app.one, app.filter.is_empty() && !app.is_typing) {
        (Some(one), _) => one.name.clone(),
        (None, true) => {
            let order = if app.rising { "▲" } else { "▼" };
            format!("{ready} of {all} ready · by {} {order}", app.sort.name())
        }
        (None, false) => {
            let cursor = if app.is_typing { "▏" } else { "" };
            format!("{ready} of {all} ready · filter: {}{cursor}", app.filter)
        }
    };
    Paragraph::new(text).style(Style::new().add_modifier(Modifier::BOLD))
}

fn keys(app: &App) -> Paragraph<'static> {
    let keys: &[(&str, &str)] = match (&app.one, app.is_typing) {
        (_, true) => &[("Enter", "done"), ("Esc", "none")],
        (Some(one), _) if one.taps => &[("Esc", "back"), ("t", "log"), ("q", "quit")],
        (Some(_), _) => &[("Esc", "back"), ("t", "tap"), ("q", "quit")],
        (None, _) => &[
            ("q", "quit"),
            ("Enter", "look"),
            ("s", "sort"),
            ("/", "filter"),
            ("r", "reverse"),
            ("↑↓", "move"),
        ],
    };
    let mut spans = Vec::new();
    for (key, what) in keys {
        spans.push(Span::styled(
            (*key).to_owned(),
            Style::new().add_modifier(Modifier::BOLD),
        ));
        spans.push(Span::raw(format!(" {what}  ")));
    }
    Paragraph::new(Line::from(spans))
}

fn paint(app: &App, row: &Row) -> Style {
    let color = match (row.ready, row.state.as_str()) {
        _ if !app.paints => return Style::new(),
        (true, _) => return Style::new(),
        (false, "failed") => Color::Red,
        (false, _) => Color::Yellow,
    };
    Style::new().fg(color)
}

fn draw_list(app: &mut App, frame: &mut Frame<'_>, area: Rect) {
    let shown = app.shown();
    if shown.is_empty() {
        let text = match app.filter.is_empty() {
            true => "no instances",
            false => "no instance is like the filter: Esc shows all",
        };
        frame.render_widget(Paragraph::new(text), area);
        return;
    }
    let columns: Vec<_> = COLUMNS
        .iter()
        .filter(|column| area.width >= column.from)
        .collect();
    let widths = columns
        .iter()
        .map(|column| Constraint::Length(column.width));
    let widths = std::iter::once(Constraint::Min(8)).chain(widths);
    let headings = columns.iter().map(|column| {
        let name = column.sort.name();
        cell(column, name.to_owned())
    });
    let heading = std::iter::once(Cell::from("instance")).chain(headings);
    let heading = TableRow::new(heading).style(Style::new().add_modifier(Modifier::BOLD));
    // Those that are seen alone are made: there may be many.
    let (cursor, height) = (app.cursor(&shown), usize::from(area.height.max(2)) - 1);
    let last = shown.len().saturating_sub(height);
    let lowest = (cursor + 1).saturating_sub(height);
    let offset = app.offset.clamp(lowest, cursor).min(last);
    let rows = shown.iter().skip(offset).take(height).map(|row| {
        let cells = columns
            .iter()
            .map(|column| cell(column, (column.cell)(row)));
        let cells = std::iter::once(Cell::from(row.instance.clone())).chain(cells);
        TableRow::new(cells.collect::<Vec<_>>()).style(paint(app, row))
    });
    let table = Table::new(rows.collect::<Vec<_>>(), widths.collect::<Vec<_>>())
        .header(heading)
        .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
    let mut state = TableState::new().with_selected(cursor - offset);
    frame.render_stateful_widget(table, area, &mut state);
    app.offset = offset;
}

fn cell(column: &TopColumn, text: String) -> Cell<'static> {
    let line = Line::from(text);
    Cell::from(match column.is_text() {
        true => line,
        false => line.right_aligned(),
    })
}

fn draw_one(app: &App, one: &One, frame: &mut Frame<'_>, area: Rect) {
    let Some(row) = app.row(&one.name) else {
        frame.render_widget(Paragraph::new("it is not there any more"), area);
        return;
    };
    let handlers = u16::try_from(one.handlers.len().min(4)).unwrap_or(4);
    let parts = Layout::vertical([
        Constraint::Length(4),
        Constraint::Length(2),
        Constraint::Length(handlers),
        Constraint::Min(2),
    ]);
    let [facts, curve, table, tail] = parts.areas(area);
    frame.render_widget(Paragraph::new(told(row)).style(paint(app, row)), facts);
    let width = usize::from(curve.width);
    let rates = &one.rates[one.rates.len().saturating_sub(width)..];
    frame.render_widget(Sparkline::default().data(rates), curve);
    let lines = one.handlers.iter().take(4).map(|handler| {
        Line::from(format!(
            "{} {}  in {}  errors {}  dead {}",
            handler.handler, handler.topic, handler.received, handler.errors, handler.dead_lettered
        ))
    });
    frame.render_widget(Paragraph::new(lines.collect::<Vec<_>>()), table);
    let (title, lines): (_, Vec<&String>) = match one.taps {
        true => (" tap ", one.events.iter().collect()),
        false => (" log ", one.lines.iter().collect()),
    };
    let height = usize::from(tail.height.max(1)) - 1;
    let last = &lines[lines.len().saturating_sub(height)..];
    let text = last.iter().map(|line| Line::from(line.as_str()));
    let block = Block::new()
        .borders(ratatui::widgets::Borders::TOP)
        .title(title);
    frame.render_widget(Paragraph::new(text.collect::<Vec<_>>()).block(block), tail);
}

/// What is known of an instance, in four lines.
fn told(row: &Row) -> Vec<Line<'static>> {
    let seconds = row.uptime_ms / 1000;
    let why = match row.why() {
        why if why.is_empty() => row.last_error.clone().unwrap_or_default(),
        why => why,
    };
    let why = plugin_core::printable::line(&why).into_owned();
    [
        format!(
            "{} {} {} · up {seconds} s · {} restarts",
            row.kind, row.version, row.state, row.restarts
        ),
        why,
        format!(
            "in {} ({}/s)  out {} ({}/s)  errors {} ({}/s)",
            row.received.total,
            row.received.told(),
            row.out.total,
            row.out.told(),
            row.errors.total,
            row.errors.told()
        ),
        format!(
            "p50 {}  p99 {}  queued {} of {}  tasks {}  cpu {}  memory {}",
            row.p50(),
            row.p99(),
            row.queued,
            row.queue_capacity,
            row.tasks,
            row.cpu(),
            row.memory()
        ),
    ]
    .map(Line::from)
    .to_vec()
}

#[cfg(test)]
mod tests {
    use ratatui::Terminal;
    use ratatui::backend::TestBackend;
    use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
    use serde_json::{Value, json};

    use super::super::Answers;
    use super::super::model::Wish;
    use super::*;

    fn row(name: &str, received: f64) -> Value {
        json!({
            "instance": name, "kind": "business", "version": "1.0.0", "state": "running",
            "ready": true, "uptime_ms": 61_000, "restarts": 1, "tasks": 2, "queued": 3,
            "queue_capacity": 100, "cpu": 0.256, "memory": 64_000_000,
            "in": {"total": 10, "per_second": received}, "out": {"total": 20, "per_second": 2.5},
            "errors": {"total": 1, "per_second": 0.0}, "p50_us": 100.0, "p99_us": 2_048.0,
        })
    }

    fn app(rows: &[Value]) -> App {
        let mut app = App::new(false);
        app.take_list(json!({"instances": rows})).unwrap();
        app
    }

    fn many() -> App {
        let rows = (0..1000).map(|at| row(&format!("plugin-{at:03}"), f64::from(at)));
        app(&rows.collect::<Vec<_>>())
    }

    fn press(app: &mut App, code: KeyCode) -> Wish {
        app.key(KeyEvent::new(code, KeyModifiers::NONE))
    }

    fn screen(app: &mut App, width: u16, height: u16) -> Vec<String> {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(app, frame)).unwrap();
        let buffer = terminal.backend().buffer().clone();
        let lines = buffer.content.chunks(width.into()).map(|line| {
            let line: String = line.iter().map(ratatui::buffer::Cell::symbol).collect();
            line.trim_end().to_owned()
        });
        lines.collect()
    }

    #[test]
    fn a_terminal_of_80_by_24_has_all_columns_and_the_keys() {
        let lines = screen(&mut app(&[row("hello-plugin", 1234.0)]), 80, 24);
        assert_eq!(lines[0], "1 of 1 ready · by start order ▲");
        assert_eq!(
            lines[1],
            "instance            state      in/s  out/s  err/s     p99 queued   cpu    memory"
        );
        assert_eq!(
            lines[2],
            "hello-plugin        running    1234    2.5      0    2 ms      3   26%   64.0 MB"
        );
        assert_eq!(
            lines[23],
            "q quit  Enter look  s sort  / filter  r reverse  ↑↓ move"
        );
    }

    #[test]
    fn a_narrow_one_has_what_matters_most() {
        let lines = screen(&mut app(&[row("hello-plugin", 1.0)]), 40, 10);
        assert_eq!(lines[1], "instance          state      in/s  err/s");
        assert_eq!(lines[2], "hello-plugin      running     1.0      0");
        assert!(lines[9].starts_with("q quit  Enter look"));
    }

    #[test]
    fn no_instances_and_none_that_is_like_the_filter_are_told() {
        for (width, height) in [(80, 24), (40, 10)] {
            let mut none = app(&[]);
            assert_eq!(screen(&mut none, width, height)[1], "no instances");
            press(&mut none, KeyCode::Enter);
            assert!(none.one.is_none());
            let mut filtered = app(&[row("hello-plugin", 1.0)]);
            for code in [KeyCode::Char('/'), KeyCode::Char('x'), KeyCode::Enter] {
                press(&mut filtered, code);
            }
            let lines = screen(&mut filtered, width, height);
            assert_eq!(lines[0], "1 of 1 ready · filter: x");
            assert!(lines[1].starts_with("no instance is like the filter"));
            press(&mut filtered, KeyCode::Esc);
            assert!(screen(&mut filtered, width, height)[2].starts_with("hello-plugin"));
        }
    }

    #[test]
    fn the_cursor_goes_through_a_thousand() {
        for (width, height) in [(80, 24), (40, 10)] {
            let mut app = many();
            let rows = usize::from(height) - 3;
            let lines = screen(&mut app, width, height);
            assert!(
                lines[2].starts_with("plugin-000")
                    && lines[rows + 1].starts_with(&format!("plugin-{:03}", rows - 1))
            );
            press(&mut app, KeyCode::End);
            let lines = screen(&mut app, width, height);
            assert!(lines[rows + 1].starts_with("plugin-999"), "{lines:?}");
            press(&mut app, KeyCode::Up);
            assert!(screen(&mut app, width, height)[rows + 1].starts_with("plugin-999"));
            press(&mut app, KeyCode::Home);
            assert!(screen(&mut app, width, height)[2].starts_with("plugin-000"));
            // By events in a second: the busiest comes first.
            for _ in 0..3 {
                press(&mut app, KeyCode::Char('s'));
            }
            let lines = screen(&mut app, width, height);
            assert!(lines[0].ends_with("by in/s ▼"), "{}", lines[0]);
            press(&mut app, KeyCode::Home);
            assert!(screen(&mut app, width, height)[2].starts_with("plugin-999"));
            press(&mut app, KeyCode::Char('r'));
            press(&mut app, KeyCode::Home);
            assert!(screen(&mut app, width, height)[2].starts_with("plugin-000"));
        }
    }

    #[test]
    fn one_is_looked_at_with_its_log_and_its_tap() {
        let mut failed = row("hello-plugin", 1.0);
        failed["cause"] = json!("no\u{1b}luck");
        failed["next"] = json!({"in_ms": 7_100, "attempt": 3, "of": 5});
        let mut app = app(&[failed.clone()]);
        assert_eq!(press(&mut app, KeyCode::Enter), Wish::Ask);
        assert_eq!(app.looked_at(), Some("hello-plugin"));
        let handler = json!({"handler": "on_login", "topic": "user.*", "received": 7, "errors": 1, "dead_lettered": 0});
        let one = json!({"handlers": [handler], "history": [{"in": [null, 1.0, 5.0]}]});
        let lines = json!({"lines": [{"at": "2026-11-30T20:15:02.114Z", "level": "warn", "message": "hm\n"}]});
        app.take(Answers {
            list: json!({"instances": [failed]}),
            one: Some(("hello-plugin".to_owned(), one, lines)),
        })
        .unwrap();
        for (width, height) in [(80, 24), (40, 12)] {
            let lines = screen(&mut app, width, height);
            assert_eq!(lines[0], "hello-plugin");
            assert_eq!(
                lines[1],
                "business 1.0.0 running · up 61 s · 1 res"[..].to_owned()
                    + if width == 80 { "tarts" } else { "" }
            );
            assert_eq!(lines[2], r"no\u{1b}luck; again in 8 s; 3 of 5");
            assert!(
                lines[7].starts_with("on_login user.*  in 7  errors 1"),
                "{lines:?}"
            );
            assert_eq!(lines[9], r"20:15:02.114  WARN hm\n");
        }
        assert_eq!(press(&mut app, KeyCode::Char('t')), Wish::Tap);
        assert!(app.is_tapping());
        for (topic, publisher) in [
            ("user.login", "api-plugin"),
            ("order.created", "hello-plugin"),
            ("order.created", "host"),
        ] {
            app.take_event(
                &json!({"at": "T1Z", "topic": topic, "publisher": publisher, "payload": {"a": 1}}),
            );
        }
        let lines = screen(&mut app, 80, 24);
        assert_eq!(
            [&*lines[9], &*lines[10], &*lines[11]],
            [
                "1 ← user.login {\"a\":1}",
                "1 → order.created {\"a\":1}",
                ""
            ]
        );
        press(&mut app, KeyCode::Esc);
        assert!(app.one.is_none() && !app.is_tapping());
        assert_eq!(press(&mut app, KeyCode::Char('q')), Wish::Quit);
    }
}
