//! `Store`: every status, account, notification and conversation once, by id, for all tabs.
//!
//! The rules of RELIABILITY section "Continuity" live here: which of two copies wins, how their fields are merged by
//! presence, and what a deletion outlasts. Nothing here costs more with longer timelines, but for `sweep`, which the
//! caller spreads over many insertions.
//!
//! Posts lie folded (`parcel`) until somebody looks at them, but for those that came last; what was opened is folded again with the
//! next sweep.

mod gone;
mod multi;
mod parcel;
mod release;
mod ring;
mod shorthand;
mod table;

use crate::filter::{Post, words_of};
use crate::model::{
    Account, AccountId, Bundle, Conversation, ConversationId, FilterAction, Notification, NotificationId, QuoteState, Status, StatusId,
};
use crate::state::hashed::{IdMap, IdSet};
use crate::text::{LinkKind, RichText};
use gone::Gone;
use multi::Multi;
use parcel::Parcel;
use ring::Ring;
use shorthand::Shorthand;
use std::cell::OnceCell;
use std::collections::VecDeque;
use std::sync::Arc;
use table::{Identified, Table};

/// How many edits of posts that are not held are remembered, for a first copy that comes late.
const EDITS_KEPT: usize = 1_000;
/// How many of the statuses that came or changed last are usually not folded: some are in view, or about to be told of again.
const OPEN: usize = 256;
/// Below this many statuses nothing is ever swept.
const SWEEP_FLOOR: usize = 512;

/// A status as the store holds it.
#[derive(Debug)]
pub struct Entry {
    id: StatusId,
    account: AccountId,
    /// What it is while nobody looks at it; one of this and the next is always there.
    folded: Option<Parcel>,
    status: OnceCell<Box<Status>>,
    /// The status that it boosts.
    reblog: Option<StatusId>,
    /// Whether a filter may hide it.
    may_hide: bool,
    revision: u32,
    rich: OnceCell<Box<RichText>>,
    words: OnceCell<Box<str>>,
    /// The store's moment when the stream last told of it.
    heard: u64,
    /// Whether the sweep under way leaves it.
    is_needed: bool,
}

impl Entry {
    fn new(status: Status) -> Self {
        Self {
            id: status.id.clone(),
            account: status.account.clone(),
            folded: None,
            reblog: status.reblog.clone(),
            may_hide: may_hide(&status),
            status: OnceCell::from(Box::new(status)),
            revision: 1,
            rich: OnceCell::new(),
            words: OnceCell::new(),
            heard: 0,
            is_needed: false,
        }
    }

    /// The status, opened when it is first looked at.
    pub fn status(&self) -> &Status {
        self.status.get_or_init(|| {
            let folded = self.folded.as_ref().map(|folded| folded.open(&self.id, &self.account));
            Box::new(folded.unwrap_or_else(|| Parcel::blank(&self.id, &self.account)))
        })
    }

    /// Its id.
    pub fn id(&self) -> &StatusId {
        &self.id
    }

    /// Who wrote (or boosted) it.
    pub fn account(&self) -> &AccountId {
        &self.account
    }

    /// The status that it boosts.
    pub fn reblog(&self) -> Option<&StatusId> {
        self.reblog.as_ref()
    }

    /// Whether any server filter of the reader's matches it.
    pub fn is_filtered(&self) -> bool {
        // One that a filter matches is never folded.
        self.status.get().is_some_and(|status| status.filtered.as_ref().is_some_and(|found| !found.is_empty()))
    }

    /// Makes it another one.
    fn replace(&mut self, status: Status) {
        self.account = status.account.clone();
        self.reblog.clone_from(&status.reblog);
        self.may_hide = may_hide(&status);
        self.folded = None;
        self.status = OnceCell::from(Box::new(status));
    }

