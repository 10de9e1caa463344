//! `LinkList`: the links of a post as they were when the reader asked for them, each with where it really leads.
//!
//! What is folded or hidden stays so: a post that is folded offers itself and its author alone. Absent on purpose: opening
//! (`runtime`), and what may mislead about an address (`text`).

use crate::model::{Account, AccountId, StatusId};
use crate::state::{Answer, Entry, Place, ProfileView, Row, State};
use crate::text::{Address, LinkKind, Plain, RichText};

/// Most links of one post that are offered.
const MOST: usize = 200;

/// The links of one post, or of what else stands in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkList {
    /// The links, the most telling first.
    pub links: Vec<LinkChoice>,
    /// Index of the chosen one.
    pub chosen: usize,
    /// Lines scrolled from where the chosen one is in view.
    pub scroll: u16,
    /// Whether the words are folded, so that their links are not among these.
    pub folded: bool,
}

/// One link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkChoice {
    /// What it is, in a word; nothing for one in the words of the post.
    pub what: &'static str,
    /// The words that stand for it.
    pub words: Plain,
    /// Where it leads.
    pub address: Address,
}

impl LinkList {
    /// The chosen one.
    pub fn choice(&self) -> Option<&LinkChoice> {
        self.links.get(self.chosen)
    }

    /// Whether one of them leads there.
    pub fn has(&self, shown: &str) -> bool {
        self.links.iter().any(|link| link.address.shown().as_str() == shown)
    }

    /// Chooses another, so many further on.
    pub fn choose_by(&mut self, step: isize) {
        self.chosen = self.chosen.saturating_add_signed(step).min(self.links.len().saturating_sub(1));
        self.scroll = 0;
    }

    /// Chooses the one that leads there, where it is among them.
    pub fn choose(&mut self, shown: &str) {
        self.chosen = self.links.iter().position(|link| link.address.shown().as_str() == shown).unwrap_or(self.chosen);
    }

    /// Adds a link whose words are no more than a name.
    fn add(&mut self, what: &'static str, words: Plain, url: Option<&Plain>) {
        let Some(url) = url.filter(|url| !url.is_blank()) else { return };
        let address = Address::read(url, "");
        if self.links.iter().all(|held| held.address.shown() != address.shown()) {
            self.push(LinkChoice { what, words, address });
        }
    }

    /// Adds the links of one kind that stand in the words of a post.
    fn add_words(&mut self, text: &RichText, of: LinkKind, what: &'static str) {
        for (index, link) in text.links.iter().enumerate().filter(|(_, link)| link.kind == of) {
            let words = words_of(text, index);
            let address = Address::read(&link.url, words.as_str());
            let is_held = |held: &LinkChoice| held.address.shown() == address.shown() && held.words == words;
            if !self.links.iter().any(is_held) {
                self.push(LinkChoice { what, words, address });
            }
        }
    }

    /// Adds all links that stand in the value of a field, under the field's name.
    fn add_named(&mut self, text: &RichText, name: &Plain, what: &'static str) {
        for (index, link) in text.links.iter().enumerate() {
            let words = words_of(text, index);
            let address = Address::read(&link.url, words.as_str());
            let words = if name.is_blank() { words } else { Plain::line(&format!("{name}: {words}")) };
            self.push(LinkChoice { what, words, address });
        }
    }

    fn push(&mut self, link: LinkChoice) {
        if self.links.len() < MOST {
            self.links.push(link);
        }
    }
}

impl State {
    /// The links of a row: of its post, or of the accounts that it is about where it has none.
    pub fn links_of_row(&self, row: &Row) -> LinkList {
        if let Some(id) = self.status_of(row) {
            return self.links_of(&id);
        }
        let mut list = empty();
        let people: Vec<&AccountId> = match row {
            Row::Notification(id) => self.store.notification(id).and_then(|held| held.account.as_ref()).into_iter().collect(),
            Row::Conversation(id, _) => self.store.conversation(id).into_iter().flat_map(|held| &held.accounts).collect(),
            Row::Status(_) | Row::Tombstone(_) | Row::Gap(_) => Vec::new(),
        };
        for account in people.into_iter().filter_map(|id| self.store.account(id)) {
            profile(&mut list, "profile", account);
        }
        list
    }

