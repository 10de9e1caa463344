//! What each event does to store, tabs and connection line.

use super::rows::{self, Came};
use super::{Effect, Question, alert, hold, refill, reply, review, say, thread};
use crate::command::Command;
use crate::model::{
    Announcement, AnnouncementReaction, Bundle, Connection, Conversation, Event, Notification, Origin, Payload, Reaction, Rung, Server,
    StatusId, Stream, StreamEvent, Subscription,
};
use crate::state::{Anchor, Cause, Loading, Measured, Overlay, Put, Row, RowKey, State};
use crate::text::{LinkKind, Plain};
use jiff::SignedDuration;

/// How many announcements are kept.
const ANNOUNCEMENTS_KEPT: usize = 50;

pub(super) fn apply(state: &mut State, measured: &Measured, origin: Origin, event: Event, effects: &mut Vec<Effect>) {
    if origin.account != state.line.origin.account {
        return;
    }
    match event {
        Event::Connection(connection) => {
            state.line.origin = origin;
            connection_changed(state, connection, effects);
        }
        Event::Subscription { stream, standing, rung } => {
            if let Some(timeline) = state.timelines.get_mut(&stream) {
                if timeline.poll.take_if(|_| rung != Rung::Polling).is_some() {
                    // It is subscribed to from now on, and what the last poll left is looked for.
                    timeline.subscribed = None;
                }
                timeline.rung = rung;
            }
            subscription_changed(state, &stream, standing, effects);
            if let Some(timeline) = state.timelines.get_mut(&stream) {
                review::follow_rung(timeline, state.now);
            }
        }
        Event::Ladder { rung, reason, climb_in } => {
            let climb_at = climb_in.and_then(|wait| state.now.checked_add(SignedDuration::try_from(wait).ok()?).ok());
            state.line.rung = rung;
            state.line.below = reason.map(|reason| (reason, climb_at));
            state.revision += 1;
        }
        Event::Traffic { received, sent } => {
            state.line.traffic = (received, sent);
            state.revision += u64::from(is_health_open(state));
        }
        Event::Server(server) => server_known(state, server, effects),
        Event::Stream(event) => streamed(state, measured, event),
        Event::Lagged { shed } => lagged(state, &shed),
        Event::Ping(round_trip) => {
            state.line.ping = Some(round_trip);
            state.revision += 1;
        }
        Event::Malformed { what: _ } => {
            state.malformed += 1;
            state.revision += u64::from(is_health_open(state));
        }
    }
}

fn is_health_open(state: &State) -> bool {
    state.overlays.iter().any(|overlay| matches!(overlay, Overlay::Health { .. }))
}

fn connection_changed(state: &mut State, connection: Connection, effects: &mut Vec<Effect>) {
    let now = state.now;
    let was_live = state.line.state == Connection::Live;
    let is_live = connection == Connection::Live;
    state.line.next_attempt = match &connection {
        Connection::Reconnecting { retry_in, .. } | Connection::RateLimited { retry_in, .. } | Connection::Offline { retry_in, .. } => {
            now.checked_add(SignedDuration::try_from(*retry_in).unwrap_or(SignedDuration::ZERO)).ok()
        }
        Connection::Connecting | Connection::Live | Connection::SignedOut { .. } | Connection::Failed { .. } => None,
    };
    if std::mem::discriminant(&state.line.state) != std::mem::discriminant(&connection) {
        state.line.since = now;
    }
    let keeps_loading = !matches!(connection, Connection::SignedOut { .. } | Connection::Connecting);
    state.line.state = connection;
    state.revision += 1;
    if was_live && !is_live {
        state.line.losses += 1;
        state.line.last_live = Some(now);
        state.line.ping = None;
        state.suspects.drop_waiting();
        thread::lost(state);
        for timeline in state.timelines.values_mut() {
            timeline.broken_since.get_or_insert(now);
            timeline.live_since = None;
            refill::lost(timeline);
        }
    }
    if is_live {
        for (stream, timeline) in &mut state.timelines {
            if matches!(timeline.standing, Subscription::NotStreamed | Subscription::Interrupted(_)) {
                continue;
            }
            let since = timeline.broken_since.take();
            if since.is_some() || !was_live {
                refill::carried(timeline, stream, now, since);
            }
            if since.is_some() && timeline.rows().is_empty() && timeline.first_page == Loading::Done {
                // Without a row there is nothing for a gap to stand on; asking again is honest and cheap.
                timeline.first_page = Loading::Idle;
            }
            timeline.live_since.get_or_insert(now);
            timeline.complete_since.get_or_insert(now);
        }
    }
    if keeps_loading {
        // Also when the socket does not open: the pages may come all the same.
        load_first_pages(state, effects);
        ask_about_reader(state, effects);
    }
}