    /// Folds it, where that can be done. What was folded before has not changed.
    fn fold(&mut self, shorthand: &Arc<Shorthand>) {
        if let (None, Some(status)) = (&self.folded, self.status.get_mut()) {
            self.folded = Parcel::fold(status, shorthand);
        }
        self.shut();
    }

    /// Lets go of what was opened of it, where it is folded.
    fn shut(&mut self) {
        if self.folded.is_some() {
            self.status = OnceCell::new();
        }
    }

    /// The statuses that it boosts and quotes.
    fn related(&self) -> [Option<StatusId>; 2] {
        match self.status.get() {
            Some(status) => related(status),
            // One that quotes another is never folded.
            None => [self.reblog.clone(), None],
        }
    }

    /// Counts up whenever something that can be seen changes.
    pub fn revision(&self) -> u32 {
        self.revision
    }

    /// The content, opened when it is first looked at.
    pub fn rich(&self) -> &RichText {
        self.rich.get_or_init(|| Box::new(self.status().open()))
    }
}

impl Post for Entry {
    fn status(&self) -> &Status {
        self.status()
    }

    /// Read when they are first looked at.
    fn words(&self) -> &str {
        self.words.get_or_init(|| words_of(self.status()).into())
    }

    fn leads_out(&self) -> bool {
        self.rich().links.iter().any(|link| link.kind == LinkKind::Web)
    }
}

/// Equality ignores whether the content has been opened.
impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.status() == other.status() && self.revision == other.revision
    }
}

/// An account as the store holds it.
#[derive(Debug, PartialEq)]
struct Known {
    account: Account,
    revision: u32,
    /// Whether the sweep under way leaves it.
    is_needed: bool,
}

impl Identified for Entry {
    type Id = StatusId;

    fn id(&self) -> &StatusId {
        &self.id
    }
}

impl Identified for Known {
    type Id = AccountId;

    fn id(&self) -> &AccountId {
        &self.account.id
    }
}

impl Identified for Notification {
    type Id = NotificationId;

    fn id(&self) -> &NotificationId {
        &self.id
    }
}

/// How many of the statuses that came or changed last are not folded; nothing where none ever is.
#[derive(Debug, PartialEq)]
struct Open(Option<usize>);

impl Default for Open {
    fn default() -> Self {
        Self(Some(OPEN))
    }
}

/// Everything that tabs show, once.
#[derive(Debug, Default, PartialEq)]
pub struct Store {
    statuses: Table<Entry>,
    accounts: Table<Known>,
    notifications: Table<Notification>,
    conversations: IdMap<ConversationId, Conversation>,
    /// What shows another status: boosts and quotes of it.
    mentioned_by: Multi<StatusId, StatusId>,
    /// Which notifications are about a status.
    told_of: Multi<StatusId, NotificationId>,
    /// Statuses that came or changed last, the first of them first.
    recent: VecDeque<StatusId>,
    open: Open,
    /// What folded statuses are written with, since the first was folded.
    shorthand: Option<Arc<Shorthand>>,
    deleted: Gone,
    edits: Ring<StatusId, Box<Status>>,
    /// Statuses that a filter may hide since the last look, each with whether it was held before.
    hiding: Vec<(StatusId, bool)>,
    /// Statuses that read differently or are new since the last look, each with whether rows may have told of it before.
    changed: Vec<(StatusId, bool)>,
    /// Whether since then an account changed its name, or what it says it is.
    people_changed: bool,
    /// Statuses that are not held and that notifications or conversations name.
    awaited: IdSet<StatusId>,
    /// Replies that were not held before, each with what it answers, while somebody wants to know.
    replies: Vec<(StatusId, StatusId)>,
    gathers: bool,
    /// Counts up with each deletion, each question and each post heard of, so that an answer knows which came first.
    clock: u64,
    version: u64,
    swept_to: usize,
    /// How many accounts the last sweep left.
    known_to: usize,
    /// How many statuses have come since then.
    came: usize,
}

