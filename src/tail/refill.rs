//! What an answer brought that had not come: found by looking at the ledger before and after `update` takes it in.
//!
//! Absent on purpose: which questions are asked, and what an answer proves (`update`).

use crate::model::{
    Account, AccountId, Bundle, Conversation, Item, Notification, Page, Payload, Status, StatusId, Stream, StreamEvent, Timestamp, by_age,
};
use crate::state::{Row, RowKey, State};
use crate::text::Plain;
use crate::update::Reply;
use serde_json::value::RawValue;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How things stood before an answer was taken in.
#[derive(Debug)]
pub(super) struct Before {
    /// The stream of a page; `None` for an answer about a single post.
    stream: Option<Stream>,
    items: Vec<Held>,
    /// Rows that go where the post is gone that was asked about.
    at_stake: Vec<(Stream, StatusId)>,
}

/// An element of the page, and what of it was held.
#[derive(Debug)]
struct Held {
    row: Row,
    raw: Option<Arc<str>>,
    /// Whether the ledger of the stream had it, or it lies below what the ledger holds.
    had: bool,
    /// Whether it counts as backlog: it is of the page that the ledger starts from.
    is_backlog: bool,
    /// Whether the store had it, by whatever stream.
    known: bool,
    /// The posts that it shows (itself, and the boosted one) as far as they were held, each with when it had been edited last.
    versions: Vec<(StatusId, Option<Timestamp>)>,
}

/// Something that came with an answer, in the form of an event.
#[derive(Debug)]
pub(super) struct Brought {
    /// The event as the stream would have told it.
    pub(super) event: StreamEvent,
    /// Whether it was held already, by another stream.
    pub(super) is_duplicate: bool,
}

impl Before {
    /// Looks at what is held of what a reply is about, and takes the texts of its elements out of it. `is_start` says whether
    /// it is the page that the ledger starts from. `None` where the reply can bring nothing that a stream would have told.
    pub(super) fn of(reply: &mut Reply, state: &State, is_start: bool) -> Option<Self> {
        match reply {
            Reply::Page { stream, cursor: None, result: Ok(page) }
            | Reply::Newer { stream, asked: _, result: Ok(page) }
            | Reply::Review { stream, asked: _, result: Ok(page) } => Self::of_page(stream, page, state, is_start),
            Reply::Status { id, asked: _, result: Ok(bundle), raw } => {
                let row = Row::Status(id.clone());
                let versions = versions(&row, bundle, state);
                let item = Held { row, raw: raw.take(), had: true, is_backlog: true, known: true, versions };
                Some(Self { stream: None, items: vec![item], at_stake: Vec::new() })
            }
            Reply::Status { id, asked: _, result: Err(_), raw: _ } => {
                Some(Self { stream: None, items: Vec::new(), at_stake: at_stake(id, state) })
            }
            // No stream tells that a notification is gone.
            Reply::Page { .. }
            | Reply::Newer { .. }
            | Reply::Review { .. }
            | Reply::Notification { .. }
            | Reply::Thread { .. }
            | Reply::History(..)
            | Reply::Profile(..)
            | Reply::ProfilePosts(..)
            | Reply::Relationship(..)
            | Reply::Search { .. }
            | Reply::Offer(_)
            | Reply::Account(_)
            | Reply::Markers(_)
            | Reply::Health(_)
            | Reply::Scopes(_) => None,
        }
    }

    fn of_page(stream: &Stream, page: &mut Page, state: &State, is_start: bool) -> Option<Self> {
        let timeline = state.timelines.get(stream)?;
        let mut texts = std::mem::take(&mut page.raw).into_iter();
        // What the first page has above the last that came before the connection was lost is no backlog.
        let lost_after = match timeline.gaps().last() {
            Some(gap) => Some(&*gap.after),
            None => timeline.broken_since.and(timeline.rows().front()).map(Row::place_id),
        };
        let held = |item: &Item| {
            let row = row(item);
            let had = match &row {
                // A conversation that had another last post has moved.
                Row::Conversation(id, last) => {
                    let same = state.store.conversation(id).is_some_and(|held| held.last_status.as_ref() == last.as_deref());
                    same && timeline.index_of(&row.key()).is_some()
                }
                Row::Status(_) | Row::Notification(_) | Row::Tombstone(_) | Row::Gap(_) => {
                    timeline.index_of(&row.key()).is_some() || timeline.is_below_floor(&row)
                }
            };
            let known = matches!(&row, Row::Status(id) if state.store.status(id).is_some());
            let is_missed = lost_after.is_some_and(|after| by_age(row.place_id(), after) == Ordering::Greater);
            let versions = versions(&row, &page.bundle, state);
            Held { had, is_backlog: is_start && !is_missed, known, versions, raw: texts.next(), row }
        };
        let items = page.items.iter().map(held).collect();
        Some(Self { stream: Some(stream.clone()), items, at_stake: Vec::new() })
    }

