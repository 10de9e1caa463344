//! `Cards`: laid-out rows, kept by row, revisions, width and openness.
//!
//! Only what is drawn is laid out; what several frames have not used is forgotten, and everything when the theme, the day
//! or the reader changes. Ages and the selection bar are drawn over a card and are not part of it.

use crate::command::Command;
use crate::media::{Gallery, Laid};
use crate::model::{AccountId, Announcement, Canvas, Connection, Sources, StatusId, Stream};
use crate::state::hashed::{Folding, IdMap, Keyed};
use crate::state::{Fill, Gap, Place, Row, RowKey, Shown, State};
use crate::ui::line::{Card, plain};
use crate::ui::status_bar::Hints;
use crate::ui::tab_bar::Bar;
use crate::ui::theme::Theme;
use crate::ui::{notification, row, status};
use ratatui::layout::Position;
use std::hash::{BuildHasher as _, Hash, Hasher as _};
use std::sync::Arc;

/// After how many frames without use a card is forgotten.
const FRAMES_KEPT: u64 = 8;

/// Laid-out rows.
#[derive(Debug, Default)]
pub struct Cards {
    held: IdMap<Key, Held>,
    announcements: Option<(Vec<Announcement>, u16, Arc<Card>)>,
    /// The tab bar of the last frame that had one.
    pub(crate) tab_bar: Option<Bar>,
    /// The status line's hints of the last frame that had some.
    pub(crate) hints: Option<Hints>,
    /// Pictures that are here.
    pub gallery: Gallery,
    /// Pictures that the terminal is to lay over the last frame.
    pub laid: Vec<Laid>,
    /// Where the terminal's cursor is to be after the last frame; nothing where nobody types.
    pub cursor: Option<Position>,
    frame: u64,
    /// What all cards were made for.
    made_for: Option<MadeFor>,
}

/// What is in cards beside their rows: how things look, today, who reads, and the key that fills a gap.
#[derive(Debug, Clone, PartialEq)]
struct MadeFor {
    theme: Theme,
    today: jiff::civil::Date,
    reader: Option<AccountId>,
    fills: Option<String>,
    /// What pictures are made for, how high they are in timelines, how high the screen is, and whether emoji are pictures and people
    /// have some.
    pictures: (Option<Canvas>, u16, u16, [bool; 2]),
}

#[derive(Debug)]
struct Held {
    stamp: u64,
    used: u64,
    card: Arc<Card>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    subject: Subject,
    sources: Option<Sources>,
    in_profile: bool,
    shape: Shape,
    width: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Subject {
    Row(RowKey),
    Post(StatusId),
    Words(String),
}

/// How much of a post is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Shape {
    /// In a timeline: long ones are cut, and the card has at most so many lines.
    Brief(u16),
    /// In a thread: all words, the rest brief.
    Reply,
    /// What a reply answers: a line or two of it.
    Glance,
    /// Everything.
    Whole,
}

/// What a card is laid out with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Setting<'a> {
    pub(crate) state: &'a State,
    pub(crate) theme: &'a Theme,
    /// What the tab shows in which it stands.
    pub(crate) sources: Option<&'a Sources>,
    /// Whether it stands in a profile instead.
    pub(crate) in_profile: bool,
    pub(crate) width: u16,
    pub(crate) shape: Shape,
}

impl<'a> Setting<'a> {
    /// Where it stands, as far as filters tell places apart.
    pub(crate) fn place(self) -> Option<Place<'a>> {
        if self.in_profile { Some(Place::Profile) } else { self.sources.map(Place::Tab) }
    }

    /// What is known of the gaps at the place of a gap row, each with its stream.
    pub(crate) fn gaps(self, row: &'a Gap) -> Vec<(Option<&'a Stream>, &'a Gap)> {
        let known = self.sources.map(|sources| self.state.gaps(sources, &row.after)).unwrap_or_default();
        if known.is_empty() { vec![(None, row)] } else { known.into_iter().map(|(stream, gap)| (Some(stream), gap)).collect() }
    }
}

