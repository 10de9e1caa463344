//! Searching on the server: the prompt, how the question stands, and what was found.

use super::{Entry, panel, picker, words};
use crate::model::{Failure, FailureKind, StatusId, Stream};
use crate::state::search::FoundOne;
use crate::state::{Answer, OverlayPane, Prompt, State};
use crate::text::Plain;
use crate::ui::cards::{Setting, Shape};
use crate::ui::line::plain;
use crate::ui::paint::Painter;
use crate::ui::{status, times};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Columns and rows that the panel takes where there is room.
const WANTED: (u16, u16) = (84, 24);

/// Draws the prompt and what was found.
pub(super) fn draw(painter: &mut Painter<'_>, state: &State, body: Rect, prompt: &Prompt, chosen: usize) -> OverlayPane {
    let domain = state.server.as_ref().map(|server| server.domain.to_string()).filter(|domain| !domain.is_empty());
    let title = domain.map_or_else(|| "Search".to_owned(), |domain| format!("Search {domain}"));
    let area = panel(painter, body, &title, WANTED);
    let entries: Vec<Entry> =
        state.search.results(prompt.text()).into_iter().map(|found| entry(painter, state, area.width, &found)).collect();
    let pane = picker(painter, (area, body), (prompt, "words, #tag, @name@host or an address"), &entries, chosen, "");
    if entries.is_empty() {
        let (said, style) = standing(painter, state, prompt);
        let top = pane.area.y;
        let lines = plain(&said, area.width.saturating_sub(2), style);
        for (line, y) in lines.iter().zip(top..area.bottom()) {
            painter.line(area.x + 2, y, area.width.saturating_sub(2), line);
        }
    }
    pane
}

/// How the question stands, in words.
fn standing(painter: &Painter<'_>, state: &State, prompt: &Prompt) -> (String, Style) {
    let (theme, typed) = (painter.theme, prompt.text().trim());
    if typed.is_empty() {
        return ("accounts, hashtags and posts; a pasted address opens what it names".to_owned(), theme.dim());
    }
    match &state.search.answer {
        _ if !state.search.is_about(typed) => ("enter asks the server".to_owned(), theme.dim()),
        Answer::Unasked => ("enter asks the server".to_owned(), theme.dim()),
        Answer::Asked => (format!("searching{}", theme.glyphs().ellipsis), theme.dim()),
        Answer::Told(_) => (format!("nothing found for {}", Plain::line(typed)), theme.dim()),
        Answer::Failed(failure) => (refused(painter, state, failure), Style::new()),
    }
}

/// Why there is no answer, and what to do.
fn refused(painter: &Painter<'_>, state: &State, failure: &Failure) -> String {
    let reason = &failure.reason;
    match failure.kind {
        FailureKind::RateLimited(until) => {
            format!("rate limited until {}: {reason}", times::due(until, state.now, &painter.theme.zone))
        }
        FailureKind::Forbidden => format!("refused: {reason}. Searching needs the scope read:search; sign in again to grant it"),
        FailureKind::NotFound => "this server has no search".to_owned(),
        FailureKind::Unauthorized => format!("refused: {reason}"),
        FailureKind::Retry | FailureKind::Offline | FailureKind::Unusable => format!("no answer: {reason}; enter asks again"),
    }
}

fn entry(painter: &Painter<'_>, state: &State, width: u16, found: &FoundOne) -> Entry {
    let theme = painter.theme;
    match found {
        FoundOne::Account(id) => {
            let account = state.store.account(id);
            let name = account.map_or_else(|| "unknown account".to_owned(), |account| account.name().to_string());
            let mut left = Line::from(words(name, Style::new()));
            if let Some(account) = account {
                let bot = if account.bot { " bot" } else { "" };
                left.push_span(words(format!(" @{}{bot}", account.acct), theme.dim()));
            }
            Entry { left, right: Line::from(words("account", theme.dim())) }
        }
        FoundOne::Tag(tag) => {
            let stream = Stream::Hashtag { tag: tag.clone(), local: false };
            let mut right = Line::default();
            if state.timelines.contains_key(&stream) {
                right.push_span(words(theme.glyphs().live, theme.good()));
                right.push_span(words(" open  ", theme.dim()));
            }
            right.push_span(words("hashtag", theme.dim()));
            Entry { left: Line::from(words(format!("#{}", tag.spelling()), Style::new())), right }
        }
        FoundOne::Post(id) => Entry { left: post(painter, state, width, id), right: Line::from(words("post", theme.dim())) },
    }
}

/// Who wrote a post, and its first words.
fn post(painter: &Painter<'_>, state: &State, width: u16, id: &StatusId) -> Line<'static> {
    let theme = painter.theme;
    let Some(entry) = state.store.shown(id) else { return Line::from(words("a post that is not held any more", theme.dim())) };
    let name = state.store.account(entry.account()).map_or("unknown account", |account| account.name().as_str());
    let sources = state.tabs.active().map(|tab| &tab.sources);
    let setting = Setting { state, theme, sources, in_profile: false, width: width.max(1), shape: Shape::Glance };
    let mut line = Line::from(vec![words(name.to_owned(), Style::new()), Span::raw("  ")]);
    let first = status::excerpt(setting, entry, 1).into_iter().next();
    first.into_iter().flat_map(|line| line.spans).for_each(|span| line.push_span(span));
    line
}
