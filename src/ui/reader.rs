//! The reader: one post whole, and with it open, what it answers and its replies.
//!
//! Beside the timeline it follows the cursor with what is held already; over it, or with a post open, it shows the thread.
//! Threads are ids: a reply that is edited or deleted changes here at once. Long ones are laid out only as far as they are
//! read.

use crate::model::{AccountId, StatusId, Stream, Thread};
use crate::state::{Detail, Gap, ReaderPane, Row, State, ThreadState};
use crate::text::wrap;
use crate::ui::cards::{Cards, Setting, Shape};
use crate::ui::line::{Card, plain};
use crate::ui::paint::Painter;
use crate::ui::row::{dim_line, gap_fate, gap_words, tombstone};
use crate::ui::timeline::{MEASURE, cells};
use crate::ui::{notification, status};
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use std::sync::Arc;

/// From this height on there is room for what a reply answers.
const ROOMY: u16 = 14;
/// How many of the posts that a reply answers are shown above it.
const ANCESTORS: usize = 3;

/// Draws the reader into its area.
pub(crate) fn draw(painter: &mut Painter<'_>, cards: &mut Cards, state: &State, area: Rect) -> ReaderPane {
    let stream = state.tabs.active().map(|tab| &tab.stream);
    let text = Rect { x: area.x + 1, width: area.width.saturating_sub(2).clamp(1, MEASURE), ..area };
    let setting = Setting { state, theme: painter.theme, stream, width: text.width, shape: Shape::Whole };
    let detail = state.detail();
    let scroll = detail.map_or(0, |detail| detail.scroll);
    let mut flow = Flow { parts: Vec::new(), height: 0, enough: u32::from(scroll) + u32::from(area.height) * 2 };
    match detail {
        Some(detail) => open(setting, cards, detail, area.height < ROOMY, &mut flow),
        None => preview(setting, cards, &mut flow),
    }
    let most = u16::try_from(flow.height.saturating_sub(u32::from(area.height))).unwrap_or(u16::MAX);
    flow.draw(painter, text, scroll.min(most));
    if let Some(search) = &state.search {
        painter.mark_found(text, &search.pattern);
    }
    if detail.is_some() && painter.cursor.is_none() {
        painter.cursor = Some((text.x, text.y));
    }
    ReaderPane { area: cells(area), status: state.reading(), most }
}

/// Cards one beneath the other, until there are enough of them.
struct Flow {
    parts: Vec<(u16, Arc<Card>)>,
    height: u32,
    enough: u32,
}

impl Flow {
    fn is_full(&self) -> bool {
        self.height >= self.enough
    }

    fn add(&mut self, indent: u16, card: Arc<Card>) {
        self.height += u32::from(card.height());
        self.parts.push((indent, card));
    }

    fn line(&mut self, line: Line<'static>) {
        let mut card = Card::default();
        card.push(line);
        self.add(0, Arc::new(card));
    }

    fn blank(&mut self) {
        self.line(Line::default());
    }

    fn draw(&self, painter: &mut Painter<'_>, area: Rect, scroll: u16) {
        let mut skip = scroll;
        let mut y = area.y;
        for (indent, card) in &self.parts {
            if skip >= card.height() {
                skip -= card.height();
                continue;
            }
            if y >= area.bottom() {
                return;
            }
            let part = Rect { x: area.x + indent, y, width: area.width.saturating_sub(*indent), height: area.bottom() - y };
            y += painter.card(part, card, skip);
            skip = 0;
        }
    }
}

fn open(setting: Setting<'_>, cards: &mut Cards, detail: &Detail, short: bool, flow: &mut Flow) {
    let gone = setting.state.store.status(&detail.status).is_none();
    if gone {
        flow.add(0, Arc::new(tombstone(setting, &detail.status)));
    } else {
        flow.add(0, cards.post(setting, &detail.status));
    }
    flow.blank();
    // Beneath the post, though it is older: what is being read must not move when the thread arrives.
    if let ThreadState::Here(thread) = &detail.thread {
        if short { in_short(setting, thread, flow) } else { ancestors(setting, cards, thread, flow) }
    }
    match &detail.thread {
        ThreadState::Asked => rule(setting, flow, &format!("loading replies{}", setting.theme.glyphs().ellipsis)),
        ThreadState::Failed(failure) => {
            rule(setting, flow, "replies could not be loaded");
            let mut card = Card::default();
            card.extend(plain(failure.reason.as_str(), setting.width, setting.theme.bad()));
            flow.add(0, Arc::new(card));
        }
        ThreadState::Here(thread) => replies(setting, cards, &thread.descendants, &detail.status, flow),
    }
}

fn ancestors(setting: Setting<'_>, cards: &mut Cards, thread: &Thread, flow: &mut Flow) {
    if thread.ancestors.is_empty() {
        return;
    }
    let left_out = thread.ancestors.len().saturating_sub(ANCESTORS);
    rule(setting, flow, "in reply to");
    if left_out > 0 {
        flow.line(dim_line(setting.theme, format!("{} {left_out} earlier", setting.theme.glyphs().ellipsis)));
    }
    for id in thread.ancestors.iter().skip(left_out) {
        flow.add(0, cards.post(Setting { shape: Shape::Glance, ..setting }, id));
    }
    flow.blank();
}

