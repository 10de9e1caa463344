//! The world of the demo: who there is, what they wrote, and what follows from each act for timelines and streams.
//!
//! It is the one owner of all data. Deliberately absent: the clock (the time comes with each act), sockets and HTTP.

use super::assets::Player;
use super::draft::{Card, Counts, Draft, Media, Visibility};
use super::html::{self, Mentioned};
use super::json::{self, View};
use super::script::Random;
use super::streams::{Channel, Reach, fold_tag};
use jiff::{SignedDuration, Timestamp};
use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::ops::Bound;

/// The server's name.
pub(super) const DOMAIN: &str = "trunk.example";

/// An id; ordered by length, then bytes, as growing numbers are.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Id(String);

impl Id {
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<u64> for Id {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

impl Ord for Id {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Id {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "the documented entity has them")]
pub(super) struct Person {
    pub(super) id: String,
    pub(super) username: String,
    pub(super) domain: Option<String>,
    pub(super) display_name: String,
    /// HTML.
    pub(super) note: String,
    /// Name, HTML, and whether the server has verified it.
    pub(super) fields: Vec<(String, String, bool)>,
    pub(super) language: Option<String>,
    pub(super) bot: bool,
    pub(super) locked: bool,
    /// Whether the reader follows them.
    pub(super) followed: bool,
    /// The ids of the lists that they are in.
    pub(super) lists: Vec<String>,
    /// Whether the reader has muted them.
    pub(super) muted: bool,
    pub(super) created_at: String,
    pub(super) followers: u64,
    pub(super) following: u64,
    pub(super) statuses: u64,
    pub(super) last_status: Option<Timestamp>,
}

impl Person {
    pub(super) fn host(&self) -> &str {
        self.domain.as_deref().unwrap_or(DOMAIN)
    }

    pub(super) fn acct(&self) -> String {
        match &self.domain {
            Some(domain) => format!("{}@{domain}", self.username),
            None => self.username.clone(),
        }
    }

    pub(super) fn url(&self) -> String {
        format!("https://{}/@{}", self.host(), self.username)
    }
}

#[derive(Debug)]
pub(super) struct List {
    pub(super) id: String,
    pub(super) title: String,
}

#[derive(Debug)]
pub(super) struct Status {
    pub(super) id: Id,
    pub(super) author: usize,
    pub(super) created_at: Timestamp,
    pub(super) edited_at: Option<Timestamp>,
    pub(super) html: String,
    pub(super) spoiler_text: String,
    pub(super) sensitive: bool,
    pub(super) visibility: Visibility,
    pub(super) language: Option<String>,
    pub(super) mentions: Vec<usize>,
    pub(super) tags: Vec<String>,
    /// The tags folded, for comparing.
    folded: Vec<String>,
    pub(super) media: Vec<Media>,
    pub(super) poll: Option<Poll>,
    pub(super) card: Option<Card>,
    pub(super) quote: Option<Id>,
    is_reply: bool,
    pub(super) reply_to: Option<Id>,
    pub(super) reply_to_person: Option<usize>,
    pub(super) boost: Option<Id>,
    pub(super) counts: Counts,
    pub(super) quotes: u64,
    pub(super) history: Vec<Version>,
    conversation: Option<u64>,
}

/// What an edit replaced.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) html: String,
    pub(super) spoiler_text: String,
    pub(super) at: Timestamp,
}

#[derive(Debug)]
pub(super) struct Poll {
    pub(super) id: u64,
    pub(super) options: Vec<String>,
    pub(super) votes: Vec<u64>,
    pub(super) multiple: bool,
    pub(super) expires_at: Timestamp,
}

#[derive(Debug)]
pub(super) struct Notification {
    pub(super) id: u64,
    pub(super) kind: String,
    pub(super) created_at: Timestamp,
    pub(super) person: usize,
    pub(super) status: Option<Id>,
}

#[derive(Debug)]
pub(super) struct Conversation {
    pub(super) id: u64,
    /// Everyone but the reader.
    pub(super) people: Vec<usize>,
    statuses: Vec<Id>,
    pub(super) unread: bool,
}

impl Conversation {
    pub(super) fn last(&self) -> Option<&Id> {
        self.statuses.iter().max()
    }
}

#[derive(Debug)]
pub(super) struct Announcement {
    pub(super) id: u64,
    pub(super) html: String,
    pub(super) tags: Vec<String>,
    pub(super) published_at: Timestamp,
    pub(super) reactions: Vec<(String, u64)>,
}

/// Something published: an event, its payload, and the channels that carry it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct News {
    pub(super) event: String,
    pub(super) payload: String,
    pub(super) to: Vec<Channel>,
    /// Whether the post shown is by someone local; `None` where none is shown, which no feed setting withholds.
    pub(super) local: Option<bool>,
}

impl News {
    fn new(event: &str, payload: String, to: Vec<Channel>) -> Self {
        Self { event: event.to_owned(), payload, to, local: None }
    }
}

/// Where a page begins and ends: the documented `max_id`, `since_id`, `min_id` and `limit`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Paging {
    pub(super) max_id: Option<Id>,
    pub(super) since_id: Option<Id>,
    pub(super) min_id: Option<Id>,
    pub(super) limit: usize,
}

impl Paging {
    /// One page of what `source` has in its order: newest first, whatever was asked.
    pub(super) fn page<'a, V>(&self, source: &'a BTreeMap<Id, V>, shown: impl Fn(&V) -> bool) -> Vec<&'a V> {
        let floor = self.min_id.as_ref().or(self.since_id.as_ref());
        if let (Some(floor), Some(ceiling)) = (floor, &self.max_id)
            && floor >= ceiling
        {
            return Vec::new();
        }
        let range =
            source.range((floor.map_or(Bound::Unbounded, Bound::Excluded), self.max_id.as_ref().map_or(Bound::Unbounded, Bound::Excluded)));
        let shown = range.map(|(_, value)| value).filter(|value| shown(value));
        if self.min_id.is_some() {
            let mut page: Vec<&V> = shown.take(self.limit).collect();
            page.reverse();
            page
        } else {
            shown.rev().take(self.limit).collect()
        }
    }
}