impl Cards {
    /// An empty cache.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many cards are held.
    pub fn len(&self) -> usize {
        self.held.len()
    }

    /// Whether none is held.
    pub fn is_empty(&self) -> bool {
        self.held.is_empty()
    }

    /// A frame begins: cards of another theme, day, reader or key are forgotten.
    pub(crate) fn begin(&mut self, theme: &Theme, state: &State) {
        self.frame += 1;
        if theme.targets().are_many() {
            theme.targets().forget();
            self.made_for = None;
        }
        if theme.emojis().are_many() {
            theme.emojis().forget();
            self.made_for = None;
        }
        theme.emojis().show(state.shows_emoji());
        let today = theme.zone.to_datetime(state.now).date();
        let (reader, fills) = (state.me.as_ref().map(|me| &me.id), state.first_key(Command::Read));
        let canvas = state.canvas();
        if let Some(canvas) = canvas {
            self.gallery.hang_on(canvas);
        }
        let pictures = (canvas, state.settings.media_rows, state.size.1, [state.shows_emoji(), state.shows_avatars()]);
        let is_same = |made: &MadeFor| {
            made.pictures == pictures
                && made.theme == *theme
                && made.today == today
                && made.reader.as_ref() == reader
                && made.fills.as_deref() == fills
        };
        if !self.made_for.as_ref().is_some_and(is_same) {
            self.held.clear();
            self.announcements = None;
            self.tab_bar = None;
            self.hints = None;
            let (reader, fills) = (reader.cloned(), fills.map(str::to_owned));
            self.made_for = Some(MadeFor { theme: theme.clone(), today, reader, fills, pictures });
        }
    }

    /// A frame ends: what has not been used for several is forgotten.
    pub(crate) fn end(&mut self) {
        let frame = self.frame;
        self.held.retain(|_, held| held.used + FRAMES_KEPT >= frame);
    }

    /// The card of a timeline's row.
    pub(crate) fn row(&mut self, setting: Setting<'_>, row: &Row) -> Arc<Card> {
        let stamp = row_stamp(setting, row);
        self.card(Subject::Row(row.key()), setting, stamp, || row::card(setting, row))
    }

    /// The card of a post outside of a timeline.
    pub(crate) fn post(&mut self, setting: Setting<'_>, id: &StatusId) -> Arc<Card> {
        let mut hasher = Keyed::default().build_hasher();
        stamp_status(setting, id, &mut hasher);
        self.card(Subject::Post(id.clone()), setting, hasher.finish(), || status::card(setting, id))
    }

    /// Words of the program's own, in the background.
    pub(crate) fn words(&mut self, setting: Setting<'_>, words: &str) -> Arc<Card> {
        self.card(Subject::Words(words.to_owned()), setting, 0, || {
            let mut card = Card::default();
            card.extend(plain(words, setting.width, setting.theme.dim()));
            card
        })
    }

    /// The announcements as one card.
    pub(crate) fn announcements(&mut self, all: &[Announcement], width: u16, make: impl FnOnce(&[Announcement]) -> Card) -> Arc<Card> {
        if let Some((held, of, card)) = self.announcements.as_ref()
            && (*of, held.as_slice()) == (width, all)
        {
            return Arc::clone(card);
        }
        let card = Arc::new(make(all));
        self.announcements = Some((all.to_vec(), width, Arc::clone(&card)));
        card
    }

    fn card(&mut self, subject: Subject, setting: Setting<'_>, stamp: u64, make: impl FnOnce() -> Card) -> Arc<Card> {
        let key =
            Key { subject, sources: setting.sources.cloned(), in_profile: setting.in_profile, shape: setting.shape, width: setting.width };
        if let Some(held) = self.held.get_mut(&key).filter(|held| held.stamp == stamp) {
            held.used = self.frame;
            return Arc::clone(&held.card);
        }
        let card = Arc::new(make());
        self.held.insert(key, Held { stamp, used: self.frame, card: Arc::clone(&card) });
        card
    }
}