/// What a reply answers in a line each, where there is little room.
fn in_short(setting: Setting<'_>, thread: &Thread, flow: &mut Flow) {
    let (theme, store) = (setting.theme, &setting.state.store);
    for id in thread.ancestors.iter().rev().take(ANCESTORS).rev() {
        let entry = store.status(id);
        let name = entry.and_then(|entry| store.account(&entry.status().account)).map_or("a post", |account| account.name().as_str());
        let words = entry.and_then(|entry| status::excerpt(setting, entry, 1).into_iter().next());
        let mut line = Line::from(Span::styled(format!("{} {name}  ", theme.glyphs().reply), theme.dim()));
        words.into_iter().flat_map(|line| line.spans).for_each(|span| line.push_span(span));
        flow.line(line);
    }
    if !thread.ancestors.is_empty() {
        flow.blank();
    }
}

fn replies(setting: Setting<'_>, cards: &mut Cards, ids: &[StatusId], root: &StatusId, flow: &mut Flow) {
    let counted = setting.state.store.status(root).map_or(0, |entry| entry.status().counts.replies);
    let words = match ids.len() {
        0 if counted > 0 => "no replies that this server has".to_owned(),
        0 => "no replies".to_owned(),
        1 => "1 reply".to_owned(),
        count => format!("{count} replies"),
    };
    rule(setting, flow, &words);
    for (index, id) in ids.iter().enumerate() {
        if flow.is_full() {
            return;
        }
        if index > 0 {
            flow.blank();
        }
        // One step in for what answers a reply; deeper ones would leave no room for words.
        let answers = setting.state.store.status(id).and_then(|entry| entry.status().in_reply_to_id.as_ref());
        let indent = if answers.is_some_and(|answered| answered != root) && setting.width > 30 { 2 } else { 0 };
        let inner = Setting { shape: Shape::Reply, width: setting.width - indent, ..setting };
        flow.add(indent, cards.post(inner, id));
    }
}

fn rule(setting: Setting<'_>, flow: &mut Flow, words: &str) {
    let theme = setting.theme;
    let dash = theme.glyphs().horizontal;
    let width = usize::from(setting.width);
    if words.is_empty() {
        flow.line(Line::from(Span::styled(dash.repeat(width), theme.rule())));
        return;
    }
    let after = width.saturating_sub(wrap::width(words) + 4);
    flow.line(Line::from(vec![
        Span::styled(format!("{} ", dash.repeat(2)), theme.rule()),
        Span::styled(words.to_owned(), theme.dim()),
        Span::styled(format!(" {}", dash.repeat(after)), theme.rule()),
    ]));
}

/// What is under the cursor, from what is held already.
fn preview(setting: Setting<'_>, cards: &mut Cards, flow: &mut Flow) {
    let state = setting.state;
    let Some(row) = state.cursor_row() else { return };
    if let Some(id) = state.status_of(row) {
        flow.add(0, cards.post(setting, &id));
        return;
    }
    let mut card = Card::default();
    match row {
        Row::Notification(id) => {
            if let Some(held) = state.store.notification(id) {
                card.extend(plain(&notification::words(setting, held), setting.width, Style::new()));
                notification::people(held).for_each(|id| account(setting, id, &mut card));
            }
        }
        Row::Gap(gap) => gap_text(setting, gap, &mut card),
        Row::Tombstone(id) => card = tombstone(setting, id),
        Row::Conversation(..) => card.push(dim_line(setting.theme, "the last message was removed")),
        Row::Status(_) => {}
    }
    flow.add(0, Arc::new(card));
}

fn account(setting: Setting<'_>, id: &AccountId, card: &mut Card) {
    let Some(account) = setting.state.store.account(id) else { return };
    let theme = setting.theme;
    card.blank();
    status::who(setting, id, card);
    let about: Vec<&str> = [(account.bot, "automated"), (account.locked, "approves followers by hand")]
        .into_iter()
        .filter_map(|(is, word)| is.then_some(word))
        .collect();
    card.extend(plain(&about.join(&format!(" {} ", theme.glyphs().dot)), setting.width, theme.dim()));
    if let Some(url) = &account.url {
        card.extend(plain(url.as_str(), setting.width, theme.link()));
    }
}

fn gap_text(setting: Setting<'_>, gap: &Gap, card: &mut Card) {
    let notifications = setting.stream == Some(&Stream::UserNotification);
    let things = if notifications { "Notifications" } else { "Posts" };
    card.extend(plain(&gap_words(setting, gap), setting.width, setting.theme.bold()));
    if let Some(fate) = gap_fate(setting, gap) {
        card.extend(plain(&fate, setting.width, setting.theme.mark()));
    }
    card.blank();
    let why =
        format!("{things} between the rows above and below were not seen by this program. What is below is older, what is above is newer.");
    card.extend(plain(&why, setting.width, setting.theme.dim()));
}
