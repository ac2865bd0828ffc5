//! Which letters a command is about.

use plugin_core::event::DeadLetterId;
use plugin_queue::QueueFile;

use crate::cli::LetterChoice;

/// Letters that are read at once.
const PAGE: usize = 500;

/// Those that are named, or all that the filter lets through.
pub(super) async fn chosen(
    file: &mut QueueFile,
    choice: &LetterChoice,
) -> plugin_core::Result<Vec<DeadLetterId>> {
    if !choice.ids.is_empty() {
        return Ok(choice.ids.clone());
    }
    let mut ids = Vec::new();
    let mut query = choice.filter.query().limit(PAGE);
    loop {
        let page = file.list(&query).await?;
        ids.extend(page.letters.iter().map(|letter| letter.id));
        match page.next {
            Some(next) => query = query.after(next),
            None => return Ok(ids),
        }
    }
}