/// A number that changes when the row must be laid out again.
fn row_stamp(setting: Setting<'_>, row: &Row) -> u64 {
    let store = &setting.state.store;
    let mut hasher = Keyed::default().build_hasher();
    std::mem::discriminant(row).hash(&mut hasher);
    if let Some(tab) = setting.sources.and_then(|sources| setting.state.tabs.named(sources)) {
        let key = row.key();
        if tab.folds.group(&key).is_some() {
            let told = setting.state.told(tab, &key, status::NAMED + 1);
            told.count.hash(&mut hasher);
            told.first.iter().for_each(|id| (id, store.account_revision(id)).hash(&mut hasher));
        }
    }
    match row {
        Row::Status(id) => stamp_status(setting, id, &mut hasher),
        Row::Notification(id) => {
            if let Some(held) = store.notification(id) {
                std::mem::discriminant(&held.kind).hash(&mut hasher);
                let people = notification::people(held);
                people.for_each(|account| store.account_revision(account).hash(&mut hasher));
                if let Some(status) = &held.status {
                    stamp_status(setting, status, &mut hasher);
                }
            }
        }
        Row::Conversation(id, last) => {
            last.hash(&mut hasher);
            if let Some(held) = store.conversation(id) {
                held.unread.hash(&mut hasher);
                held.accounts.iter().for_each(|account| (account, store.account_revision(account)).hash(&mut hasher));
                if let Some(status) = &held.last_status {
                    stamp_status(setting, status, &mut hasher);
                }
            }
        }
        Row::Tombstone(id) => {
            let author = store.deleted_author(id).map(|account| &account.id);
            (author, author.map(|id| store.account_revision(id))).hash(&mut hasher);
        }
        Row::Gap(gap) => {
            (setting.state.line.state == Connection::Live).hash(&mut hasher);
            for (stream, gap) in setting.gaps(gap) {
                (stream, gap.since, gap.until, gap.lost, gap.fill, &gap.stopped).hash(&mut hasher);
                std::mem::discriminant(&gap.cause).hash(&mut hasher);
                let walk = stream.and_then(|stream| setting.state.timelines.get(stream)?.refill.as_ref());
                walk.filter(|_| gap.fill == Fill::Filling).map(|walk| (walk.pages, walk.retry_at)).hash(&mut hasher);
            }
        }
    }
    hasher.finish()
}

fn stamp_status(setting: Setting<'_>, id: &StatusId, hasher: &mut Folding) {
    let store = &setting.state.store;
    let outer = store.status(id);
    let inner = store.shown(id);
    let quoted = inner.and_then(|entry| store.status(entry.status().quote.as_ref()?.status.as_ref()?));
    for entry in [outer, inner, quoted] {
        let Some(entry) = entry else {
            store.is_deleted(id).hash(hasher);
            continue;
        };
        let status = entry.status();
        (&status.id, entry.revision(), store.account_revision(&status.account)).hash(hasher);
        status.in_reply_to_account_id.as_ref().map(|account| store.account_revision(account)).hash(hasher);
        setting.state.unfolded.contains(&status.id).hash(hasher);
    }
    if let Some(sources) = setting.sources.filter(|sources| sources.is_merged()) {
        let key = RowKey::Status(id.clone());
        setting.state.carriers(sources, &key).for_each(|stream| stream.hash(hasher));
    }
    if let Some(place) = setting.place() {
        let shown = setting.state.shown(place, id);
        std::mem::discriminant(&shown).hash(hasher);
        setting.state.blurs_media(place, id).hash(hasher);
        match shown {
            Shown::Filtered(title) => title.hash(hasher),
            Shown::Open | Shown::Warned | Shown::Hidden => {}
        }
    }
}