#[derive(Debug)]
pub(super) struct World {
    /// Where files of posts are.
    pub(super) files: String,
    pub(super) people: Vec<Person>,
    by_key: HashMap<String, usize>,
    pub(super) lists: Vec<List>,
    pub(super) followed_tags: Vec<&'static str>,
    pub(super) statuses: BTreeMap<Id, Status>,
    /// The story's names for its posts.
    keys: HashMap<String, Id>,
    replies_of: HashMap<Id, Vec<Id>>,
    boosts_of: HashMap<Id, Vec<Id>>,
    pub(super) notifications: BTreeMap<Id, Notification>,
    pub(super) conversations: BTreeMap<u64, Conversation>,
    pub(super) announcements: Vec<Announcement>,
    last_status_number: u64,
    last_number: u64,
}

impl World {
    /// The reader's place among the people.
    pub(super) const ME: usize = 0;

    pub(super) fn new(cast: &[Player]) -> Self {
        let mut world = Self {
            files: String::new(),
            people: Vec::new(),
            by_key: HashMap::new(),
            lists: Vec::new(),
            followed_tags: vec!["trams", "photography"],
            statuses: BTreeMap::new(),
            keys: HashMap::new(),
            replies_of: HashMap::new(),
            boosts_of: HashMap::new(),
            notifications: BTreeMap::new(),
            conversations: BTreeMap::new(),
            announcements: Vec::new(),
            last_status_number: 0,
            last_number: 4_100_000,
        };
        let (reader, others): (Vec<&Player>, Vec<&Player>) = cast.iter().partition(|player| player.key == "me");
        for player in reader.into_iter().chain(others) {
            let person = world.welcome(&player.key, &player.username, player.domain.clone(), player.followed);
            let lists = player.lists.iter().map(|title| world.list(title)).collect();
            let value = |text: &str| world.render(person, text).html.trim_start_matches("<p>").trim_end_matches("</p>").to_owned();
            let fields = player.fields.iter().map(|field| (field.name.clone(), value(&field.value), field.verified)).collect();
            let Some(person) = world.people.get_mut(person) else { continue };
            person.display_name.clone_from(&player.display_name);
            person.note = format!("<p>{}</p>", html::escape(&player.note));
            person.language.clone_from(&player.language);
            person.bot = player.bot;
            person.locked = player.locked;
            person.lists = lists;
            person.fields = fields;
        }
        world
    }

    /// Everybody.
    pub(super) fn people(&self) -> &[Person] {
        &self.people
    }

    pub(super) fn person(&self, place: usize) -> &Person {
        #[expect(clippy::indexing_slicing, reason = "places come from this world alone, and nobody ever leaves it")]
        &self.people[place]
    }

    /// Finds someone by the cast's key, or by name and domain.
    pub(super) fn find(&self, name: &str, domain: Option<&str>) -> Option<usize> {
        let domain = domain.filter(|domain| *domain != DOMAIN);
        if domain.is_none()
            && let Some(place) = self.by_key.get(name)
        {
            return Some(*place);
        }
        self.people.iter().position(|person| person.username == name && person.domain.as_deref() == domain)
    }

    /// Finds someone by key, `name` or `name@domain`, and invents them if need be.
    pub(super) fn find_or_invent(&mut self, who: &str) -> usize {
        let (name, domain) = match who.split_once('@') {
            Some((name, domain)) => (name, Some(domain)),
            None => (who, None),
        };
        match self.find(name, domain) {
            Some(place) => place,
            None => self.welcome(who, name, domain.filter(|domain| *domain != DOMAIN).map(str::to_owned), false),
        }
    }

    /// Finds someone by id.
    pub(super) fn person_of(&self, id: &str) -> Option<usize> {
        self.people.iter().position(|person| person.id == id)
    }

    /// Whether a post stands on somebody's profile, where the reader sees it.
    pub(super) fn is_on_profile(&self, status: &Status, person: usize) -> bool {
        status.author == person && status.visibility != Visibility::Direct && self.can_see(status)
    }

    /// Whether someone has followed the reader.
    pub(super) fn follows_me(&self, person: usize) -> bool {
        self.notifications.values().any(|notification| notification.person == person && notification.kind == "follow")
    }

    /// Whether someone waits for the reader's leave to follow them.
    pub(super) fn asks_to_follow(&self, person: usize) -> bool {
        self.notifications.values().any(|notification| notification.person == person && notification.kind == "follow_request")
    }

    /// Says whether the reader follows someone, and which lists they are in, by title.
    pub(super) fn befriend(&mut self, who: &str, followed: bool, lists: &[&str]) {
        let place = self.find_or_invent(who);
        let lists = lists.iter().map(|title| self.list(title)).collect();
        if let Some(person) = self.people.get_mut(place) {
            person.followed = followed;
            person.lists = lists;
        }
    }

    fn welcome(&mut self, key: &str, username: &str, domain: Option<String>, followed: bool) -> usize {
        let place = self.people.len();
        let number = u64::try_from(place).unwrap_or(u64::MAX / 2);
        let id = if domain.is_none() { number + 1 } else { 109_300_000_000_000_000 + number * 7_919_000_111 };
        let mut random = Random::new(number ^ 0x7472_756e);
        self.people.push(Person {
            id: id.to_string(),
            username: username.to_owned(),
            domain,
            display_name: username.to_owned(),
            note: String::new(),
            fields: Vec::new(),
            language: Some("en".to_owned()),
            bot: false,
            locked: false,
            followed,
            lists: Vec::new(),
            muted: false,
            created_at: format!("{}-{:02}-{:02}T00:00:00.000Z", 2017 + random.below(9), 1 + random.below(12), 1 + random.below(28)),
            followers: 20 + random.below(2_400),
            following: 15 + random.below(600),
            statuses: 100 + random.below(20_000),
            last_status: None,
        });
        self.by_key.insert(key.to_owned(), place);
        place
    }

