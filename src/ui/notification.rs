//! One notification as lines: a sentence, and beneath it the post that it is about.

use crate::model::{
    Account, AccountId, AccountWarning, Notification, NotificationId, NotificationKind, RelationshipSeveranceEvent, Report,
};
use crate::state::{RowKey, Told};
use crate::text::Plain;
use crate::ui::aside;
use crate::ui::attached;
use crate::ui::cards::{Setting, Shape};
use crate::ui::line::{Card, CardLine, Head, plain};
use crate::ui::row::dim_line;
use crate::ui::status;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

/// Lines of the post beneath, where it is only mentioned.
const EXCERPT: usize = 2;

/// What a notification says.
struct Sentence {
    mark: &'static str,
    ink: Style,
    /// Who did it, in bold before the words; none where the words name nobody.
    who: Option<String>,
    words: String,
    /// What does not fit a heading.
    more: Vec<String>,
}

/// The accounts that a notification names.
pub(crate) fn people(held: &Notification) -> impl Iterator<Item = &AccountId> {
    held.account.iter().chain(held.kind.target())
}

/// Who did what a row tells, where it tells several notifications in one.
fn told_in<'a>(setting: Setting<'a>, held: &Notification) -> Told<'a> {
    status::told_in(setting, &RowKey::Notification(held.id.clone()))
}

/// Lays out a notification.
pub(crate) fn card(setting: Setting<'_>, id: &NotificationId) -> Card {
    let mut card = Card::default();
    let Some(held) = setting.state.store.notification(id) else {
        card.push(dim_line(setting.theme, "a notification that is not held any more"));
        return card;
    };
    let aside = held.account.as_ref().and_then(|id| aside::beside_post(setting, Some(id)));
    let setting = Setting { width: aside::room(setting.width, aside.as_ref()), ..setting };
    let sentence = sentence(setting, held);
    head(setting, held, &sentence, &mut card);
    for more in &sentence.more {
        card.extend(plain(more, setting.width, setting.theme.dim()));
    }
    post(setting, held, &mut card);
    let most = if let Shape::Brief(most) = setting.shape { most } else { u16::MAX };
    status::cut_card(&mut card, most, setting.theme);
    aside::put(&mut card, 0, aside.as_ref(), most);
    card
}

fn head(setting: Setting<'_>, held: &Notification, sentence: &Sentence, card: &mut Card) {
    let theme = setting.theme;
    let mark = Span::styled(format!("{} ", sentence.mark), sentence.ink);
    let mut name = Line::from(mark);
    let mut rest = Line::default();
    match &sentence.who {
        Some(who) => {
            name.push_span(Span::styled(who.clone(), theme.bold()));
            rest.push_span(Span::raw(sentence.words.clone()));
            if told_in(setting, held).count < 2
                && let Some(account) = held.account.as_ref().and_then(|id| setting.state.store.account(id))
            {
                rest.push_span(Span::styled(format!("  @{}", account.acct), theme.dim()));
            }
        }
        None => name.push_span(Span::raw(sentence.words.clone())),
    }
    let word = held.status.as_ref().filter(|_| speaks(&held.kind)).and_then(|id| setting.state.store.status(id));
    let word = word.and_then(|entry| status::short_visibility(&entry.status().visibility));
    card.lines.push(CardLine::Head(Head { name, rest, word, at: held.created_at }));
}

/// Whether the post beneath is what somebody says to the reader, and not the reader's own.
pub(crate) fn speaks(kind: &NotificationKind) -> bool {
    matches!(kind, NotificationKind::Mention | NotificationKind::Status | NotificationKind::Quote | NotificationKind::PendingReply)
}

fn post(setting: Setting<'_>, held: &Notification, card: &mut Card) {
    let Some(id) = &held.status else { return };
    let theme = setting.theme;
    let Some(entry) = setting.state.store.shown(id) else {
        let gone = if setting.state.store.is_deleted(id) { "the post was removed" } else { "the post is not held any more" };
        card.push(Line::from(Span::styled(gone, theme.dim().patch(theme.aside()))));
        return;
    };
    if speaks(&held.kind) {
        status::body(setting, id, entry, card);
        return;
    }
    card.extend(status::excerpt(setting, entry, EXCERPT));
    if held.kind == NotificationKind::Poll {
        card.lines.extend(attached::poll(setting, entry.status()));
    }
}

/// The sentence alone, for where there is no post to read.
pub(crate) fn words(setting: Setting<'_>, held: &Notification) -> String {
    let sentence = sentence(setting, held);
    let who = sentence.who.map(|who| format!("{who} ")).unwrap_or_default();
    let first = format!("{who}{}", sentence.words);
    [first].into_iter().chain(sentence.more).collect::<Vec<_>>().join("\n")
}

/// Who did it, where the words name somebody, and the words.
pub(crate) fn told(setting: Setting<'_>, held: &Notification) -> (Option<String>, String) {
    let sentence = sentence(setting, held);
    (sentence.who, sentence.words)
}