/// What putting a status into the store did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It was not held.
    New,
    /// It was held and something that can be seen changed.
    Changed,
    /// It was held and nothing changed, or the copy was older.
    Same,
    /// It had been deleted; nothing was put.
    Gone,
}

/// What a deletion touched.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// The status and its boosts that were held and are gone now.
    pub statuses: Vec<StatusId>,
}

impl Store {
    /// Folds nothing from now on: for a run in which posts only pass through.
    pub fn keep_open(&mut self) {
        self.open = Open(None);
    }

    /// A held status.
    pub fn status(&self, id: &StatusId) -> Option<&Entry> {
        self.statuses.get(id)
    }

    /// A held account.
    pub fn account(&self, id: &AccountId) -> Option<&Account> {
        self.accounts.get(id).map(|known| &known.account)
    }

    /// A number that changes when the account's profile does; zero if it is not held.
    pub fn account_revision(&self, id: &AccountId) -> u32 {
        self.accounts.get(id).map_or(0, |known| known.revision)
    }

    /// A held notification.
    pub fn notification(&self, id: &NotificationId) -> Option<&Notification> {
        self.notifications.get(id)
    }

    /// The held notifications about a status, newest first.
    pub fn notifications_about(&self, id: &StatusId) -> Vec<NotificationId> {
        let mut about: Vec<NotificationId> = self.told_of.of(id).cloned().collect();
        about.sort_by(|left, right| right.cmp(left));
        about
    }

    /// A held conversation.
    pub fn conversation(&self, id: &ConversationId) -> Option<&Conversation> {
        self.conversations.get(id)
    }

    /// Whether a status is known to be deleted.
    pub fn is_deleted(&self, id: &StatusId) -> bool {
        self.deleted.moment(id).is_some()
    }

    /// Who wrote (or boosted) a deleted status, if it was held.
    pub fn deleted_author(&self, id: &StatusId) -> Option<&Account> {
        self.account(self.deleted.author(id)?)
    }

    /// The status that a row about `id` shows: the boosted one for a boost.
    pub fn shown(&self, id: &StatusId) -> Option<&Entry> {
        let entry = self.status(id)?;
        match &entry.reblog {
            Some(inner) => self.status(inner),
            None => Some(entry),
        }
    }

    /// Whether a filter may hide a status, or one that it boosts.
    pub fn may_hide(&self, id: &StatusId) -> bool {
        let inner = |entry: &Entry| self.status(entry.reblog.as_ref()?);
        self.status(id).is_some_and(|entry| entry.may_hide || inner(entry).is_some_and(|inner| inner.may_hide))
    }

    /// Takes the statuses that a filter may hide since the last time, each with whether it was held before.
    pub fn take_hiding(&mut self) -> Vec<(StatusId, bool)> {
        std::mem::take(&mut self.hiding)
    }

    /// Takes the statuses that read differently or are new since the last time, each with whether rows may have told of it
    /// before.
    pub fn take_changed(&mut self) -> Vec<(StatusId, bool)> {
        std::mem::take(&mut self.changed)
    }

    /// Takes whether an account changed its name, or what it says it is, since the last time.
    pub fn take_people_changed(&mut self) -> bool {
        std::mem::take(&mut self.people_changed)
    }

    /// What shows a status beside itself: boosts and quotes of it.
    pub fn showing(&self, id: &StatusId) -> impl Iterator<Item = &StatusId> {
        self.mentioned_by.of(id)
    }

    /// Counts up whenever something that was held before, and so may be on screen, reads differently.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// How many statuses, accounts and notifications are held.
    pub fn sizes(&self) -> (usize, usize, usize) {
        (self.statuses.len(), self.accounts.len(), self.notifications.len())
    }

    /// The time to note when a question about one status is asked.
    pub fn moment(&mut self) -> u64 {
        self.clock += 1;
        self.clock
    }