    fn list(&mut self, title: &str) -> String {
        if let Some(list) = self.lists.iter().find(|list| list.title == title) {
            return list.id.clone();
        }
        // The first is 12: the numbers of a server's lists are small, but nobody owns all of them.
        let id = (12 + 2 * self.lists.len()).to_string();
        self.lists.push(List { id: id.clone(), title: title.to_owned() });
        id
    }

    pub(super) fn owns_list(&self, id: &str) -> bool {
        self.lists.iter().any(|list| list.id == id)
    }

    /// The post that an id or a key of the story means, if it is (still) there.
    pub(super) fn resolve(&self, reference: &str) -> Option<&Status> {
        let id = self.keys.get(reference).cloned().unwrap_or_else(|| Id::new(reference));
        self.statuses.get(&id)
    }

    fn resolve_mut(&mut self, reference: &str) -> Option<&mut Status> {
        let id = self.keys.get(reference).cloned().unwrap_or_else(|| Id::new(reference));
        self.statuses.get_mut(&id)
    }

    /// Adds a post; `None` for a boost of something that is not there.
    pub(super) fn add(&mut self, now: Timestamp, draft: &Draft) -> Option<(Id, Vec<News>)> {
        let author = self.find_or_invent(&draft.author);
        let boosted = match &draft.boost {
            Some(reference) => Some(self.resolve(reference)?.id.clone()),
            None => None,
        };
        let created_at = draft.created_at.unwrap_or(now);
        let id = draft.id.as_deref().map_or_else(|| self.next_status_id(created_at, draft.created_at.is_none()), Id::new);
        let status = match boosted {
            Some(boosted) => self.boost(id.clone(), author, created_at, boosted),
            None => self.write(id.clone(), author, created_at, draft),
        };
        if let Some(key) = &draft.key {
            self.keys.insert(key.clone(), id.clone());
        }
        self.count(&status, true);
        if let Some(person) = self.people.get_mut(author) {
            person.statuses += 1;
            person.last_status = person.last_status.max(Some(created_at));
        }
        self.statuses.insert(id.clone(), status);
        let mut news = self.announce(&id, "update", now);
        news.extend(self.consequences(&id, created_at, now));
        if draft.unannounced {
            news.clear();
        }
        Some((id, news))
    }

    fn write(&mut self, id: Id, author: usize, created_at: Timestamp, draft: &Draft) -> Status {
        let mut rendered = self.render(author, &draft.text);
        for who in &draft.to {
            let person = self.find_or_invent(who);
            if !rendered.mentions.contains(&person) {
                rendered.mentions.push(person);
            }
        }
        let parent = draft.reply_to.as_deref().and_then(|reference| self.resolve(reference));
        let (reply_to, reply_to_person) = match (&draft.reply_to, parent) {
            (None, _) => (None, None),
            (Some(_), Some(parent)) => (Some(parent.id.clone()), Some(parent.author)),
            // A server may well not have what was answered; then only the id is known.
            (Some(reference), None) => (Some(Id::new(reference)), None),
        };
        let poll = draft.poll.as_ref().map(|poll| Poll {
            id: self.next_number(),
            options: poll.options.clone(),
            votes: poll.votes.clone(),
            multiple: poll.multiple,
            expires_at: created_at + SignedDuration::from_mins(i64::from(poll.minutes)),
        });
        Status {
            folded: rendered.tags.iter().map(|tag| fold_tag(tag)).collect(),
            id,
            author,
            created_at,
            edited_at: None,
            html: rendered.html,
            spoiler_text: draft.spoiler_text.clone(),
            sensitive: draft.sensitive,
            visibility: draft.visibility,
            language: draft.language.clone().or_else(|| self.person(author).language.clone()),
            mentions: rendered.mentions,
            tags: rendered.tags,
            media: draft.media.clone(),
            poll,
            card: draft.card.clone(),
            quote: draft
                .quote
                .as_deref()
                .map(|reference| self.resolve(reference).map_or_else(|| Id::new(reference), |quoted| quoted.id.clone())),
            is_reply: reply_to.is_some(),
            reply_to,
            reply_to_person,
            boost: None,
            // Replies are counted as they come.
            counts: Counts { replies: 0, ..draft.counts },
            quotes: 0,
            history: Vec::new(),
            conversation: None,
        }
    }

    fn boost(&self, id: Id, author: usize, created_at: Timestamp, boosted: Id) -> Status {
        let visibility = self.statuses.get(&boosted).map_or(Visibility::Public, |boosted| boosted.visibility);
        Status {
            id,
            author,
            created_at,
            edited_at: None,
            html: String::new(),
            spoiler_text: String::new(),
            sensitive: false,
            visibility,
            language: None,
            mentions: Vec::new(),
            tags: Vec::new(),
            folded: Vec::new(),
            media: Vec::new(),
            poll: None,
            card: None,
            quote: None,
            is_reply: false,
            reply_to: None,
            reply_to_person: None,
            boost: Some(boosted),
            counts: Counts::default(),
            quotes: 0,
            history: Vec::new(),
            conversation: None,
        }
    }

    fn render(&self, author: usize, text: &str) -> html::Rendered {
        html::render(text, self.person(author).host(), &|name, domain| {
            let place = self.find(name, domain)?;
            let person = self.person(place);
            Some(Mentioned { person: place, username: person.username.clone(), url: person.url() })
        })
    }

