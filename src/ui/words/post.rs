//! Rows and posts in labelled lines: who, to whom, the words, and what hangs on them, one fact a line.

use crate::command::Command;
use crate::model::{Account, AccountId, ConversationId, Media, NotificationId, NotificationKind, Poll, Status, StatusId};
use crate::state::{Entry, Gap, Row, RowKey, Shown};
use crate::text::wrap::{self, Role};
use crate::text::{LinkKind, Plain, RichText};
use crate::ui::cards::Setting;
use crate::ui::row::{gap_fate, gap_words, people};
use crate::ui::words::{ago, said};
use crate::ui::{attached, notification, status};

/// The most characters of a post that is only mentioned.
const EXCERPT: usize = 160;
/// How many boosters of one post are named.
const NAMED: usize = 12;

/// A row of a timeline.
pub(crate) fn row(setting: Setting<'_>, row: &Row) -> Vec<String> {
    match row {
        Row::Status(id) => post(setting, id, "Post"),
        Row::Notification(id) => notified(setting, id),
        Row::Conversation(id, _) => conversation(setting, id),
        Row::Tombstone(id) => vec![removed(setting, id)],
        Row::Gap(gap) => vec![missing(setting, gap)],
    }
}

/// A post or a boost; `label` is what it is called, as in "Post" or "Reply 2 of 3".
pub(crate) fn post(setting: Setting<'_>, id: &StatusId, label: &str) -> Vec<String> {
    let store = &setting.state.store;
    let Some((outer, entry)) = store.status(id).zip(store.shown(id)) else {
        let gone = if store.is_deleted(id) { removed(setting, id) } else { "A post that is not held any more.".to_owned() };
        return vec![gone];
    };
    let (status, outer) = (entry.status(), outer.status());
    let mut lines = Vec::new();
    if outer.reblog.is_some() {
        lines.push(format!("Boosted by {}.", boosters(setting, outer)));
    }
    let mut head = vec![format!("{label} by {}", who(setting, &status.account))];
    head.extend(status.created_at.map(|at| ago(at, setting.state, setting.theme)));
    head.push(status::visibility(&status.visibility));
    head.extend(status.edited_at.map(|at| format!("edited {}", ago(at, setting.state, setting.theme))));
    lines.push(head.join(", ") + ".");
    lines.extend(status::answers(setting, status).map(|words| sentence(&words)));
    body(setting, id, entry, &mut lines);
    lines
}

/// Who boosted a post, all of them where one row tells several boosts: the first few by name.
fn boosters(setting: Setting<'_>, outer: &Status) -> String {
    let all = status::told_in(setting, &RowKey::Status(outer.id.clone()));
    if all.count < 2 {
        return who(setting, &outer.account);
    }
    status::several(&status::names(setting, &all.first), all.count, NAMED, usize::MAX, setting.theme)
}

fn who(setting: Setting<'_>, id: &AccountId) -> String {
    let Some(account) = setting.state.store.account(id) else { return "an unknown account".to_owned() };
    let bot = if account.bot { ", automated" } else { "" };
    let name = account.name().as_str();
    // An account without a name of its own is called by its address.
    if name.trim_start_matches('@') == account.acct.as_str() {
        return format!("@{}{bot}", account.acct);
    }
    format!("{name}, @{}{bot}", account.acct)
}

/// The words of a post and what hangs on it, or what they are folded behind. `id` is the row's: of the boost, if it is one.
fn body(setting: Setting<'_>, id: &StatusId, entry: &Entry, lines: &mut Vec<String>) {
    let status = entry.status();
    let key = setting.state.first_key(Command::HoldOrUnfold);
    let to_read = key.map(|key| format!(" {} to read.", sentence_start(key))).unwrap_or_default();
    match setting.place().map_or(Shown::Open, |place| setting.state.shown(place, id)) {
        Shown::Warned => lines.push(format!("Content warning: {}.{to_read}", status.spoiler_text)),
        Shown::Filtered(title) => lines.push(format!("Filtered: {title}.{to_read}")),
        Shown::Hidden => lines.push("Hidden by a filter.".to_owned()),
        Shown::Open => {
            if !status.spoiler_text.is_blank() {
                lines.push(format!("Content warning: {}.", status.spoiler_text));
            }
            lines.extend(text(entry.rich()));
            links(entry.rich(), lines);
            quote(setting, status, lines);
            media(setting, status, lines);
            poll(setting, status, lines);
            preview(status, lines);
            if status.omitted > 0 {
                lines.push(format!("And {} more that the server sent.", status.omitted));
            }
            let sums = said(&status::sums(setting, status));
            if !sums.is_empty() {
                lines.push(sentence(&sums));
            }
        }
    }
}

