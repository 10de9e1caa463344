//! A profile: who somebody is, how the reader and they stand, and what they wrote lately.
//!
//! Each part says for itself that it is being asked for, or why it is not to be had.

use super::{inner_width, panel};
use crate::command::Command;
use crate::model::{Account, AccountMark, Emoji, Failure, FailureKind, Field, Profile, Relationship, Tie};
use crate::state::{Answer, OverlayPane, ProfilePane, ProfileView, State};
use crate::text::{Html, LinkKind, Plain, with_addresses};
use crate::ui::aside;
use crate::ui::cards::{Cards, Setting, Shape};
use crate::ui::line::{Card, CardLine, hang, plain, rich};
use crate::ui::paint::Painter;
use crate::ui::row::dim_line;
use crate::ui::status::{self, short_count};
use crate::ui::theme::Theme;
use crate::ui::timeline::cells;
use crate::ui::times;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Lines of a recent post.
const MOST_LINES: u16 = 10;

/// Draws the profile; gives back where its posts stand as well.
pub(super) fn draw(
    painter: &mut Painter<'_>,
    cards: &mut Cards,
    state: &State,
    body: Rect,
    view: &ProfileView,
) -> (OverlayPane, ProfilePane) {
    let width = inner_width(body, 90);
    let theme = painter.theme;
    let mut card = head(state, theme, view, width);
    let mut posts = Vec::new();
    recent(state, theme, view, width, &mut card);
    let width_of_posts = width.saturating_sub(2).max(1);
    let setting = Setting { state, theme, sources: None, in_profile: true, width: width_of_posts, shape: Shape::Brief(MOST_LINES) };
    for id in view.shown_posts() {
        card.blank();
        let post = cards.post(setting, id);
        posts.push((card.height(), post.height()));
        card.lines.extend(post.lines.iter().cloned());
    }
    let area = panel(painter, body, &title(state, view), (width, card.height()));
    let most = card.height().saturating_sub(area.height);
    let scroll = view.scroll.min(most);
    let first = posts.first().map_or(u16::MAX, |(start, _)| *start);
    paint(painter, area, &card, scroll, first);
    if let Some((start, tall)) = view.chosen.and_then(|chosen| posts.get(chosen)) {
        let (from, to) = (start.saturating_sub(scroll), start.saturating_add(*tall).saturating_sub(scroll).min(area.height));
        if *start < scroll.saturating_add(area.height) && to > from {
            let y = area.y + from;
            painter.column_of(area.x, y, to - from, theme.glyphs().selection, theme.accent());
            painter.cursor = Some((area.x, y));
        }
    }
    super::more(painter, area, body, most - scroll);
    let pane = OverlayPane { area: cells(area), first: (area.y, usize::from(scroll)), entries: usize::from(area.height), most };
    (pane, ProfilePane { height: area.height, most, posts })
}

/// Draws what is in view; posts stand two columns further in, beside their bar.
fn paint(painter: &mut Painter<'_>, area: Rect, card: &Card, scroll: u16, first: u16) {
    let above = first.saturating_sub(scroll).min(area.height);
    painter.card(Rect { height: above, ..area }, card, scroll);
    let beneath = Rect { x: area.x + 2, y: area.y + above, width: area.width.saturating_sub(2), height: area.height - above };
    painter.card(beneath, card, scroll + above);
}

fn title(state: &State, view: &ProfileView) -> String {
    let next = view.next().and_then(|id| state.store.account(id)).zip(state.first_key(Command::Profile));
    match next {
        Some((next, key)) => format!("Profile {} of {}, {key} {}", view.shown + 1, view.people.len(), next.name()),
        None => "Profile".to_owned(),
    }
}

fn head(state: &State, theme: &Theme, view: &ProfileView, width: u16) -> Card {
    let mut card = Card::default();
    let Some(id) = view.who() else { return card };
    let profile = if let Answer::Told(Some(profile)) = &view.profile { Some(&**profile) } else { None };
    let account = state.store.account(id).or(profile.map(|profile| &profile.account));
    let (aside, whole) = (aside::in_profile(state, width, account), width);
    let width = aside::room(width, aside.as_ref());
    if let Some(account) = account {
        names(state, theme, account, profile, width, &mut card);
    }
    match &view.profile {
        Answer::Told(Some(profile)) => marks(state, theme, account, profile, width, &mut card),
        Answer::Unasked | Answer::Asked => card.push(dim_line(theme, format!("loading the profile{}", theme.glyphs().ellipsis))),
        Answer::Told(None) => card.push(dim_line(theme, "the server tells nothing of this account")),
        Answer::Failed(failure) => card.extend(lacking(theme, "the profile", "read:accounts", failure, width)),
    }
    card.extend(standing(state, theme, view, width));
    aside::put(&mut card, 0, aside.as_ref(), u16::MAX);
    let width = whole;
    if let Some(profile) = profile {
        about(theme, profile, width, &mut card);
    }
    if let Some(url) = account.and_then(|account| account.url.as_ref()) {
        card.blank();
        card.extend(plain(url.as_str(), width, theme.link()));
    }
    card
}