    /// Keeps the counts and the indexes of what a post refers to.
    fn count(&mut self, status: &Status, added: bool) {
        let step = |count: &mut u64| *count = if added { *count + 1 } else { count.saturating_sub(1) };
        let index = |index: &mut HashMap<Id, Vec<Id>>, of: &Id| {
            let ids = index.entry(of.clone()).or_default();
            ids.retain(|id| *id != status.id);
            if added {
                ids.push(status.id.clone());
            } else if ids.is_empty() {
                index.remove(of);
            }
        };
        if let Some(parent) = &status.reply_to {
            index(&mut self.replies_of, parent);
            if let Some(parent) = self.statuses.get_mut(parent) {
                step(&mut parent.counts.replies);
            }
        }
        if let Some(boosted) = &status.boost {
            index(&mut self.boosts_of, boosted);
            if let Some(boosted) = self.statuses.get_mut(boosted) {
                step(&mut boosted.counts.reblogs);
            }
        }
        if let Some(quoted) = status.quote.as_ref().and_then(|quoted| self.statuses.get_mut(quoted)) {
            step(&mut quoted.quotes);
        }
    }

    /// Sets what a post has been counted to in all, the boosts that are here included. Replies are those that are here:
    /// a count of others would promise a thread that nobody can open.
    pub(super) fn settle(&mut self, id: &Id, counts: Counts) {
        let here = |index: &HashMap<Id, Vec<Id>>| index.get(id).map_or(0, |ids| u64::try_from(ids.len()).unwrap_or_default());
        let (replies, reblogs) = (here(&self.replies_of), here(&self.boosts_of));
        if let Some(status) = self.statuses.get_mut(id) {
            status.counts = Counts { replies, reblogs: counts.reblogs.max(reblogs), ..counts };
        }
    }

    /// The notification and the conversation that a new post gives the reader.
    fn consequences(&mut self, id: &Id, created_at: Timestamp, now: Timestamp) -> Vec<News> {
        let Some(status) = self.statuses.get(id) else { return Vec::new() };
        let author = status.author;
        let boosts_mine = status.boost.as_ref().and_then(|boosted| self.statuses.get(boosted)).filter(|boosted| boosted.author == Self::ME);
        let boosted = boosts_mine.map(|boosted| boosted.id.clone());
        let mentions_me = status.mentions.contains(&Self::ME);
        let is_conversation = status.visibility == Visibility::Direct && (mentions_me || author == Self::ME);
        let mut news = Vec::new();
        if author != Self::ME {
            if let Some(boosted) = boosted {
                news.push(self.notify(created_at, now, "reblog", author, Some(boosted)));
            }
            if mentions_me {
                news.push(self.notify(created_at, now, "mention", author, Some(id.clone())));
            }
        }
        if is_conversation {
            news.extend(self.converse(id, now));
        }
        news
    }

    fn converse(&mut self, id: &Id, now: Timestamp) -> Option<News> {
        let status = self.statuses.get(id)?;
        let known = status.reply_to.as_ref().and_then(|parent| self.statuses.get(parent)).and_then(|parent| parent.conversation);
        let from_me = status.author == Self::ME;
        let mut people: Vec<usize> =
            std::iter::once(status.author).chain(status.mentions.iter().copied()).filter(|person| *person != Self::ME).collect();
        let number = known.unwrap_or_else(|| self.next_number());
        let conversation = self.conversations.entry(number).or_insert_with(|| Conversation {
            id: number,
            people: Vec::new(),
            statuses: Vec::new(),
            unread: false,
        });
        people.retain(|person| !conversation.people.contains(person));
        conversation.people.append(&mut people);
        conversation.statuses.push(id.clone());
        conversation.unread = !from_me;
        if let Some(status) = self.statuses.get_mut(id) {
            status.conversation = Some(number);
        }
        self.conversation_news(number, now)
    }

    fn conversation_news(&self, number: u64, now: Timestamp) -> Option<News> {
        let conversation = self.conversations.get(&number)?;
        Some(News::new("conversation", json::text(&json::conversation(self, conversation, now)), vec![Channel::Direct]))
    }

    /// Changes a post's text; nothing if it is not there.
    pub(super) fn edit(&mut self, now: Timestamp, reference: &str, text: &str, spoiler_text: Option<&str>) -> Vec<News> {
        let Some(status) = self.resolve(reference) else { return Vec::new() };
        let (id, author) = (status.id.clone(), status.author);
        let rendered = self.render(author, text);
        let Some(status) = self.statuses.get_mut(&id) else { return Vec::new() };
        let old = std::mem::replace(&mut status.html, rendered.html);
        let old_spoiler = status.spoiler_text.clone();
        status.history.push(Version { html: old, spoiler_text: old_spoiler, at: status.edited_at.unwrap_or(status.created_at) });
        if let Some(spoiler_text) = spoiler_text {
            spoiler_text.clone_into(&mut status.spoiler_text);
        }
        // Clients tell versions apart by this time, of which they are told milliseconds: no two edits of one post have the same.
        let next = status.edited_at.map(|before| before + SignedDuration::from_millis(1));
        status.edited_at = Some(next.map_or(now, |next| next.max(now)));
        status.folded = rendered.tags.iter().map(|tag| fold_tag(tag)).collect();
        status.tags = rendered.tags;
        for person in rendered.mentions {
            if !status.mentions.contains(&person) {
                status.mentions.push(person);
            }
        }
        let mentions_me = author != Self::ME && status.mentions.contains(&Self::ME);
        let mut news = self.announce(&id, "status.update", now);
        // Whoever is mentioned gets it on the notifications channel as well: transcript `ws-edit-of-mention-arrives-twice`.
        if mentions_me && let Some(status) = self.statuses.get(&id) {
            news.push(News::new(
                "status.update",
                json::text(&json::status(self, status, View::Personal, now)),
                vec![Channel::Notifications],
            ));
        }
        news
    }