/// The words of a post, a paragraph a line.
fn text(rich: &RichText) -> Vec<String> {
    if rich.is_blank() {
        return Vec::new();
    }
    let mut lines = Vec::new();
    for line in wrap::wrap(rich, u16::MAX) {
        let words: String = line.pieces.iter().filter(|piece| piece.role != Role::Quote).map(|piece| piece.text.as_str()).collect();
        let quote = if line.pieces.iter().any(|piece| piece.role == Role::Quote) { "Quotation: " } else { "" };
        if !words.trim().is_empty() {
            lines.push(format!("{quote}{}", words.trim()));
        }
    }
    lines
}

/// Where links to pages really lead.
fn links(rich: &RichText, lines: &mut Vec<String>) {
    let all: Vec<&Plain> = rich.links.iter().filter(|link| link.kind == LinkKind::Web).map(|link| &link.url).collect();
    for (index, url) in all.iter().enumerate() {
        lines.push(format!("Link {}: {url}", number(index, all.len())));
    }
}

fn media(setting: Setting<'_>, status: &Status, lines: &mut Vec<String>) {
    let all = &status.media_attachments;
    let blurred = setting.place().is_some_and(|place| setting.state.blurs_media(place, &status.id));
    if blurred {
        let key = setting.state.first_key(Command::HoldOrUnfold).map(|key| format!(" {} shows.", sentence_start(key)));
        lines.push(format!("{} media hidden by a filter.{}", all.len(), key.unwrap_or_default()));
        return;
    }
    for (index, medium) in all.iter().enumerate() {
        lines.push(format!("Media {}: {}", number(index, all.len()), about(setting, status.sensitive, medium)));
    }
}

fn about(setting: Setting<'_>, sensitive: bool, medium: &Media) -> String {
    let mut parts = Vec::new();
    if sensitive {
        parts.push("sensitive".to_owned());
    }
    parts.push(attached::kind(setting.theme, &medium.kind).1.to_owned());
    parts.extend(attached::length(medium));
    match medium.description.as_ref().filter(|text| !text.is_blank()) {
        Some(text) => parts.push(format!("alt: {}", flat(text.as_str()))),
        None => parts.push("no description".to_owned()),
    }
    parts.join(", ")
}

fn poll(setting: Setting<'_>, status: &Status, lines: &mut Vec<String>) {
    let Some(poll) = &status.poll else { return };
    let mut head = vec![said(&attached::sums(poll))];
    head.push(match (poll.expired, poll.expires_at) {
        (true, _) => "ended".to_owned(),
        (false, None) => "open".to_owned(),
        (false, Some(until)) => {
            let mut clock = crate::ui::times::Clock::new(setting.state.now, &setting.theme.zone);
            clock.left(until).map_or_else(|| "ended".to_owned(), |left| format!("{left} left"))
        }
    });
    head.retain(|part| !part.is_empty());
    lines.push(format!("Poll: {}.", head.join(", ")));
    for (index, option) in poll.options.iter().enumerate() {
        lines.push(format!("Option {}: {}", number(index, poll.options.len()), stands(poll, index, &option.title, option.votes_count)));
    }
}

fn stands(poll: &Poll, index: usize, title: &Plain, votes: Option<u64>) -> String {
    let mine = poll.own_votes.iter().flatten().any(|vote| *vote == index);
    let mut parts = vec![flat(title.as_str())];
    match votes {
        Some(votes) => {
            let standing = attached::standing(poll, votes, mine);
            parts.push(format!("{} percent", standing.percent));
            parts.push(standing.word.to_owned());
        }
        None if mine => parts.push("your choice".to_owned()),
        None => {}
    }
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}

fn preview(status: &Status, lines: &mut Vec<String>) {
    let Some(card) = &status.card else { return };
    let title = if card.title.is_blank() { &card.url } else { &card.title };
    let parts = [title, &card.description, &card.provider_name].into_iter().filter(|text| !text.is_blank());
    lines.push(format!(
        "Link preview: {}",
        parts.map(|text| flat(text.as_str()).trim_end_matches('.').to_owned()).collect::<Vec<_>>().join(", ")
    ));
}