    /// What the answer brought, oldest first, now that it has been taken in.
    pub(super) fn brought(mut self, state: &State) -> Vec<Brought> {
        self.items.sort_by(|left, right| by_age(left.row.place_id(), right.row.place_id()));
        let mut brought = Vec::new();
        let mut edits = BTreeSet::new();
        for item in self.items {
            let here = self.stream.as_ref().filter(|stream| stands(state, stream, &item.row.key()));
            if let Some(stream) = here
                && !item.had
                && !item.is_backlog
            {
                let event = arrival(state, stream, &item.row, item.raw.clone());
                brought.extend(event.map(|event| Brought { event, is_duplicate: item.known }));
            }
            for (id, before) in item.versions {
                let is_own = matches!(&item.row, Row::Status(own) if *own == id);
                if state.store.status(&id).is_none_or(|entry| entry.status().edited_at <= before) {
                    continue;
                }
                // Each stream that shows it would have told it.
                let key = RowKey::Status(id.clone());
                for stream in state.timelines.keys() {
                    let is_there = stands(state, stream, &key);
                    let has_boost = here == Some(stream) && item.had;
                    let shows = if self.stream.as_ref() == Some(stream) { has_boost || (is_there && !is_own) } else { is_there };
                    let Some(payload) = bundle(state, &id).map(Payload::Edit).filter(|_| shows) else { continue };
                    // Its own row and its boosts may be on one page.
                    if edits.insert((stream.clone(), id.clone())) {
                        let raw = if is_own { item.raw.clone() } else { boosted(item.raw.as_deref()) };
                        brought.push(Brought { event: event(stream, "status.update", payload, raw), is_duplicate: false });
                    }
                }
            }
        }
        for (stream, id) in self.at_stake {
            if !stands(state, &stream, &RowKey::Status(id.clone())) {
                brought.push(Brought { event: event(&stream, "delete", Payload::Delete(id), None), is_duplicate: false });
            }
        }
        brought
    }
}

fn stands(state: &State, stream: &Stream, key: &RowKey) -> bool {
    state.timelines.get(stream).is_some_and(|timeline| timeline.index_of(key).is_some())
}

/// The rows of a post and of its boosts, in all streams.
fn at_stake(id: &StatusId, state: &State) -> Vec<(Stream, StatusId)> {
    let is_of = |own: &StatusId| own == id || state.store.status(own).is_some_and(|entry| entry.reblog() == Some(id));
    let rows = state.timelines.iter().flat_map(|(stream, timeline)| timeline.rows().iter().map(move |row| (stream, row)));
    rows.filter_map(|(stream, row)| match row {
        Row::Status(own) if is_of(own) => Some((stream.clone(), own.clone())),
        Row::Status(_) | Row::Notification(_) | Row::Conversation(..) | Row::Tombstone(_) | Row::Gap(_) => None,
    })
    .collect()
}

/// The id that places an element of a page.
pub(super) fn place_id(item: &Item) -> String {
    row(item).place_id().to_owned()
}

fn row(item: &Item) -> Row {
    match item {
        Item::Status(id) => Row::Status(id.clone()),
        Item::Notification(notification) => Row::Notification(notification.id.clone()),
        Item::Conversation(conversation) => Row::Conversation(conversation.id.clone(), conversation.last_status.clone().map(Box::new)),
    }
}

fn versions(row: &Row, bundle: &Bundle, state: &State) -> Vec<(StatusId, Option<Timestamp>)> {
    let Row::Status(own) = row else { return Vec::new() };
    let inner = bundle.statuses.iter().find(|status| status.id == *own).and_then(|status| status.reblog.as_ref());
    [Some(own), inner].into_iter().flatten().filter_map(|id| Some((id.clone(), state.store.status(id)?.status().edited_at))).collect()
}

/// The text of the boosted post in the text of its boost.
fn boosted(raw: Option<&str>) -> Option<Arc<str>> {
    #[derive(serde::Deserialize)]
    struct Boost<'a> {
        #[serde(borrow)]
        reblog: Option<&'a RawValue>,
    }
    let boost: Boost<'_> = serde_json::from_str(raw?).ok()?;
    boost.reblog.map(|inner| Arc::from(inner.get()))
}

/// What a stream would have told of a row.
fn arrival(state: &State, stream: &Stream, row: &Row, raw: Option<Arc<str>>) -> Option<StreamEvent> {
    Some(match row {
        Row::Status(id) => event(stream, "update", Payload::Update(bundle(state, id)?), raw),
        Row::Notification(id) => {
            let notification: Notification = state.store.notification(id)?.clone();
            let mut bundle = notification.status.as_ref().and_then(|id| bundle(state, id)).unwrap_or_default();
            bundle.accounts.extend(account(state, notification.account.as_ref()));
            event(stream, "notification", Payload::Notification(notification, bundle), raw)
        }
        Row::Conversation(id, _) => {
            let conversation: Conversation = state.store.conversation(id)?.clone();
            let mut bundle = conversation.last_status.as_ref().and_then(|id| bundle(state, id)).unwrap_or_default();
            bundle.accounts.extend(conversation.accounts.iter().filter_map(|id| account(state, Some(id))));
            event(stream, "conversation", Payload::Conversation(conversation, bundle), raw)
        }
        Row::Tombstone(_) | Row::Gap(_) => return None,
    })
}

fn event(stream: &Stream, name: &str, payload: Payload, raw: Option<Arc<str>>) -> StreamEvent {
    let named = super::line::names(stream).into_iter().map(Plain::line).collect();
    StreamEvent { streams: vec![stream.clone()], named: Some(named), name: Plain::line(name), payload, raw }
}

/// A held status with what it boosts, and who wrote them.
fn bundle(state: &State, id: &StatusId) -> Option<Bundle> {
    let own: &Status = state.store.status(id)?.status();
    let inner = own.reblog.as_ref().and_then(|inner| state.store.status(inner)).map(|entry| entry.status().clone());
    let statuses: Vec<Status> = inner.into_iter().chain([own.clone()]).collect();
    let accounts = statuses.iter().filter_map(|status| account(state, Some(&status.account))).collect();
    Some(Bundle { accounts, statuses })
}

fn account(state: &State, id: Option<&AccountId>) -> Option<Account> {
    state.store.account(id?).cloned()
}
