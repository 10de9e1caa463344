//! One row of a timeline as lines: posts and notifications by their own rooms; here are conversations, tombstones and gaps.

use crate::command::Command;
use crate::model::{Account, Connection, ConversationId, Sources, StatusId, Stream};
use crate::state::refill::Stopped;
use crate::state::{Cause, Fill, Gap, Refill, Row, State};
use crate::text::{Plain, wrap};
use crate::ui::cards::{Setting, Shape};
use crate::ui::line::{Card, CardLine, Head, hang, plain};
use crate::ui::theme::Theme;
use crate::ui::{notification, status, times};
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::borrow::Cow;

/// Lays out a row.
pub(crate) fn card(setting: Setting<'_>, row: &Row) -> Card {
    match row {
        Row::Status(id) => status::card(setting, id),
        Row::Notification(id) => notification::card(setting, id),
        Row::Conversation(id, _) => conversation(setting, id),
        Row::Tombstone(id) => tombstone(setting, id),
        Row::Gap(gap) => gap_card(setting, gap),
    }
}

/// What is left of a deleted post.
pub(crate) fn tombstone(setting: Setting<'_>, id: &StatusId) -> Card {
    let author = setting.state.store.deleted_author(id).map(Account::name);
    let words = author.map_or_else(|| "a post was removed".to_owned(), |name| format!("a post by {name} was removed"));
    let mut card = Card::default();
    card.push(Line::from(vec![
        Span::styled(format!("{} ", setting.theme.glyphs().cross), setting.theme.dim()),
        Span::styled(words, setting.theme.dim().patch(setting.theme.aside())),
    ]));
    card
}

/// When something is missing, in words: `14:02–14:19`.
pub(crate) fn gap_span(gap: &Gap, state: &State, theme: &Theme) -> String {
    let minute = |at| times::moment(at, state.now, &theme.zone);
    let told = |at| match (gap.since, gap.until) {
        // Within a minute only the seconds tell the one from the other.
        (Some(since), Some(until)) if minute(since) == minute(until) => times::to_the_second(at, state.now, &theme.zone),
        _ => minute(at),
    };
    match (gap.since, gap.until) {
        (Some(since), Some(until)) if told(since) == told(until) => format!("around {}", told(since)),
        (Some(since), Some(until)) => format!("{}{}{}", told(since), theme.glyphs().to, told(until)),
        (Some(since), None) => format!("since {}", told(since)),
        (None, Some(until)) => format!("until {}", told(until)),
        (None, None) => String::new(),
    }
}

/// What a gap says: what is missing, and from when to when; in a tab of several streams, of which.
pub(crate) fn gap_words(setting: Setting<'_>, row: &Gap) -> String {
    let gaps = setting.gaps(row);
    let words: Vec<String> = gaps.iter().map(|(_, gap)| words_of(setting, gap)).collect();
    let titles: Vec<Plain> = gaps.iter().filter_map(|(stream, _)| Some(stream.as_ref()?.title(&setting.state.offer.lists))).collect();
    if !setting.sources.is_some_and(Sources::is_merged) {
        return words.join("; ");
    }
    match words.first() {
        // Lost with one connection, they mostly say the same.
        Some(first) if words.iter().all(|other| other == first) => {
            format!("{}: {first}", titles.iter().map(Plain::as_str).collect::<Vec<_>>().join(", "))
        }
        Some(_) | None => titles.iter().zip(&words).map(|(title, words)| format!("{title}: {words}")).collect::<Vec<_>>().join("; "),
    }
}

/// What one gap says. Only what was counted or dropped is known to be missing before the server has been asked.
fn words_of(setting: Setting<'_>, gap: &Gap) -> String {
    let things = if setting.sources.is_some_and(|sources| *sources == Stream::UserNotification) { "notification" } else { "post" };
    let span = gap_span(gap, setting.state, setting.theme);
    let span = if span.is_empty() { span } else { format!(", {span}") };
    match (gap.cause, gap.lost) {
        (_, Some(1)) => format!("about 1 {things} missing{span}"),
        (_, Some(lost)) => format!("about {lost} {things}s missing{span}"),
        (Cause::Disconnected, None) if gap.fill != Fill::Left => format!("{things}s may be missing{span}"),
        (Cause::Disconnected | Cause::Shed, None) => format!("{things}s missing{span}"),
        (Cause::Trimmed, None) => format!("{things}s dropped to save memory{span}"),
    }
}

/// What becomes of a gap: how far it has been filled, or the key that fills it.
pub(crate) fn gap_fate(setting: Setting<'_>, row: &Gap) -> Option<String> {
    let gaps = setting.gaps(row);
    // Where one can be filled by the key, that comes first.
    let first = gaps.iter().find(|(_, gap)| gap.fill == Fill::Left).or(gaps.first())?;
    fate_of(setting, first.0, first.1)
}