fn load_first_pages(state: &mut State, effects: &mut Vec<Effect>) {
    for (stream, timeline) in &mut state.timelines {
        if timeline.first_page == Loading::Idle {
            effects.push(reply::ask_first(stream, timeline));
        }
    }
}

fn ask_about_reader(state: &mut State, effects: &mut Vec<Effect>) {
    if state.offer_loading == Loading::Idle {
        state.offer_loading = Loading::Asked;
        effects.push(Effect::Ask(Question::Offer));
    }
    if !state.me_asked {
        state.me_asked = true;
        effects.push(Effect::Ask(Question::Account));
    }
}

fn subscription_changed(state: &mut State, stream: &Stream, standing: Subscription, effects: &mut Vec<Effect>) {
    let now = state.now;
    let live = state.line.state == Connection::Live;
    let Some(timeline) = state.timelines.get_mut(stream) else { return };
    if let Subscription::Refused(words) = &standing
        && timeline.standing != standing
    {
        let title = stream.title(&state.offer.lists);
        let words = Plain::line(&format!("{title} was refused: {words}"));
        timeline.live_since = None;
        timeline.complete_since = None;
        timeline.subscribed = None;
        timeline.standing = standing;
        say(state, words, true);
        return;
    }
    timeline.standing = standing;
    if let Subscription::Interrupted(_) = timeline.standing {
        timeline.broken_since.get_or_insert(now);
        timeline.live_since = None;
        refill::lost(timeline);
        state.revision += 1;
        return;
    }
    if live && !matches!(timeline.standing, Subscription::NotStreamed | Subscription::Refused(_)) {
        timeline.live_since.get_or_insert(now);
        timeline.complete_since.get_or_insert(now);
        if timeline.subscribed.is_none() {
            let away = timeline.broken_since.take();
            refill::carried(timeline, stream, now, away);
        }
    }
    if timeline.standing == Subscription::NotStreamed {
        timeline.live_since = None;
        timeline.complete_since = None;
    }
    if timeline.first_page == Loading::Idle {
        effects.push(reply::ask_first(stream, timeline));
    }
    state.revision += 1;
}

fn server_known(state: &mut State, server: Server, effects: &mut Vec<Effect>) {
    state.server = Some(server);
    state.revision += 1;
    ask_about_reader(state, effects);
}

fn streamed(state: &mut State, measured: &Measured, event: StreamEvent) {
    let now = state.now;
    let silence = state.silent_minutes();
    state.meter.count(now);
    // The health view tells when each stream last brought anything, of whatever kind.
    state.revision += u64::from(is_health_open(state));
    for stream in &event.streams {
        if let Some(timeline) = state.timelines.get_mut(stream) {
            timeline.last_event = Some(now);
            if timeline.standing == Subscription::Requested {
                timeline.standing = Subscription::Open;
                state.revision += 1;
            }
        }
    }
    if state.silent_minutes() != silence {
        state.revision += 1;
    }
    match event.payload {
        Payload::Update(bundle) => arrived(state, measured, &event.streams, bundle),
        Payload::Edit(bundle) => {
            let id = bundle.main().map(|status| status.id.clone());
            let put = state.store.put_edit(bundle);
            if let Some(id) = id {
                state.store.hear(&id);
                if put == Put::Changed {
                    rows::forget_hidden(state, &id);
                    hold::edited(state, &id);
                }
            }
        }
        Payload::Delete(id) => deleted(state, measured, &id),
        Payload::Notification(notification, bundle) => notified(state, measured, notification, bundle),
        Payload::Conversation(conversation, bundle) => talked(state, measured, conversation, bundle, Came::Live),
        Payload::Announcement(announcement) => announced(state, announcement),
        Payload::AnnouncementReaction(reaction) => reacted(state, reaction),
        Payload::AnnouncementDelete(id) => {
            state.announcements.retain(|held| held.id != id);
            state.revision += 1;
        }
        Payload::FiltersChanged => filters_changed(state),
        Payload::NotificationsMerged => {
            if let Some(timeline) = state.timelines.get_mut(&Stream::UserNotification) {
                review::doubt_all(timeline, now);
            }
        }
        Payload::Other => state.unknown += 1,
    }
}