    /// Deletes a post and its boosts; nothing if it is not there.
    pub(super) fn delete(&mut self, now: Timestamp, reference: &str) -> Vec<News> {
        let Some(status) = self.resolve(reference) else { return Vec::new() };
        let id = status.id.clone();
        let mut news = Vec::new();
        for boost in self.boosts_of.get(&id).cloned().unwrap_or_default() {
            news.extend(self.remove(&boost));
        }
        let conversation = self.statuses.get(&id).and_then(|status| status.conversation);
        news.extend(self.remove(&id));
        if let Some(number) = conversation {
            news.extend(self.conversation_news(number, now));
        }
        news
    }

    fn remove(&mut self, id: &Id) -> Option<News> {
        let (mut to, public) = self.channels(self.statuses.get(id)?);
        to.extend(public);
        self.forget(id);
        Some(News::new("delete", id.to_string(), to))
    }

    /// Drops a post and all that hangs on it, saying nothing.
    fn forget(&mut self, id: &Id) {
        let Some(status) = self.statuses.remove(id) else { return };
        self.count(&status, false);
        for reply in self.replies_of.remove(id).unwrap_or_default() {
            if let Some(reply) = self.statuses.get_mut(&reply) {
                reply.reply_to = None;
            }
        }
        self.boosts_of.remove(id);
        self.notifications.retain(|_, notification| notification.status.as_ref() != Some(id));
        if let Some(conversation) = status.conversation.and_then(|number| self.conversations.get_mut(&number)) {
            conversation.statuses.retain(|other| other != id);
        }
        if let Some(person) = self.people.get_mut(status.author) {
            person.statuses = person.statuses.saturating_sub(1);
        }
    }

    /// Forgets the oldest posts and notifications beyond a number, so that a server left running does not grow for ever;
    /// some at a time, not one by one.
    pub(super) fn prune(&mut self, posts: usize) {
        if self.statuses.len() <= posts + posts / 16 {
            return;
        }
        while self.statuses.len() > posts {
            let Some(oldest) = self.statuses.keys().next().cloned() else { return };
            for boost in self.boosts_of.get(&oldest).cloned().unwrap_or_default() {
                self.forget(&boost);
            }
            self.forget(&oldest);
        }
        self.keys.retain(|_, id| self.statuses.contains_key(id));
        while self.notifications.len() > posts {
            self.notifications.pop_first();
        }
    }

    /// Adds votes to a poll; like a real server, says nothing.
    pub(super) fn vote(&mut self, reference: &str, option: usize, votes: u64) {
        if let Some(count) = self.resolve_mut(reference).and_then(|status| status.poll.as_mut()).and_then(|poll| poll.votes.get_mut(option))
        {
            *count += votes;
        }
    }

    /// Favourites a post; the reader is told if it is theirs.
    pub(super) fn favourite(&mut self, now: Timestamp, reference: &str, who: &str) -> Vec<News> {
        let person = self.find_or_invent(who);
        let Some(status) = self.resolve_mut(reference) else { return Vec::new() };
        status.counts.favourites += 1;
        let (id, author) = (status.id.clone(), status.author);
        if author == Self::ME { vec![self.notify(now, now, "favourite", person, Some(id))] } else { Vec::new() }
    }

    /// Someone follows the reader, or asks to.
    pub(super) fn follow(&mut self, now: Timestamp, kind: &str, who: &str) -> News {
        let person = self.find_or_invent(who);
        if kind == "follow"
            && let Some(me) = self.people.get_mut(Self::ME)
        {
            me.followers += 1;
        }
        self.notify(now, now, kind, person, None)
    }

    /// A notification of any type.
    pub(super) fn notify(&mut self, created_at: Timestamp, now: Timestamp, kind: &str, person: usize, status: Option<Id>) -> News {
        let id = self.next_number();
        let notification = Notification { id, kind: kind.to_owned(), created_at, person, status };
        let payload = json::text(&json::notification(self, &notification, now));
        self.notifications.insert(Id::from(id), notification);
        News::new("notification", payload, vec![Channel::Notifications])
    }

    pub(super) fn announcement(&mut self, now: Timestamp, text: &str) -> News {
        let rendered = self.render(Self::ME, text);
        let id = u64::try_from(self.announcements.len()).unwrap_or_default() + 9;
        let id = self.announcements.iter().map(|known| known.id + 1).fold(id, u64::max);
        let announcement = Announcement { id, html: rendered.html, tags: rendered.tags, published_at: now, reactions: Vec::new() };
        let payload = json::announcement(&announcement, View::Anonymous).to_string();
        self.announcements.push(announcement);
        News::new("announcement", payload, vec![Channel::Home])
    }

    /// A reaction's new total on the latest announcement; 0 takes it away.
    pub(super) fn announcement_reaction(&mut self, name: &str, count: u64) -> Option<News> {
        let announcement = self.announcements.last_mut()?;
        announcement.reactions.retain(|(known, _)| known != name);
        if count > 0 {
            announcement.reactions.push((name.to_owned(), count));
        }
        let payload = serde_json::json!({ "name": name, "count": count, "announcement_id": announcement.id.to_string() });
        Some(News::new("announcement.reaction", payload.to_string(), vec![Channel::Home]))
    }

    /// Takes the latest announcement away.
    pub(super) fn announcement_delete(&mut self) -> Option<News> {
        let announcement = self.announcements.pop()?;
        Some(News::new("announcement.delete", announcement.id.to_string(), vec![Channel::Home]))
    }

    /// Lets the counts of recent posts grow a little, which no stream tells; not the reader's, who would be notified.
    pub(super) fn drift(&mut self, random: &mut Random) {
        for status in self.statuses.values_mut().rev().take(60) {
            let counted = status.author != Self::ME && status.boost.is_none() && status.visibility != Visibility::Direct;
            if counted && random.below(20) == 0 {
                status.counts.favourites += 1 + random.below(3);
                status.counts.reblogs += u64::from(random.below(3) == 0);
            }
        }
    }