    /// Begins or ends to gather replies that were not held before.
    pub fn gather_replies(&mut self, gathers: bool) {
        self.gathers = gathers;
        if !gathers {
            self.replies.clear();
        }
    }

    /// The replies gathered since this was last asked, each with what it answers, as they came.
    pub fn take_replies(&mut self) -> Vec<(StatusId, StatusId)> {
        std::mem::take(&mut self.replies)
    }

    /// Puts everything of a bundle but its deleted statuses; says what became of the last status, its own.
    pub fn put(&mut self, bundle: Bundle) -> Put {
        let mut last = Put::Same;
        for account in bundle.accounts {
            self.put_account(account);
        }
        for status in bundle.statuses {
            last = self.put_status(status);
        }
        last
    }

    /// Notes that the stream told of a status just now, and so of one that it boosts.
    pub fn hear(&mut self, id: &StatusId) {
        let at = self.moment();
        let Some(entry) = self.statuses.get_mut(id) else { return };
        entry.heard = at;
        let inner = entry.reblog.clone();
        if let Some(inner) = inner.and_then(|inner| self.statuses.get_mut(&inner)) {
            inner.heard = at;
        }
    }

    /// Whether the stream told of a status after a `moment`: an answer to a question from then says less.
    pub fn was_heard_since(&self, id: &StatusId, asked: u64) -> bool {
        self.statuses.get(id).is_some_and(|entry| entry.heard > asked)
    }

    /// Puts an edit: as `put`, but where its own status is not held it is only remembered.
    pub fn put_edit(&mut self, mut bundle: Bundle) -> Put {
        let own = bundle.statuses.pop();
        self.put(bundle);
        match own {
            Some(own) if self.is_deleted(&own.id) => Put::Gone,
            Some(own) if self.statuses.contains(&own.id) => self.put_status(own),
            Some(own) => {
                let newer = match self.edits.remove(&own.id) {
                    Some(known) => merge(&known, own),
                    None => own,
                };
                self.edits.insert(newer.id.clone(), Box::new(newer), EDITS_KEPT);
                Put::Same
            }
            None => Put::Same,
        }
    }

    /// Lifts a deletion because REST answered for that very status, if it was asked at a `moment` after the deletion.
    /// Says whether the status may be shown.
    pub fn lift(&mut self, id: &StatusId, asked: u64) -> bool {
        match self.deleted.moment(id) {
            Some(deleted) if deleted > asked => false,
            Some(_) => {
                self.deleted.remove(id);
                self.awaited.insert(id.clone());
                true
            }
            None => true,
        }
    }

    /// Puts an account; the newest profile wins.
    pub fn put_account(&mut self, mut account: Account) {
        match self.accounts.get_mut(&account.id) {
            Some(known) if known.account == account => {}
            Some(known) => {
                let (before, after) = (&known.account, &account);
                self.people_changed |= (&before.acct, &before.display_name, before.bot) != (&after.acct, &after.display_name, after.bot);
                account.pack();
                known.account = account;
                known.revision += 1;
                self.version += 1;
            }
            None => {
                account.pack();
                self.accounts.insert(Known { account, revision: 1, is_needed: false });
            }
        }
    }

    /// Puts a notification; says whether it is new.
    pub fn put_notification(&mut self, notification: Notification) -> bool {
        let id = notification.id.clone();
        let known = self.notifications.get(&id);
        let changes = known.is_some_and(|known| *known != notification);
        self.version += u64::from(changes);
        self.await_status(notification.status.as_ref());
        let about = notification.status.clone();
        let before = self.notifications.insert(notification);
        if before.as_ref().is_none_or(|before| before.status != about) {
            if let Some(about) = before.as_ref().and_then(|before| before.status.as_ref()) {
                self.told_of.remove(about, &id);
            }
            if let Some(about) = about {
                self.told_of.push(about, id);
            }
        }
        before.is_none()
    }