/// What is held says what the filters of before thought of it: it is asked for again, the newest and what is in view at once
/// and the rest in the time that is left for it.
fn filters_changed(state: &mut State) {
    let now = state.now;
    let filtered = state.timelines.iter_mut().filter(|(stream, _)| stream.filter_context().is_some());
    filtered.for_each(|(_, timeline)| review::doubt_all(timeline, now));
    say(state, Plain::line("your filters changed on the server; posts are asked for again, to follow them"), false);
}

fn arrived(state: &mut State, measured: &Measured, streams: &[Stream], bundle: Bundle) {
    let Some(id) = bundle.main().map(|status| status.id.clone()) else { return };
    let put = state.store.put(bundle);
    if put == Put::Gone || state.store.shown(&id).is_none() {
        return;
    }
    state.store.hear(&id);
    if put == Put::Changed {
        rows::forget_hidden(state, &id);
    }
    for stream in streams {
        if matches!(stream, Stream::UserNotification | Stream::Direct) {
            continue;
        }
        if rows::insert(state, measured, stream, Row::Status(id.clone()), Came::Live)
            && let Some(timeline) = state.timelines.get_mut(stream)
        {
            timeline.meter.count(state.now);
        }
    }
}

/// A deletion counts everywhere, whatever stream named it: the words are gone at once, a tombstone stands where the
/// post was in view, and its boosts go with it.
pub(super) fn deleted(state: &mut State, measured: &Measured, id: &StatusId) {
    let removed = state.store.delete(id);
    let streams: Vec<Stream> = state.timelines.keys().cloned().collect();
    for gone in &removed.statuses {
        let key = RowKey::Status(gone.clone());
        hold::deleted(state, &key);
        for stream in &streams {
            if !rows::is_drawn(state, measured, stream, &key) {
                rows::remove(state, stream, &key);
            } else if let Some(timeline) = state.timelines.get_mut(stream) {
                timeline.bury(gone);
            }
        }
        // What is left of it is no news, and nothing that a filter hides.
        for tab in state.tabs.all_mut() {
            tab.leave_fold(&key);
            tab.unseen.remove(&key);
            tab.hidden.remove(&key);
            tab.sieve.set(key.clone(), false);
        }
    }
    for gone in removed.statuses.iter().filter(|gone| *gone != id).chain([id]) {
        review::doubt_notifications(state, gone);
    }
    state.unfolded.remove(id);
    thread::deleted(state, id);
}

fn notified(state: &mut State, measured: &Measured, notification: Notification, bundle: Bundle) {
    state.store.put(bundle);
    // It comes with each of two streams, and a page may have brought it.
    let is_new = state.store.notification(&notification.id).is_none();
    let row = Row::Notification(notification.id.clone());
    let about = notification.status.clone().filter(|status| state.store.is_deleted(status));
    let id = notification.id.clone();
    state.store.put_notification(notification);
    if is_new {
        alert::notified(state, &id);
    }
    let stream = Stream::UserNotification;
    // Also when it came on `user`: there is one ledger of notifications.
    if rows::insert(state, measured, &stream, row, Came::Live)
        && let Some(timeline) = state.timelines.get_mut(&stream)
    {
        timeline.meter.count(state.now);
        timeline.last_event = Some(state.now);
    }
    if let Some(about) = about {
        // Overtaken by the deletion.
        review::doubt_notifications(state, &about);
    }
}