fn sentence(setting: Setting<'_>, held: &Notification) -> Sentence {
    let glyphs = setting.theme.glyphs();
    let theme = setting.theme;
    let account = held.account.as_ref().and_then(|id| setting.state.store.account(id));
    let all = told_in(setting, held);
    let who = match account {
        _ if all.count > 1 => status::several(&status::names(setting, &all.first), all.count, 1, usize::from(setting.width / 3), theme),
        Some(account) => status::name(theme, account).into_owned(),
        None => "Someone".to_owned(),
    };
    let wait = if all.count > 1 { "wait" } else { "waits" };
    let by = |mark, ink, words: &str| Sentence { mark, ink, who: Some(who.clone()), words: words.to_owned(), more: Vec::new() };
    let tell = |mark, ink, words: String, more: Vec<String>| Sentence { mark, ink, who: None, words, more };
    match &held.kind {
        NotificationKind::Mention => by(glyphs.reply, theme.accent(), "mentioned you"),
        NotificationKind::Status => by(glyphs.newer, theme.accent(), "posted"),
        NotificationKind::Reblog => by(glyphs.again, theme.good(), "boosted your post"),
        NotificationKind::Favourite => by(glyphs.star, theme.mark(), "favourited your post"),
        NotificationKind::Poll => {
            let own = held.account.is_some() && held.account == setting.state.me.as_ref().map(|me| me.id.clone());
            let words = if own { "Your poll has ended" } else { "A poll you voted in has ended" };
            tell(glyphs.check, theme.good(), words.to_owned(), Vec::new())
        }
        NotificationKind::Update => by(glyphs.edited, theme.dim(), "edited a post you boosted"),
        NotificationKind::Quote => by(glyphs.quoting, theme.accent(), "quoted your post"),
        NotificationKind::QuotedUpdate => by(glyphs.edited, theme.dim(), "edited a post you quoted"),
        NotificationKind::Follow => by(glyphs.person, theme.accent(), "followed you"),
        NotificationKind::FollowRequest => by(glyphs.person, theme.accent(), "asks to follow you"),
        NotificationKind::AdminSignUp => by(glyphs.person, theme.dim(), "signed up"),
        NotificationKind::AdminReport(report) => {
            let Report { target, category } = &**report;
            let whom = target
                .as_ref()
                .and_then(|id| setting.state.store.account(id))
                .map_or("an account".into(), |whom| status::name(theme, whom));
            let why = category.as_ref().map(|category| format!(" ({category})")).unwrap_or_default();
            by(glyphs.notice, theme.mark(), &format!("reported {whom}{why}"))
        }
        NotificationKind::SeveredRelationships(event) => {
            let RelationshipSeveranceEvent { cause, target_name, followers, following } = &**event;
            let with = target_name.as_ref().map(|name| format!(" with {name}")).unwrap_or_default();
            let more = [severed_cause(cause.as_ref()), severed_counts(*followers, *following)];
            tell(glyphs.cross, theme.bad(), format!("Follows{with} were cut"), more.into_iter().flatten().collect())
        }
        NotificationKind::ModerationWarning(warning) => {
            let AccountWarning { action, text } = &**warning;
            let more = [action.as_ref().map(warning_action), text.as_ref().map(|text| format!("\u{201c}{text}\u{201d}"))];
            tell(glyphs.notice, theme.bad(), "The moderators warned you".to_owned(), more.into_iter().flatten().collect())
        }
        NotificationKind::AnnualReport { year } => {
            let year = year.as_ref().map(|year| format!(" for {year}")).unwrap_or_default();
            tell(glyphs.check, theme.accent(), format!("Your yearly report{year} is ready"), Vec::new())
        }
        NotificationKind::AddedToCollection { name } => {
            by(glyphs.person, theme.accent(), &format!("added you to {}", collection(name.as_ref())))
        }
        NotificationKind::CollectionUpdate { name } => {
            by(glyphs.edited, theme.dim(), &format!("changed {} that features you", collection(name.as_ref())))
        }
        NotificationKind::PendingReply => by(glyphs.reply, theme.mark(), "replied and waits for your approval"),
        NotificationKind::PendingFavourite => by(glyphs.star, theme.mark(), &format!("favourited your post and {wait} for your approval")),
        NotificationKind::PendingReblog => by(glyphs.again, theme.mark(), &format!("boosted your post and {wait} for your approval")),
        NotificationKind::Other(kind) => unknown(setting, account, kind),
    }
}

fn unknown(setting: Setting<'_>, account: Option<&Account>, kind: &Plain) -> Sentence {
    let who = account.map(|account| format!("{}:", status::name(setting.theme, account)));
    let more = vec!["a kind of notification that this version does not know".to_owned()];
    Sentence { mark: setting.theme.glyphs().dot, ink: setting.theme.dim(), who, words: kind.to_string(), more }
}

fn collection(name: Option<&Plain>) -> String {
    name.map_or_else(|| "a collection".to_owned(), |name| format!("the collection \u{201c}{name}\u{201d}"))
}

fn severed_cause(cause: Option<&Plain>) -> Option<String> {
    let cause = cause?;
    Some(match cause.as_str() {
        "domain_block" => "The moderators blocked that server.".to_owned(),
        "user_domain_block" => "You blocked that server.".to_owned(),
        "account_suspension" => "The moderators suspended that account.".to_owned(),
        other => format!("Cause: {other}"),
    })
}

fn severed_counts(followers: Option<u64>, following: Option<u64>) -> Option<String> {
    let told = |count: u64, one: &str, many: &str| format!("{count} {}", if count == 1 { one } else { many });
    let lost = [
        followers.map(|count| told(count, "follower", "followers")),
        following.map(|count| told(count, "account you followed", "accounts you followed")),
    ];
    let lost: Vec<String> = lost.into_iter().flatten().collect();
    (!lost.is_empty()).then(|| format!("Lost: {}", lost.join(" and ")))
}

fn warning_action(action: &Plain) -> String {
    match action.as_str() {
        "none" => "A warning and nothing more.".to_owned(),
        "disable" => "Your account was disabled.".to_owned(),
        "mark_statuses_as_sensitive" => "Some of your posts were marked as sensitive.".to_owned(),
        "delete_statuses" => "Some of your posts were removed.".to_owned(),
        "sensitive" => "Your posts are marked as sensitive from now on.".to_owned(),
        "silence" => "Your account was limited.".to_owned(),
        "suspend" => "Your account was suspended.".to_owned(),
        other => format!("Action: {other}"),
    }
}