    /// Puts a conversation and gives back the one it replaces.
    pub fn put_conversation(&mut self, conversation: Conversation) -> Option<Conversation> {
        let id = conversation.id.clone();
        let known = self.conversations.get(&id);
        let changes = known.is_some_and(|known| *known != conversation);
        self.version += u64::from(changes);
        self.await_status(conversation.last_status.as_ref());
        self.conversations.insert(id, conversation)
    }

    fn await_status(&mut self, id: Option<&StatusId>) {
        if let Some(id) = id.filter(|id| !self.statuses.contains(id)) {
            self.awaited.insert(id.clone());
        }
    }

    fn put_status(&mut self, mut incoming: Status) -> Put {
        // Each copy comes with letters of its own for the id of its author, of whom there are few.
        if let Some(known) = self.accounts.get(&incoming.account) {
            incoming.account = known.account.id.clone();
        }
        if self.is_deleted(&incoming.id) || incoming.reblog.as_ref().is_some_and(|inner| self.is_deleted(inner)) {
            return Put::Gone;
        }
        let id = incoming.id.clone();
        if let Some(entry) = self.statuses.get_mut(&id) {
            let was_open = entry.status.get().is_some();
            let held = entry.status();
            let mut merged = merge(held, incoming);
            if merged == *held {
                if !was_open {
                    entry.shut();
                }
                return Put::Same;
            }
            let before = related(held);
            let after = related(&merged);
            let reads_alike = reads_alike(held, &merged);
            if merged.content != held.content || merged.mentions != held.mentions || merged.tags != held.tags {
                entry.rich = OnceCell::new();
            }
            if may_hide(&merged) {
                self.hiding.push((id.clone(), true));
            }
            if !reads_alike {
                entry.words = OnceCell::new();
                self.changed.push((id.clone(), true));
            }
            merged.pack();
            entry.replace(merged);
            entry.revision += 1;
            self.version += 1;
            self.begin_recent(id.clone());
            if before != after {
                self.unlink(&id, &before);
                self.link(&id, after);
            }
            return Put::Changed;
        }
        let incoming = match self.edits.remove(&id) {
            Some(edit) => merge(&edit, incoming),
            None => incoming,
        };
        let mut incoming = self.without_deleted_quote(incoming);
        incoming.pack();
        self.link(&id, related(&incoming));
        if may_hide(&incoming) {
            self.hiding.push((id.clone(), false));
        }
        self.changed.push((id.clone(), self.awaited.remove(&id)));
        // What quotes it has said until now that it is not held.
        self.version += u64::from(self.mentioned_by.contains(&id));
        if self.gathers
            && let Some(parent) = &incoming.in_reply_to_id
        {
            self.replies.push((id.clone(), parent.clone()));
        }
        self.statuses.insert(Entry::new(incoming));
        self.begin_recent(id);
        self.came += 1;
        Put::New
    }

    /// A status has come or changed: for it another is folded.
    fn begin_recent(&mut self, id: StatusId) {
        let Some(open) = self.open.0 else { return };
        self.recent.push_back(id);
        if self.recent.len() > open
            && let Some(id) = self.recent.pop_front()
        {
            let Self { statuses, recent, shorthand, .. } = self;
            let shorthand = shorthand.get_or_insert_with(|| {
                let said = |id| Some(Parcel::letters(statuses.get_mut(id)?.status.get_mut()?));
                Arc::new(Shorthand::learn([&id].into_iter().chain(&*recent).filter_map(said)))
            });
            if let Some(entry) = statuses.get_mut(&id) {
                entry.fold(shorthand);
            }
        }
    }

    fn without_deleted_quote(&self, mut status: Status) -> Status {
        if let Some(quote) = &mut status.quote
            && quote.status.as_ref().is_some_and(|id| self.is_deleted(id))
        {
            quote.state = QuoteState::Deleted;
        }
        status
    }

    fn link(&mut self, id: &StatusId, related: [Option<StatusId>; 2]) {
        for other in related.into_iter().flatten() {
            self.mentioned_by.push(other, id.clone());
        }
    }