/// A conversation moves to where its last message belongs.
pub(super) fn talked(state: &mut State, measured: &Measured, conversation: Conversation, bundle: Bundle, came: Came) {
    state.store.put(bundle);
    let stream = Stream::Direct;
    if !state.timelines.contains_key(&stream) {
        return;
    }
    let id = conversation.id.clone();
    let last = conversation.last_status.clone();
    let held = state.store.conversation(&id).and_then(|held| held.last_status.as_ref());
    if came != Came::Live && held.is_some_and(|held| last.as_ref().is_none_or(|last| last < held) && state.store.status(held).is_some()) {
        // A message came while the page was under way.
        return;
    }
    let before = state.store.put_conversation(conversation);
    if before.as_ref().is_some_and(|before| before.last_status == last) {
        let row = Row::Conversation(id, last.map(Box::new));
        if state.timelines.get(&stream).is_some_and(|timeline| timeline.index_of(&row.key()).is_some()) {
            return;
        }
        rows::insert(state, measured, &stream, row, came);
        return;
    }
    let key = RowKey::Conversation(id.clone());
    let at_cursor = state.tabs.of(&stream).is_some_and(|tab| tab.cursor.as_ref() == Some(&key));
    rows::remove(state, &stream, &key);
    if rows::insert(state, measured, &stream, Row::Conversation(id, last.map(Box::new)), came) {
        if let Some(timeline) = state.timelines.get_mut(&stream)
            && came == Came::Live
        {
            timeline.meter.count(state.now);
        }
        if let Some(tab) = state.tabs.of_mut(&stream)
            && at_cursor
            && tab.anchor == Anchor::Top
        {
            tab.cursor = Some(key);
        }
    }
}

fn announced(state: &mut State, announcement: Announcement) {
    let words = announcement.content.open(&|_| None::<LinkKind>).text();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let first = crate::text::wrap::truncate(&words, 48);
    if let Some(held) = state.announcements.iter_mut().find(|held| held.id == announcement.id) {
        *held = announcement;
    } else {
        state.announcements.insert(0, announcement);
        state.announcements.truncate(ANNOUNCEMENTS_KEPT);
    }
    let key = state.first_key(Command::Announcements).map(|key| format!(", {key} reads it")).unwrap_or_default();
    say(state, Plain::line(&format!("announcement{key}: {first}")), false);
}

fn reacted(state: &mut State, reaction: AnnouncementReaction) {
    let Some(held) = state.announcements.iter_mut().find(|held| held.id == reaction.announcement) else { return };
    match held.reactions.iter().position(|known| known.name == reaction.name) {
        Some(index) if reaction.count == 0 => {
            held.reactions.remove(index);
        }
        Some(index) => {
            if let Some(known) = held.reactions.get_mut(index) {
                known.count = reaction.count;
            }
        }
        None if reaction.count > 0 && held.reactions.len() < 100 => {
            held.reactions.push(Reaction { name: reaction.name, count: reaction.count });
        }
        None => {}
    }
    state.revision += 1;
}

fn lagged(state: &mut State, shed: &[(Stream, u64)]) {
    let now = state.now;
    let mut total = 0_u64;
    for (stream, count) in shed {
        total = total.saturating_add(*count);
        if let Some(timeline) = state.timelines.get_mut(stream) {
            timeline.mark_gap(timeline.last_event, Some(now), Cause::Shed, Some(*count));
            timeline.live_since = Some(now);
            // What was asked before the loss says nothing about it.
            let looks = timeline.review.is_some() || timeline.refill.as_ref().is_some_and(|refill| refill.gap.is_none());
            if timeline.deep.is_some() {
                timeline.deep_at = Some(now);
            }
            timeline.interrupt();
            if looks {
                timeline.check_at = Some(now);
            }
            refill::fill_newest(timeline, stream);
            if timeline.rows().is_empty() {
                timeline.check_at = Some(now);
            }
        }
    }
    say(state, Plain::line(&format!("{total} posts came faster than they could be taken and were dropped; a gap marks where")), true);
}