fn names(state: &State, theme: &Theme, account: &Account, profile: Option<&Profile>, width: u16, card: &mut Card) {
    card.extend(plain(&status::name(theme, account), width, theme.bold()));
    let own = || state.server.as_ref().map(|server| server.domain.clone());
    let (user, shown) = match account.acct.as_str().rsplit_once('@') {
        Some((user, domain)) => (user, Some(Plain::line(domain))),
        None => (account.acct.as_str(), own()),
    };
    let at = shown.as_ref().map(|domain| format!("@{domain}")).unwrap_or_default();
    card.extend(plain(&format!("@{user}{at}"), width, theme.dim()));
    if let Some(ascii) = profile.and_then(|profile| profile.domain.as_ref()).filter(|ascii| Some(*ascii) != shown.as_ref()) {
        card.extend(plain(&format!("in ASCII @{user}@{ascii}"), width, theme.dim()));
    }
}

fn marks(state: &State, theme: &Theme, account: Option<&Account>, profile: &Profile, width: u16, card: &mut Card) {
    let account = account.unwrap_or(&profile.account);
    let mut plainly: Vec<String> = Vec::new();
    plainly.extend(account.bot.then(|| "automated".to_owned()));
    plainly.extend(account.locked.then(|| "approves followers by hand".to_owned()));
    for mark in &profile.marks {
        let grave = match mark {
            AccountMark::Group => {
                plainly.push("a group".to_owned());
                continue;
            }
            AccountMark::Role(name) => {
                plainly.push(name.to_string());
                continue;
            }
            AccountMark::Memorial => "in memoriam".to_owned(),
            AccountMark::Suspended => "suspended by the moderators".to_owned(),
            AccountMark::Limited => "limited by the moderators".to_owned(),
            AccountMark::Moved(to) => {
                state.store.account(to).map_or_else(|| "has moved".to_owned(), |to| format!("has moved to {} @{}", to.name(), to.acct))
            }
        };
        let mark = Span::styled(format!("{} ", theme.glyphs().notice), theme.mark());
        card.extend(hang(plain(&grave, width.saturating_sub(2), Style::new()), &mark, &Span::raw("  ")));
    }
    card.extend(plain(&joined(theme, &plainly), width, theme.dim()));
}

fn joined(theme: &Theme, parts: &[String]) -> String {
    parts.join(&format!(" {} ", theme.glyphs().dot))
}

/// How the reader and the account stand, in words.
fn standing(state: &State, theme: &Theme, view: &ProfileView, width: u16) -> Vec<Line<'static>> {
    if state.me.as_ref().is_some_and(|me| view.who() == Some(&me.id)) {
        return plain("this is you", width, theme.accent());
    }
    match &view.relationship {
        Answer::Unasked | Answer::Asked => vec![dim_line(theme, format!("asking how you stand{}", theme.glyphs().ellipsis))],
        Answer::Told(None) => vec![dim_line(theme, "the server does not tell how you stand")],
        Answer::Failed(failure) => lacking(theme, "how you stand", "read:follows", failure, width),
        Answer::Told(Some(relationship)) => {
            let zone = &theme.zone;
            let mut lines = plain(&joined(theme, &ties(relationship, |at| times::full(at, zone))), width, theme.accent());
            if !relationship.note.is_blank() {
                lines.extend(plain(&format!("your note: {}", relationship.note), width, theme.dim()));
            }
            lines
        }
    }
}

fn ties(relationship: &Relationship, at: impl Fn(crate::model::Timestamp) -> String) -> Vec<String> {
    let has = |tie: Tie| relationship.ties.contains(&tie);
    let mut parts: Vec<String> = Vec::new();
    parts.push(
        match (has(Tie::Following), has(Tie::FollowedBy)) {
            (true, true) => "you follow each other",
            (true, false) => "you follow them",
            (false, true) => "they follow you",
            (false, false) => "neither of you follows the other",
        }
        .to_owned(),
    );
    for (tie, words) in [
        (Tie::Requested, "you have asked to follow"),
        (Tie::RequestedBy, "they ask to follow you"),
        (Tie::WithoutBoosts, "their boosts are hidden"),
        (Tie::Notifying, "you are told of their posts"),
        (Tie::Endorsed, "featured on your profile"),
        (Tie::Blocking, "you block them"),
        (Tie::BlockedBy, "they block you"),
        (Tie::DomainBlocking, "you block their server"),
    ] {
        parts.extend(has(tie).then(|| words.to_owned()));
    }
    if has(Tie::Muting) {
        let what = if has(Tie::MutingNotifications) { "you mute them and their notifications" } else { "you mute them" };
        let until = relationship.muted_until.map(|until| format!(" until {}", at(until))).unwrap_or_default();
        parts.push(format!("{what}{until}"));
    }
    parts
}