    /// The channels with the reader's view of a post, and those with everyone's.
    fn channels(&self, status: &Status) -> (Vec<Channel>, Vec<Channel>) {
        let mut personal = Vec::new();
        if self.is_home(status) {
            personal.push(Channel::Home);
        }
        personal.extend(self.lists.iter().filter(|list| self.is_listed(status, &list.id)).map(|list| Channel::List(list.id.clone())));
        let mut public = Vec::new();
        let local = self.person(status.author).domain.is_none();
        for reach in [Reach::All, if local { Reach::Local } else { Reach::Remote }] {
            for media in [false, true] {
                if self.is_public(status, reach, media) {
                    public.push(Channel::Public { reach, media });
                }
            }
        }
        if status.visibility == Visibility::Public && status.boost.is_none() {
            for tag in &status.folded {
                public.push(Channel::Hashtag { tag: tag.clone(), local: false });
                if local {
                    public.push(Channel::Hashtag { tag: tag.clone(), local: true });
                }
            }
        }
        (personal, public)
    }

    fn announce(&self, id: &Id, event: &str, now: Timestamp) -> Vec<News> {
        let Some(status) = self.statuses.get(id) else { return Vec::new() };
        let (personal, mut public) = self.channels(status);
        let local = self.person(status.author).domain.is_none();
        // Deletes are not withheld so; what they are about is not known any more.
        if self.is_muted(status) {
            public.clear();
        }
        [(View::Personal, personal), (View::Anonymous, public)]
            .into_iter()
            .filter(|(_, to)| !to.is_empty())
            .map(|(view, to)| News { local: Some(local), ..News::new(event, json::text(&json::status(self, status, view, now)), to) })
            .collect()
    }

    /// Whether a post belongs in the reader's home: as Mastodon's `FeedManager` and fan-out decide.
    pub(super) fn is_home(&self, status: &Status) -> bool {
        if status.author == Self::ME {
            return true;
        }
        if self.is_muted(status) {
            return false;
        }
        let author = self.person(status.author);
        if status.visibility == Visibility::Direct {
            return author.followed && status.mentions.contains(&Self::ME);
        }
        if author.followed {
            let parent = status.reply_to_person;
            return !status.is_reply
                || parent.is_some_and(|parent| parent == Self::ME || parent == status.author || self.person(parent).followed);
        }
        status.visibility == Visibility::Public
            && status.boost.is_none()
            && status.folded.iter().any(|tag| self.followed_tags.iter().any(|followed| followed == tag))
    }

    /// Whether a post belongs in a list; replies only to its members, as the default policy says.
    pub(super) fn is_listed(&self, status: &Status, list: &str) -> bool {
        let has = |person: usize| self.person(person).lists.iter().any(|id| id == list);
        has(status.author)
            && !self.is_muted(status)
            && status.visibility != Visibility::Direct
            && (!status.is_reply
                || status.reply_to_person.is_some_and(|parent| parent == Self::ME || parent == status.author || has(parent)))
    }

    /// Whether a post belongs on a public timeline: no boosts, no replies to others.
    pub(super) fn is_public(&self, status: &Status, reach: Reach, media: bool) -> bool {
        let local = self.person(status.author).domain.is_none();
        status.visibility == Visibility::Public
            && status.boost.is_none()
            && (!status.is_reply || status.reply_to_person == Some(status.author))
            && (!media || !status.media.is_empty())
            && match reach {
                Reach::All => true,
                Reach::Local => local,
                Reach::Remote => !local,
            }
    }

    /// Whether a post belongs to a hashtag, replies included.
    pub(super) fn is_tagged(&self, status: &Status, tag: &str, reach: Reach, media: bool) -> bool {
        let local = self.person(status.author).domain.is_none();
        status.visibility == Visibility::Public
            && status.folded.iter().any(|folded| folded == tag)
            && (!media || !status.media.is_empty())
            && match reach {
                Reach::All => true,
                Reach::Local => local,
                Reach::Remote => !local,
            }
    }

    /// Whether the reader may see a post at all.
    pub(super) fn can_see(&self, status: &Status) -> bool {
        let involved = status.author == Self::ME || status.mentions.contains(&Self::ME);
        match status.visibility {
            Visibility::Public | Visibility::Unlisted => true,
            Visibility::Private => involved || self.person(status.author).followed,
            Visibility::Direct => involved,
        }
    }

    /// The posts above and below one in its thread, oldest first.
    pub(super) fn context(&self, status: &Status) -> (Vec<&Status>, Vec<&Status>) {
        let mut above = Vec::new();
        let mut parent = status.reply_to.as_ref();
        while let Some(found) = parent.and_then(|id| self.statuses.get(id)) {
            if above.len() > 4_000 {
                break;
            }
            parent = found.reply_to.as_ref();
            above.push(found);
        }
        above.reverse();
        above.retain(|status| self.can_see(status));
        let mut below = Vec::new();
        let mut open: Vec<&Id> = vec![&status.id];
        while let Some(next) = open.pop() {
            if *next != status.id
                && let Some(found) = self.statuses.get(next).filter(|found| self.can_see(found))
            {
                below.push(found);
            }
            let mut replies: Vec<&Id> = self.replies_of.get(next).into_iter().flatten().collect();
            replies.sort();
            open.extend(replies.into_iter().rev());
        }
        (above, below)
    }

    /// Whether the reader has muted who wrote a post, who wrote what it boosts, or who is mentioned in it.
    pub(super) fn is_muted(&self, status: &Status) -> bool {
        let boosted = status.boost.as_ref().and_then(|boosted| self.statuses.get(boosted));
        let mut people = std::iter::once(status.author).chain(boosted.map(|boosted| boosted.author)).chain(status.mentions.iter().copied());
        people.any(|person| self.person(person).muted)
    }