    /// The links of a profile: its own page, those of its fields, and those of what it says about itself.
    pub fn links_of_profile(&self, view: &ProfileView) -> LinkList {
        let mut list = empty();
        let told = if let Answer::Told(Some(profile)) = &view.profile { Some(&**profile) } else { None };
        let held = view.who().and_then(|id| self.store.account(id));
        if let Some(account) = held.or(told.map(|told| &told.account)) {
            profile(&mut list, "the profile", account);
        }
        let Some(told) = told else { return list };
        for field in &told.fields {
            let what = if field.verified_at.is_some() { "verified field" } else { "field" };
            list.add_named(&field.value.open(&|_| None::<LinkKind>), &field.name, what);
        }
        let note = told.note.open(&|_| None::<LinkKind>);
        for (kind, what) in [(LinkKind::Web, ""), (LinkKind::Mention, "profile"), (LinkKind::Hashtag, "hashtag")] {
            list.add_words(&note, kind, what);
        }
        list
    }

    /// The links of a post: of its words, its preview, its media and its quote; then itself, its author, and whom and what
    /// it names.
    pub fn links_of(&self, id: &StatusId) -> LinkList {
        let mut list = empty();
        let Some(entry) = self.store.shown(id) else { return list };
        let status = entry.status();
        let place = self.place();
        list.folded = place.is_some_and(|place| self.is_folded(place, id));
        if !list.folded {
            self.add_content(&mut list, entry, place);
        }
        list.add("the post", Plain::line("this post on the web"), status.url.as_ref());
        if let Some(account) = self.store.account(&status.account) {
            profile(&mut list, "author", account);
        }
        if list.folded {
            return list;
        }
        list.add_words(entry.rich(), LinkKind::Mention, "profile");
        for mention in &status.mentions {
            list.add("profile", Plain::line(&format!("@{}", mention.acct)), mention.url.as_ref());
        }
        list.add_words(entry.rich(), LinkKind::Hashtag, "hashtag");
        list
    }

    fn add_content(&self, list: &mut LinkList, entry: &Entry, place: Option<Place<'_>>) {
        let status = entry.status();
        list.add_words(entry.rich(), LinkKind::Web, "");
        if let Some(card) = &status.card {
            list.add("preview", card.title.clone(), Some(&card.url));
        }
        if !place.is_some_and(|place| self.blurs_media(place, &status.id)) {
            for medium in &status.media_attachments {
                list.add(
                    medium.kind.word(),
                    medium.description.as_ref().map(|text| Plain::line(text.as_str())).unwrap_or_default(),
                    medium.url.as_ref(),
                );
            }
        }
        let quoted = status.quote.as_ref().and_then(|quote| self.store.status(quote.status.as_ref()?));
        if let Some(quoted) = quoted {
            let author = self.store.account(quoted.account()).map_or("somebody", |account| account.name().as_str());
            list.add("quote", Plain::line(&format!("the quoted post by {author}")), quoted.status().url.as_ref());
        }
    }
}

fn empty() -> LinkList {
    LinkList { links: Vec::new(), chosen: 0, scroll: 0, folded: false }
}

fn profile(list: &mut LinkList, what: &'static str, account: &Account) {
    list.add(what, Plain::line(&format!("{} @{}", account.name().truncate(60), account.acct)), account.url.as_ref());
}

/// The words of a link on one line.
fn words_of(text: &RichText, index: usize) -> Plain {
    let is_its = |link: Option<(u16, LinkKind)>| link.is_some_and(|(of, _)| usize::from(of) == index);
    let spans = text.blocks.iter().flat_map(|block| &block.spans).filter(|span| is_its(span.mark.link));
    Plain::line(&spans.map(|span| span.text.as_str()).collect::<String>())
}