    fn unlink(&mut self, id: &StatusId, related: &[Option<StatusId>; 2]) {
        for other in related.iter().flatten() {
            self.mentioned_by.remove(other, id);
        }
    }

    /// Deletes a status and its boosts: their words leave at once, quotes of it are marked, late frames do not revive it.
    pub fn delete(&mut self, id: &StatusId) -> Removed {
        let mut removed = Removed::default();
        self.forget(id, &mut removed);
        for other in self.mentioned_by.take(id) {
            let Some(entry) = self.statuses.get_mut(&other) else { continue };
            if entry.reblog.as_ref() == Some(id) {
                self.forget(&other, &mut removed);
            } else if let Some(quote) = entry.status.get_mut().and_then(|status| status.quote.as_mut()) {
                // One that quotes another is never folded.
                quote.state = QuoteState::Deleted;
                entry.revision += 1;
                self.version += 1;
            }
        }
        removed
    }

    fn forget(&mut self, id: &StatusId, removed: &mut Removed) {
        self.edits.remove(id);
        let entry = self.statuses.remove(id);
        let account = entry.as_ref().map(|entry| entry.account.clone());
        if let Some(entry) = &entry {
            self.unlink(id, &entry.related());
            removed.statuses.push(id.clone());
            self.changed.push((id.clone(), true));
            self.version += 1;
        }
        let at = self.moment();
        self.deleted.insert(id, account, at);
    }

    /// Whether enough has come since the last sweep to make another worth its cost.
    pub fn wants_sweep(&self) -> bool {
        // A quarter over what was needed: what waits to be swept is what memory is spent on in a flood.
        let is_much = |held: usize, swept_to: usize| held > (swept_to + swept_to / 4).max(SWEEP_FLOOR);
        let is_long_ago = self.came > (self.swept_to * 4).max(SWEEP_FLOOR * 8);
        is_long_ago || is_much(self.statuses.len() + self.notifications.len(), self.swept_to) || is_much(self.accounts.len(), self.known_to)
    }

    /// Drops whatever no row needs. `keep` names the statuses, notifications and conversations of all rows and panes.
    pub fn sweep(&mut self, keep: Keep) {
        let Self { statuses, accounts, notifications, conversations, mentioned_by, told_of, deleted, awaited, recent, shorthand, .. } =
            self;
        notifications.retain(|notification| keep.notifications.contains(&notification.id));
        told_of.retain(|id| notifications.contains(id));
        conversations.retain(|id, _| keep.conversations.contains(id));
        let mut todo = keep.statuses;
        todo.extend(notifications.iter().filter_map(|notification| notification.status.clone()));
        todo.extend(conversations.values().filter_map(|conversation| conversation.last_status.clone()));
        let mut absent: IdSet<StatusId> = IdSet::default();
        while let Some(id) = todo.pop() {
            match statuses.get_mut(&id) {
                Some(entry) if !entry.is_needed => {
                    entry.is_needed = true;
                    todo.extend(entry.related().into_iter().flatten());
                }
                Some(_) => {}
                None => drop(absent.insert(id)),
            }
        }
        let recent: IdSet<&StatusId> = recent.iter().collect();
        // What is marked stays, and is ready for the next time.
        statuses.retain(|entry| {
            // What was looked at once is opened again when it is looked at again: what is in view is laid out already.
            entry.rich = OnceCell::new();
            let is_needed = std::mem::take(&mut entry.is_needed);
            // Without one nothing has been folded yet, and all are recent.
            if let Some(shorthand) = &*shorthand
                && is_needed
                && !recent.contains(&entry.id)
            {
                entry.fold(shorthand);
            }
            is_needed
        });
        awaited.retain(|id| absent.contains(id));
        mentioned_by.retain(|id| statuses.contains(id));
        let mut need = |id: &AccountId| {
            if let Some(known) = accounts.get_mut(id) {
                known.is_needed = true;
            }
        };
        for entry in statuses.iter() {
            need(&entry.account);
        }
        notifications.iter().filter_map(|notification| notification.account.as_ref()).for_each(&mut need);
        notifications.iter().filter_map(|notification| notification.kind.target()).for_each(&mut need);
        conversations.values().flat_map(|conversation| &conversation.accounts).for_each(&mut need);
        deleted.authors().filter(|id| keep.authors.contains(*id)).for_each(&mut need);
        keep.authors.iter().for_each(&mut need);
        accounts.retain(|known| std::mem::take(&mut known.is_needed));
        self.swept_to = self.statuses.len() + self.notifications.len();
        self.known_to = self.accounts.len();
        self.came = 0;
    }
}