fn quote(setting: Setting<'_>, status: &Status, lines: &mut Vec<String>) {
    let Some(quote) = &status.quote else { return };
    if let Some(why) = attached::unquoted(&quote.state) {
        lines.push(sentence(&why));
        return;
    }
    let store = &setting.state.store;
    let Some(entry) = quote.status.as_ref().and_then(|id| store.status(id)) else {
        let gone = quote.status.as_ref().is_some_and(|id| store.is_deleted(id));
        lines.push(if gone { "A quoted post, which was removed." } else { "A quoted post that is not held." }.to_owned());
        return;
    };
    lines.push(format!("Quotes {}: {}", who(setting, entry.account()), excerpt(setting, entry)));
}

/// The first words of a post that is only mentioned, as far as they are open.
fn excerpt(setting: Setting<'_>, entry: &Entry) -> String {
    let status = entry.status();
    let folded = setting.place().is_some_and(|place| setting.state.is_folded(place, &status.id));
    if !status.spoiler_text.is_blank() {
        return format!("content warning, {}", status.spoiler_text);
    }
    if folded {
        return "filtered".to_owned();
    }
    let words = flat(&entry.rich().text());
    if words.is_empty() {
        return attached::in_a_word(status).to_owned();
    }
    wrap::truncate(&words, EXCERPT).into_owned()
}

fn notified(setting: Setting<'_>, id: &NotificationId) -> Vec<String> {
    let store = &setting.state.store;
    let Some(held) = store.notification(id) else { return vec!["A notification that is not held any more.".to_owned()] };
    let mut told = notification::words(setting, held).lines().map(str::to_owned).collect::<Vec<_>>();
    let first = if told.is_empty() { String::new() } else { told.remove(0) };
    let mut sentence = vec![format!("Notification: {first}")];
    sentence.extend(held.account.as_ref().and_then(|id| store.account(id)).map(|account| format!("@{}", account.acct)));
    sentence.extend(held.created_at.map(|at| ago(at, setting.state, setting.theme)));
    let mut lines = vec![sentence.join(", ") + "."];
    lines.extend(told);
    let Some(about) = &held.status else { return lines };
    match store.shown(about) {
        None => lines.push(if store.is_deleted(about) { "The post was removed." } else { "The post is not held any more." }.to_owned()),
        Some(entry) if notification::speaks(&held.kind) => body(setting, about, entry, &mut lines),
        Some(entry) => {
            lines.push(format!("The post: {}", excerpt(setting, entry)));
            if held.kind == NotificationKind::Poll {
                poll(setting, entry.status(), &mut lines);
            }
        }
    }
    lines
}

fn conversation(setting: Setting<'_>, id: &ConversationId) -> Vec<String> {
    let (state, store) = (setting.state, &setting.state.store);
    let Some(held) = store.conversation(id) else { return vec!["A conversation that is not held any more.".to_owned()] };
    let names = said(&people(setting, held.accounts.iter().filter_map(|id| store.account(id))));
    let unread = if held.unread { ", unread" } else { "" };
    let mut lines = vec![format!("Conversation with {names}{unread}.")];
    match held.last_status.as_ref().and_then(|id| store.status(id)) {
        Some(entry) => {
            let own = state.me.as_ref().is_some_and(|me| me.id == *entry.account());
            let label = if own { "Last message, your own," } else { "Last message" };
            lines.extend(post(setting, entry.id(), label));
        }
        None => lines.push("The last message was removed.".to_owned()),
    }
    lines
}

fn removed(setting: Setting<'_>, id: &StatusId) -> String {
    let author = setting.state.store.deleted_author(id).map(Account::name);
    author.map_or_else(|| "A post was removed.".to_owned(), |name| format!("A post by {name} was removed."))
}

fn missing(setting: Setting<'_>, gap: &Gap) -> String {
    let fate = gap_fate(setting, gap).map(|fate| format!(" {}.", sentence_start(&fate))).unwrap_or_default();
    format!("Gap: {}.{fate}", gap_words(setting, gap))
}

/// Which one of how many.
fn number(index: usize, count: usize) -> String {
    if count == 1 { "1 of 1".to_owned() } else { format!("{} of {count}", index + 1) }
}

/// Words as a sentence: with a capital letter first and a full stop last.
fn sentence(words: &str) -> String {
    format!("{}.", sentence_start(words))
}

fn sentence_start(words: &str) -> String {
    let mut rest = words.chars();
    rest.next().map_or_else(String::new, |first| first.to_uppercase().chain(rest).collect())
}

/// On one line.
fn flat(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