fn fate_of(setting: Setting<'_>, stream: Option<&Stream>, gap: &Gap) -> Option<String> {
    let (state, glyphs) = (setting.state, setting.theme.glyphs());
    if state.line.state != Connection::Live {
        return (gap.fill != Fill::Left).then(|| "filled when the connection is back".to_owned());
    }
    let walk = stream.and_then(|stream| state.timelines.get(stream)?.refill.as_ref());
    match gap.fill {
        Fill::Due => Some(format!("filling{}", glyphs.ellipsis)),
        Fill::Filling => Some(walk.map_or_else(|| format!("filling{}", glyphs.ellipsis), |walk| walk_words(walk, state, setting.theme))),
        Fill::Left => {
            stream.filter(|stream| stream.is_paged_by_id())?;
            let key = setting.state.first_key(Command::Read).map(|key| format!("{key} to fill"));
            let told: Vec<String> = gap.stopped.as_ref().map(Stopped::words).into_iter().chain(key).collect();
            (!told.is_empty()).then(|| told.join("; "))
        }
    }
}

/// How far a walk is, in words.
pub(crate) fn walk_words(walk: &Refill, state: &State, theme: &Theme) -> String {
    let pages = match walk.pages {
        0 => format!("filling{}", theme.glyphs().ellipsis),
        1 => "filling, 1 page so far".to_owned(),
        pages => format!("filling, {pages} pages so far"),
    };
    match walk.retry_at {
        Some(at) => format!("{pages}, goes on at {}", times::due(at, state.now, &theme.zone)),
        None => pages,
    }
}

fn gap_card(setting: Setting<'_>, gap: &Gap) -> Card {
    let theme = setting.theme;
    let mut words = gap_words(setting, gap);
    if let Some(fate) = gap_fate(setting, gap) {
        words = format!("{words} {} {fate}", theme.glyphs().dash);
    }
    let width = usize::from(setting.width);
    let own = wrap::width(&words);
    let mut card = Card::default();
    if own + 4 > width {
        let first = Span::styled(format!("{} ", theme.glyphs().gap), theme.mark());
        card.extend(hang(plain(&words, setting.width.saturating_sub(2), Style::new()), &first, &Span::raw("  ")));
        return card;
    }
    let dash = theme.glyphs().gap;
    let left = ((width - own - 2) / 2).min(6);
    let right = width - own - 2 - left;
    card.push(Line::from(vec![
        Span::styled(dash.repeat(left), theme.mark()),
        Span::raw(format!(" {words} ")),
        Span::styled(dash.repeat(right), theme.mark()),
    ]));
    card
}

fn conversation(setting: Setting<'_>, id: &ConversationId) -> Card {
    let (state, theme) = (setting.state, setting.theme);
    let mut card = Card::default();
    let Some(held) = state.store.conversation(id) else { return card };
    let names = people(setting, held.accounts.iter().filter_map(|id| state.store.account(id)));
    let mut name = Line::default();
    if held.unread {
        name.push_span(Span::styled(format!("{} ", theme.glyphs().live), theme.accent()));
    }
    name.push_span(Span::styled(names, theme.bold()));
    let last = held.last_status.as_ref().and_then(|id| state.store.status(id));
    let at = last.and_then(|entry| entry.status().created_at);
    let word = held.unread.then(|| "unread".to_owned());
    card.lines.push(CardLine::Head(Head { name, rest: Line::default(), word, at }));
    match last {
        Some(entry) => {
            let own = state.me.as_ref().is_some_and(|me| me.id == *entry.account());
            if own {
                card.push(Line::styled(format!("{} you wrote last", theme.glyphs().reply), theme.dim()));
            } else if held.accounts.len() > 1
                && let Some(author) = state.store.account(entry.account())
            {
                card.push(Line::styled(format!("{} {} wrote last", theme.glyphs().reply, status::name(theme, author)), theme.dim()));
            }
            status::body(setting, entry.id(), entry, &mut card);
        }
        None => card.push(Line::styled("the last message was removed", theme.dim().patch(theme.aside()))),
    }
    if let Shape::Brief(most) = setting.shape {
        status::cut_card(&mut card, most, theme);
    }
    card
}

pub(crate) fn people<'a>(setting: Setting<'_>, accounts: impl Iterator<Item = &'a Account>) -> String {
    let mut names: Vec<Cow<'a, str>> = accounts.map(|account| status::name(setting.theme, account)).collect();
    if names.is_empty() {
        return "yourself".to_owned();
    }
    let more = names.len().saturating_sub(4);
    names.truncate(4);
    let dot = format!(" {} ", setting.theme.glyphs().dot);
    let all = names.join(&dot);
    if more > 0 { format!("{all} and {more} more") } else { all }
}

/// A dim line.
pub(crate) fn dim_line(theme: &Theme, words: impl Into<String>) -> Line<'static> {
    Line::from(Span::styled(words.into(), theme.dim()))
}