/// What a sweep must leave.
#[derive(Debug, Default)]
pub struct Keep {
    /// Statuses of rows and panes.
    pub statuses: Vec<StatusId>,
    /// Notifications of rows.
    pub notifications: IdSet<NotificationId>,
    /// Conversations of rows.
    pub conversations: IdSet<ConversationId>,
    /// Accounts that tombstones and panes name.
    pub authors: IdSet<AccountId>,
}

fn may_hide(status: &Status) -> bool {
    status.filtered.iter().flatten().any(|found| found.action == FilterAction::Hide)
}

/// Whether two copies are the same to a filter and to whoever searches: counts, and what the reader did, are not looked at.
fn reads_alike(one: &Status, other: &Status) -> bool {
    let words =
        |status: &Status| status.poll.as_ref().map(|poll| poll.options.iter().map(|option| option.title.clone()).collect::<Vec<_>>());
    one.content == other.content
        && one.spoiler_text == other.spoiler_text
        && one.media_attachments == other.media_attachments
        && one.card == other.card
        && words(one) == words(other)
        && one.tags == other.tags
        && one.mentions == other.mentions
        && (&one.account, &one.language, &one.visibility) == (&other.account, &other.language, &other.visibility)
        && (one.edited_at.is_some(), one.sensitive) == (other.edited_at.is_some(), other.sensitive)
        && one.in_reply_to_id == other.in_reply_to_id
        && one.quote.is_some() == other.quote.is_some()
        && one.reblog == other.reblog
}

fn related(status: &Status) -> [Option<StatusId>; 2] {
    [status.reblog.clone(), status.quote.as_ref().and_then(|quote| quote.status.clone())]
}

/// Of two copies of a status the one whose `edited_at` is strictly older (none is oldest) loses; equal ones: the last
/// received wins, since quotes change state without it. What the winner does not say is taken from the other.
fn merge(held: &Status, incoming: Status) -> Status {
    if incoming.edited_at < held.edited_at {
        return fill(held.clone(), &incoming);
    }
    // An anonymous copy of the same version knows less about the reader's filters than a personal one.
    let keeps_filters = incoming.edited_at == held.edited_at && held.is_personal() && !incoming.is_personal() && held.filtered.is_some();
    let mut merged = fill(incoming, held);
    if keeps_filters {
        merged.filtered.clone_from(&held.filtered);
    }
    merged
}

fn fill(mut winner: Status, loser: &Status) -> Status {
    let (mine, theirs) = (&mut winner.personal, &loser.personal);
    mine.favourited = mine.favourited.or(theirs.favourited);
    mine.reblogged = mine.reblogged.or(theirs.reblogged);
    mine.bookmarked = mine.bookmarked.or(theirs.bookmarked);
    mine.muted = mine.muted.or(theirs.muted);
    mine.pinned = mine.pinned.or(theirs.pinned);
    if winner.filtered.is_none() {
        winner.filtered.clone_from(&loser.filtered);
    }
    if let (Some(mine), Some(theirs)) = (&mut winner.poll, &loser.poll) {
        mine.voted = mine.voted.or(theirs.voted);
        if mine.own_votes.is_none() {
            mine.own_votes.clone_from(&theirs.own_votes);
        }
    }
    // Servers fetch a link's preview after the post is out, so a copy without it may only be the earlier one.
    if winner.card.is_none() && winner.content == loser.content {
        winner.card.clone_from(&loser.card);
    }
    winner
}