/// Why a part is not to be had, and what would be needed.
fn lacking(theme: &Theme, what: &str, scope: &str, failure: &Failure, width: u16) -> Vec<Line<'static>> {
    let needed = match failure.kind {
        FailureKind::Unauthorized => "; it needs a signed-in account".to_owned(),
        FailureKind::Forbidden => format!("; it needs the scope {scope}"),
        FailureKind::Retry | FailureKind::Offline | FailureKind::RateLimited(_) | FailureKind::NotFound | FailureKind::Unusable => {
            String::new()
        }
    };
    let mark = Span::styled(format!("{} ", theme.glyphs().cross), theme.bad());
    let words = format!("{what} could not be loaded: {}{needed}", failure.reason);
    hang(plain(&words, width.saturating_sub(2), Style::new()), &mark, &Span::raw("  "))
}

/// What the account says about itself, its fields and counts.
fn about(theme: &Theme, profile: &Profile, width: u16, card: &mut Card) {
    let note = opened(theme, &profile.note, width, &profile.emojis);
    if !note.is_empty() {
        card.blank();
        card.extend(note);
    }
    if !profile.fields.is_empty() {
        card.blank();
        profile.fields.iter().for_each(|of| field(theme, of, width, &profile.emojis, card));
    }
    card.blank();
    let [followers, following, posts] = profile.counts;
    let mut parts: Vec<String> = [(posts, "post", "posts"), (followers, "follower", "followers"), (following, "followed", "followed")]
        .into_iter()
        .filter_map(|(count, one, many)| count.map(|count| format!("{} {}", short_count(count), if count == 1 { one } else { many })))
        .collect();
    parts.extend(profile.created_at.map(|at| format!("since {}", theme.zone.to_datetime(at).strftime("%Y-%m-%d"))));
    parts.extend(profile.last_status_at.as_ref().map(|day| format!("last post {}", day.as_str().get(..10).unwrap_or(day.as_str()))));
    card.extend(plain(&joined(theme, &parts), width, theme.dim()));
}

fn opened(theme: &Theme, html: &Html, width: u16, emojis: &[Emoji]) -> Vec<Line<'static>> {
    let text = html.open(&|_| None::<LinkKind>);
    if text.is_blank() { Vec::new() } else { rich(&with_addresses(&text), width, theme, emojis) }
}

/// A field: its name, its value, and whether the page that it links to was found to belong to the account.
fn field(theme: &Theme, field: &Field, width: u16, emojis: &[Emoji], card: &mut Card) {
    card.extend(plain(field.name.as_str(), width, theme.dim()));
    let verified = field.verified_at.map(|at| format!("verified {}", theme.zone.to_datetime(at).strftime("%Y-%m-%d")));
    let mark = match &verified {
        Some(_) => Span::styled(format!("{} ", theme.glyphs().check), theme.good()),
        None => Span::raw("  "),
    };
    let mut lines = hang(opened(theme, &field.value, width.saturating_sub(2).max(1), emojis), &mark, &Span::raw("  "));
    if let Some(words) = verified {
        let own = crate::ui::line::line_width;
        match lines.last_mut() {
            Some(last) if own(last) + 2 + words.len() <= usize::from(width) => {
                last.push_span(Span::styled(format!("  {words}"), theme.good()));
            }
            Some(_) | None => lines.push(Line::styled(format!("  {words}"), theme.good())),
        }
    }
    card.extend(lines);
}

/// The heading above the recent posts, or why there are none.
fn recent(state: &State, theme: &Theme, view: &ProfileView, width: u16, card: &mut Card) {
    card.blank();
    let words = match &view.posts {
        Answer::Unasked | Answer::Asked => format!("loading recent posts{}", theme.glyphs().ellipsis),
        Answer::Told(Some(posts)) if !posts.is_empty() => {
            let key = state.first_key(Command::Read).map(|key| format!(" {} {key} opens the chosen one", theme.glyphs().dot));
            format!("recent posts{}", key.unwrap_or_default())
        }
        Answer::Told(_) => "no posts that this server has".to_owned(),
        Answer::Failed(failure) => {
            card.extend(lacking(theme, "recent posts", "read:statuses", failure, width));
            return;
        }
    };
    let dash = theme.glyphs().horizontal;
    let cut = crate::ui::line::cut(&words, usize::from(width.saturating_sub(5)), theme).into_owned();
    let after = usize::from(width).saturating_sub(crate::text::wrap::width(&cut) + 4);
    card.lines.push(CardLine::text(Line::from(vec![
        Span::styled(format!("{} ", dash.repeat(2)), theme.rule()),
        Span::styled(cut, theme.dim()),
        Span::styled(format!(" {}", dash.repeat(after)), theme.rule()),
    ])));
}