    /// Mutes someone: what of them stood at home and on lists is taken from there, post by post, though it still exists.
    pub(super) fn mute(&mut self, who: &str) -> Vec<News> {
        let person = self.find_or_invent(who);
        let listed = |world: &Self| -> Vec<(Id, Vec<Channel>)> {
            world.statuses.values().map(|status| (status.id.clone(), world.channels(status).0)).filter(|(_, to)| !to.is_empty()).collect()
        };
        let before = listed(self);
        if let Some(person) = self.people.get_mut(person) {
            person.muted = true;
        }
        let after: HashMap<Id, Vec<Channel>> = listed(self).into_iter().collect();
        before.into_iter().filter(|(id, _)| !after.contains_key(id)).map(|(id, to)| News::new("delete", id.to_string(), to)).collect()
    }

    fn next_number(&mut self) -> u64 {
        self.last_number += 1;
        self.last_number
    }

    /// Milliseconds and a sequence, as Mastodon's ids are; those of `live` posts always grow.
    fn next_status_id(&mut self, created_at: Timestamp, live: bool) -> Id {
        let base = u64::try_from(created_at.as_millisecond()).unwrap_or_default() << 16;
        let mut number = if live { base.max(self.last_status_number + 1) } else { base };
        while self.statuses.contains_key(&Id::from(number)) {
            number += 1;
        }
        self.last_status_number = self.last_status_number.max(number);
        Id::from(number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::assets::Assets;
    use proptest::prelude::*;
    use serde_json::Value;

    fn world() -> World {
        World::new(&Assets::load().unwrap().cast)
    }

    fn now() -> Timestamp {
        "2026-11-23T15:04:05.678Z".parse().unwrap()
    }

    fn add(world: &mut World, draft: &Draft) -> (String, Vec<News>) {
        let (id, news) = world.add(now(), draft).unwrap();
        (id.to_string(), news)
    }

    fn channels(news: &[News]) -> Vec<Channel> {
        news.iter().flat_map(|news| news.to.clone()).collect()
    }

    fn reply(author: &str, to: &str) -> Draft {
        Draft { reply_to: Some(to.to_owned()), ..Draft::new(author, "I see #rust") }
    }

    #[test]
    fn a_followed_persons_post_goes_home_to_lists_and_to_the_public() {
        let mut world = world();
        let (_, news) = add(&mut world, &Draft::new("dag", "Steam up #Rust"));
        let public = |reach| Channel::Public { reach, media: false };
        let tag = |local| Channel::Hashtag { tag: "rust".to_owned(), local };
        assert_eq!(
            channels(&news),
            [Channel::Home, Channel::List("12".to_owned()), public(Reach::All), public(Reach::Local), tag(false), tag(true)]
        );
        let personal: Value = serde_json::from_str(&news[0].payload).unwrap();
        let anonymous: Value = serde_json::from_str(&news[1].payload).unwrap();
        assert_eq!(personal["favourited"], false);
        assert!(anonymous.get("favourited").is_none());
        assert_eq!(anonymous["filtered"], Value::Array(Vec::new()));
        assert_eq!(anonymous["quote_approval"]["current_user"], "denied");
        assert_eq!(personal["tags"][0]["name"], "Rust");
        assert_eq!(personal["created_at"], "2026-11-23T15:04:05.678Z");
    }

    #[test]
    fn replies_to_strangers_stay_on_hashtags() {
        let mut world = world();
        let (stranger, _) = add(&mut world, &Draft::new("gus", "Onions"));
        let (_, news) = add(&mut world, &reply("ada", &stranger));
        assert_eq!(channels(&news), [Channel::Hashtag { tag: "rust".to_owned(), local: false }]);
        let (friend, _) = add(&mut world, &Draft::new("bo", "Oars"));
        let (_, news) = add(&mut world, &reply("ada", &friend));
        assert!(channels(&news).contains(&Channel::Home));
        assert!(!channels(&news).iter().any(|channel| matches!(channel, Channel::Public { .. })));
        let (own, _) = add(&mut world, &Draft::new("gus", "More onions"));
        let (_, news) = add(&mut world, &reply("gus", &own));
        assert!(channels(&news).contains(&Channel::Public { reach: Reach::Remote, media: false }), "a thread with oneself is public");
    }

    #[test]
    fn boosts_go_home_and_die_with_the_post() {
        let mut world = world();
        let (post, _) = add(&mut world, &Draft::new("gus", "Onions"));
        let (boost, news) = add(&mut world, &Draft { boost: Some(post.clone()), ..Draft::new("ada", "") });
        assert_eq!(channels(&news), [Channel::Home]);
        let payload: Value = serde_json::from_str(&news[0].payload).unwrap();
        assert_eq!((payload["reblog"]["id"].as_str(), payload["content"].as_str()), (Some(post.as_str()), Some("")));
        assert_eq!(payload["reblog"]["reblogs_count"], 1);
        let news = world.delete(now(), &post);
        assert_eq!(news[0], News::new("delete", boost, vec![Channel::Home]));
        assert_eq!((news[1].event.as_str(), news[1].payload.as_str()), ("delete", post.as_str()));
        assert!(world.statuses.is_empty() && world.delete(now(), &post).is_empty());
    }

    #[test]
    fn a_direct_post_is_a_mention_and_a_conversation() {
        let mut world = world();
        let direct = Draft { visibility: Visibility::Direct, ..Draft::new("gus", "@me Onions?") };
        let (first, news) = add(&mut world, &direct);
        assert_eq!(news.iter().map(|news| news.event.as_str()).collect::<Vec<_>>(), ["notification", "conversation"]);
        let (second, news) = add(&mut world, &Draft { visibility: Visibility::Direct, to: vec!["gus".to_owned()], ..reply("me", &first) });
        assert_eq!(channels(&news), [Channel::Home, Channel::Direct]);
        let payload: Value = serde_json::from_str(&news[1].payload).unwrap();
        assert_eq!((payload["unread"].as_bool(), payload["last_status"]["id"].as_str()), (Some(false), Some(second.as_str())));
        assert_eq!(payload["accounts"][0]["acct"], "gus@ox.example");
        let news = world.delete(now(), &second);
        let payload: Value = serde_json::from_str(&news[1].payload).unwrap();
        assert_eq!(payload["last_status"]["id"], first.as_str());
        let news = world.delete(now(), &first);
        assert!(news[1].payload.contains("\"last_status\":null"), "{news:?}");
        assert!(world.notifications.is_empty());
    }

    #[test]
    fn an_edit_reaches_those_mentioned_twice() {
        let mut world = world();
        let (id, _) = add(&mut world, &Draft::new("ada", "@me look"));
        let news = world.edit(now(), &id, "@me look #here", None);
        assert!(news.iter().all(|news| news.event == "status.update" && news.payload.contains("#<span>here</span>")));
        assert_eq!(channels(&news).iter().filter(|channel| matches!(channel, Channel::Home | Channel::Notifications)).count(), 2);
        let status = world.resolve(&id).unwrap();
        let versions = json::history(&world, status);
        assert_eq!(versions.len(), 2);
        assert!(!versions[0]["content"].as_str().unwrap().contains("here"));
    }

    #[test]
    fn of_two_edits_the_later_one_has_the_later_time() {
        let mut world = world();
        let (id, _) = add(&mut world, &Draft::new("ada", "one"));
        let edited_at =
            |news: Vec<News>| serde_json::from_str::<Value>(&news[0].payload).unwrap()["edited_at"].as_str().unwrap().to_owned();
        let [first, second] = ["two", "three"].map(|text| edited_at(world.edit(now(), &id, text, None)));
        assert!(first < second, "{first}, {second}");
    }

    #[test]
    fn what_is_gone_leaves_no_reference_behind() {
        let mut world = world();
        let (parent, _) = add(&mut world, &Draft::new("gus", "Onions"));
        let (child, _) = add(&mut world, &reply("kit", &parent));
        let (quoter, _) = add(&mut world, &Draft { quote: Some(parent.clone()), ..Draft::new("ada", "This") });
        assert_eq!(world.context(world.resolve(&parent).unwrap()).1.len(), 1);
        world.delete(now(), &parent);
        assert!(world.context(world.resolve(&child).unwrap()).0.is_empty());
        let json = |id: &str| serde_json::to_value(json::status(&world, world.resolve(id).unwrap(), View::Personal, now())).unwrap();
        assert_eq!(json(&child)["in_reply_to_id"], Value::Null);
        assert_ne!(json(&child)["in_reply_to_account_id"], Value::Null);
        assert_eq!(json(&quoter)["quote"]["state"], "deleted");
        assert!(!world.is_public(world.resolve(&child).unwrap(), Reach::All, false), "it is still a reply");
    }

    #[test]
    fn pruning_keeps_the_newest_and_no_orphans() {
        let mut world = world();
        let (first, _) = add(&mut world, &Draft::new("gus", "0"));
        add(&mut world, &Draft { boost: Some(first), ..Draft::new("ada", "") });
        for number in 1..10 {
            add(&mut world, &Draft::new("gus", &number.to_string()));
        }
        world.prune(4);
        assert_eq!(
            world.statuses.values().map(|status| status.html.as_str()).collect::<Vec<_>>(),
            ["<p>6</p>", "<p>7</p>", "<p>8</p>", "<p>9</p>"]
        );
        assert!(world.boosts_of.is_empty());
    }

    #[test]
    fn live_ids_grow_even_within_a_millisecond_and_old_posts_get_old_ids() {
        let mut world = world();
        let ids: Vec<Id> = (0..100).map(|_| world.add(now(), &Draft::new("gus", "x")).unwrap().0).collect();
        assert!(ids.is_sorted());
        let old = Draft { created_at: Some(now() - SignedDuration::from_hours(1)), ..Draft::new("gus", "late") };
        assert!(world.add(now(), &old).unwrap().0 < ids[0]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn walking_covers_everything_once(numbers in prop::collection::btree_set(1_u64..2_000, 0..120), limit in 1_usize..41, odd in any::<bool>()) {
            let source: BTreeMap<Id, u64> = numbers.iter().map(|number| (Id::from(*number), *number)).collect();
            let shown = |number: &u64| !odd || number % 2 == 1;
            let wanted: Vec<u64> = numbers.iter().copied().filter(|number| shown(number)).collect();

            let mut down = Vec::new();
            let mut paging = Paging { limit, ..Paging::default() };
            loop {
                let page = paging.page(&source, shown);
                let Some(last) = page.last() else { break };
                prop_assert!(page.len() <= limit);
                paging.max_id = Some(Id::from(**last));
                down.extend(page.into_iter().copied());
            }
            down.reverse();
            prop_assert_eq!(&down, &wanted);

            let mut up = Vec::new();
            let mut paging = Paging { limit, min_id: Some(Id::from(0)), ..Paging::default() };
            loop {
                let mut page = paging.page(&source, shown);
                let Some(first) = page.first() else { break };
                paging.min_id = Some(Id::from(**first));
                page.reverse();
                up.extend(page.into_iter().copied());
            }
            prop_assert_eq!(&up, &wanted);

            if let Some(since) = wanted.get(wanted.len() / 2) {
                let page = Paging { limit, since_id: Some(Id::from(*since)), ..Paging::default() }.page(&source, shown);
                let newest: Vec<u64> = wanted.iter().rev().copied().take_while(|number| number > since).take(limit).collect();
                prop_assert_eq!(page.into_iter().copied().collect::<Vec<_>>(), newest);
                let paging = Paging { limit, min_id: Some(Id::from(*since)), max_id: Some(Id::from(*since)), ..Paging::default() };
                prop_assert!(paging.page(&source, shown).is_empty());
            }
        }
    }
}