#[cfg(test)]
mod tests {
    use super::parcel::tests::Dice;
    use super::*;
    use crate::model::Quote;
    use proptest::prelude::*;

    fn id(number: u8) -> StatusId {
        StatusId::new(&format!("1170000000000000{number}")).unwrap()
    }

    fn bundle(status: Status) -> Bundle {
        Bundle { statuses: vec![status], ..Bundle::default() }
    }

    /// Something happens to one of a few statuses, some of which boost another.
    fn happen(store: &mut Store, (what, number, seed): (u8, u8, u64)) {
        let (mut status, number) = (Dice(seed).status(), number % 24);
        status.id = id(number);
        status.reblog = number.is_multiple_of(3).then(|| id(number + 1));
        let quoted = Quote { state: QuoteState::Accepted, status: Some(id(number + 2)) };
        status.quote = number.is_multiple_of(5).then(|| Box::new(quoted));
        match what % 8 {
            0..=3 => drop(store.put(bundle(status))),
            4 => drop(store.put_edit(bundle(status))),
            5 => store.hear(&id(number)),
            6 => drop(store.delete(&id(number))),
            _ => {
                let statuses = (0..24).filter(|kept| !(kept + number).is_multiple_of(4)).map(id).collect();
                store.sweep(Keep { statuses, ..Keep::default() });
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn folded_or_not_everything_reads_the_same(
            events in prop::collection::vec(any::<(u8, u8, u64)>(), 0..80),
            open in 0_usize..6,
        ) {
            let (mut folding, mut plain) = (Store { open: Open(Some(open)), ..Store::default() }, Store::default());
            plain.keep_open();
            for event in events {
                happen(&mut folding, event);
                happen(&mut plain, event);
                prop_assert!(folding.recent.len() <= open);
            }
            for number in 0..24 {
                prop_assert_eq!(folding.status(&id(number)), plain.status(&id(number)));
                prop_assert_eq!(folding.shown(&id(number)), plain.shown(&id(number)));
                prop_assert_eq!(folding.may_hide(&id(number)), plain.may_hide(&id(number)));
                prop_assert!(folding.showing(&id(number)).eq(plain.showing(&id(number))));
            }
            prop_assert_eq!(folding.take_changed(), plain.take_changed());
            prop_assert_eq!(folding.version(), plain.version());
        }
    }

    #[test]
    fn the_last_ones_are_open_and_what_was_looked_at_is_folded_with_the_next_sweep() {
        let mut store = Store { open: Open(Some(2)), ..Store::default() };
        let put = |store: &mut Store, number| store.put(bundle(Status { id: id(number), reblog: None, ..Dice(7).status() }));
        (10..15).for_each(|number| assert_eq!(put(&mut store, number), Put::New));
        let open =
            |store: &Store| (10..15).filter(|number| store.statuses.get(&id(*number)).unwrap().status.get().is_some()).collect::<Vec<_>>();
        assert_eq!(open(&store), [13, 14]);
        assert_eq!(store.status(&id(10)).unwrap().status().id, id(10));
        assert_eq!(open(&store), [10, 13, 14]);
        store.sweep(Keep { statuses: (10..15).map(id).collect(), ..Keep::default() });
        assert_eq!(open(&store), [13, 14]);
        assert!((10..15).all(|number| put(&mut store, number) == Put::Same));
        assert!((10..15).all(|number| !store.status(&id(number)).unwrap().is_filtered()));
        assert_eq!(open(&store), [13, 14], "what a page tells once more is not looked at by anybody");
    }
}
