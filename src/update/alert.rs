//! What the desktop is told of: notifications of the kinds that the reader wants, while they are elsewhere.
//!
//! What is folded on the screen stays folded there: of a post with a warning only that is told. Absent on purpose: how often
//! (`Alerts`), and how a desktop is told (`runtime`).

use super::{Effect, say};
use crate::config::Notify;
use crate::model::{Notification, NotificationId, NotificationKind, Sources, Stream};
use crate::state::{Shown, State};
use crate::text::Plain;

/// Takes in a notification that has just come.
pub(super) fn notified(state: &mut State, id: &NotificationId) {
    // Switched on where the configuration says none: those that are usual.
    let usual = Notify::default();
    let wanted = if state.settings.notify == Notify::Off { &usual } else { &state.settings.notify };
    let Some(held) = state.store.notification(id) else { return };
    let is_shown = held.status.as_ref().is_none_or(|status| state.shown(&Sources::from(Stream::UserNotification), status) != Shown::Hidden);
    if state.focused || !state.alerts.on || !is_shown || !wanted.includes(&held.kind) {
        return;
    }
    let words = words(state, held);
    state.alerts.add(words);
}

/// Has the desktop told of what waits, if it is time.
pub(super) fn tell(state: &mut State, effects: &mut Vec<Effect>) {
    if state.focused {
        state.alerts.forget();
    }
    if let Some(words) = state.alerts.tell(state.now) {
        effects.push(Effect::Alert { words, bell: state.settings.bell });
    }
}

/// Switches off what is on, for this run.
pub(super) fn switch(state: &mut State) {
    state.alerts.on = !state.alerts.on;
    state.alerts.forget();
    let words = if state.alerts.on { "desktop notifications are on" } else { "desktop notifications are off" };
    say(state, Plain::line(words), false);
}

fn words(state: &State, held: &Notification) -> Plain {
    let account = held.account.as_ref().and_then(|id| state.store.account(id));
    let who = account.map_or("Someone", |account| account.name().as_str());
    let said = match &held.kind {
        NotificationKind::Mention => format!("{who} mentioned you{}", said(state, held)),
        NotificationKind::Status => format!("{who} posted{}", said(state, held)),
        NotificationKind::Quote => format!("{who} quoted your post{}", said(state, held)),
        NotificationKind::PendingReply => format!("{who} replied and waits for your approval{}", said(state, held)),
        NotificationKind::Reblog => format!("{who} boosted your post"),
        NotificationKind::Favourite => format!("{who} favourited your post"),
        NotificationKind::Poll => "A poll has ended".to_owned(),
        NotificationKind::Follow => format!("{who} followed you"),
        NotificationKind::FollowRequest => format!("{who} asks to follow you"),
        NotificationKind::Update => format!("{who} edited a post you boosted"),
        NotificationKind::QuotedUpdate => format!("{who} edited a post you quoted"),
        NotificationKind::AdminSignUp => format!("{who} signed up"),
        NotificationKind::AdminReport(_) => format!("{who} reported an account"),
        NotificationKind::SeveredRelationships(_) => "Some of your follows were cut".to_owned(),
        NotificationKind::ModerationWarning(_) => "The moderators warned you".to_owned(),
        NotificationKind::AnnualReport { .. } => "Your yearly report is ready".to_owned(),
        NotificationKind::AddedToCollection { .. } => format!("{who} added you to a collection"),
        NotificationKind::CollectionUpdate { .. } => format!("{who} changed a collection that features you"),
        NotificationKind::PendingFavourite => format!("{who} favourited your post and waits for your approval"),
        NotificationKind::PendingReblog => format!("{who} boosted your post and waits for your approval"),
        NotificationKind::Other(_) => format!("A notification: {}", held.kind.name().replace(['_', '.'], " ")),
    };
    Plain::line(&said)
}

/// What the post beneath says, as far as it is open.
fn said(state: &State, held: &Notification) -> String {
    let Some((id, entry)) = held.status.as_ref().and_then(|id| Some((id, state.store.shown(id)?))) else { return String::new() };
    match state.shown(&Sources::from(Stream::UserNotification), id) {
        Shown::Open => format!(": {}", entry.rich().text()),
        Shown::Warned => format!(", with a warning: {}", entry.status().spoiler_text),
        Shown::Filtered(_) | Shown::Hidden => String::new(),
    }
}
