//! The story told in time: a seeded, endless sequence of beats, merged from the scenes and the pool of ambient posts.
//!
//! Same seed, same beats. Deliberately absent: clock and world; a beat says when, counted from the start, and what.

use super::assets::{Ambient, Assets, Post, Scene, SceneKind};
use super::draft::{Draft, Visibility};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

/// How long the scenes last; afterwards the reader gets a notification now and then, and old posts are told again.
pub(super) const TOLD: Duration = Duration::from_secs(600);

/// A small seeded generator (splitmix64): no crate of random numbers promises the same sequence for ever.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number from 0 to `end`, exclusive.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// A duration between two others, in milliseconds.
    fn between(&mut self, from: u64, to: u64) -> Duration {
        Duration::from_millis(from + self.below(to.saturating_sub(from)))
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for end in (1..items.len()).rev() {
            let other = usize::try_from(self.below(u64::try_from(end + 1).unwrap_or(1))).unwrap_or_default();
            items.swap(end, other);
        }
    }

    fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(usize::try_from(self.below(u64::try_from(items.len()).unwrap_or(1))).unwrap_or_default())
    }
}

/// One thing that happens, at a time counted from the start.
#[derive(Debug, Clone)]
pub(super) struct Beat {
    pub(super) at: Duration,
    pub(super) act: Act,
}

/// What happens; posts are named by their keys.
#[derive(Debug, Clone)]
pub(super) enum Act {
    Post(Box<Draft>),
    Edit { post: String, text: String, spoiler_text: Option<String> },
    Delete { post: String },
    Vote { post: String, option: usize, votes: u64 },
    Favourite { post: String, author: String },
    Boost { post: String, author: String },
    Follow { author: String },
    FollowRequest { author: String },
    Notify { kind: String, author: String, post: Option<String> },
    Announce { text: String },
    React { name: String, count: u64 },
    Retract,
}

/// A post of the backlog and how long before the start it was written.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) before: Duration,
    pub(super) draft: Draft,
}

/// The backlog, oldest first.
pub(super) fn backlog(assets: &Assets) -> Vec<Past> {
    let mut past: Vec<Past> = assets
        .posts
        .iter()
        .filter_map(|post| Some(Past { before: Duration::try_from_secs_f64(-post.at? * 60.0).ok()?, draft: post.draft() }))
        .collect();
    past.sort_by_key(|past| Reverse(past.before));
    past
}

/// The endless story.
#[derive(Debug)]
pub(super) struct Script {
    random: Random,
    queue: BinaryHeap<Reverse<Queued>>,
    queued: u64,
    pool: Vec<Pooled>,
    /// What is left of the pool in this round, drawn from the end.
    round: Vec<usize>,
    drawn: u64,
    /// Posts still to come in a burst.
    burst: u64,
    /// Posts of the scenes that join the pool after the first telling.
    encore: Vec<Pooled>,
    admirers: Vec<String>,
    own_posts: Vec<String>,
}

#[derive(Debug)]
struct Pooled {
    draft: Draft,
    edited: Option<String>,
    deleted: bool,
}

/// Ordered by time, then by when it was queued, so that equal times keep their order.
#[derive(Debug)]
struct Queued {
    at: Duration,
    number: u64,
    what: What,
}

#[derive(Debug)]
enum What {
    Act(Act),
    /// Draw from the pool and say when to draw next.
    Draw,
    /// Give the reader a notification and say when the next comes.
    Admire,
}

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        (self.at, self.number) == (other.at, other.number)
    }
}

impl Eq for Queued {}

impl Ord for Queued {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Script {
    pub(super) fn new(assets: &Assets, seed: u64) -> Self {
        let pooled = |post: &Ambient| Pooled { draft: post.draft(), edited: post.edited.clone(), deleted: post.deleted };
        let again = |post: &Post| Pooled {
            draft: Draft { key: None, counts: super::draft::Counts::default(), ..post.draft() },
            edited: None,
            deleted: false,
        };
        let mut script = Self {
            random: Random::new(seed),
            queue: BinaryHeap::new(),
            queued: 0,
            pool: assets.ambient.iter().map(pooled).collect(),
            round: Vec::new(),
            drawn: 0,
            burst: 0,
            encore: assets.posts.iter().filter(|post| post.can_be_retold()).map(again).collect(),
            admirers: assets.cast.iter().filter(|player| player.key != "me" && !player.bot).map(|player| player.key.clone()).collect(),
            own_posts: own_posts(&assets.posts),
        };
        for post in assets.posts.iter().filter(|post| post.after.is_some()) {
            script.push(post.after.unwrap_or_default(), What::Act(Act::Post(Box::new(post.draft()))));
        }
        for scene in &assets.scenes {
            if let Some(act) = act(scene) {
                script.push(scene.after, What::Act(act));
            }
        }
        script.push(0.8, What::Draw);
        script.push(TOLD.as_secs_f64() + 20.0, What::Admire);
        script
    }

    fn push(&mut self, seconds: f64, what: What) {
        self.push_at(Duration::try_from_secs_f64(seconds).unwrap_or_default(), what);
    }

    fn push_at(&mut self, at: Duration, what: What) {
        self.queued += 1;
        self.queue.push(Reverse(Queued { at, number: self.queued, what }));
    }

    fn draw(&mut self, at: Duration) -> Option<Act> {
        if self.round.is_empty() {
            if self.drawn > 0 {
                self.pool.append(&mut self.encore);
            }
            self.round = (0..self.pool.len()).collect();
            self.random.shuffle(&mut self.round);
        }
        let pause = self.pause();
        self.push_at(at + pause, What::Draw);
        let pooled = self.pool.get(self.round.pop()?)?;
        self.drawn += 1;
        let key = format!("ambient-{}", self.drawn);
        let draft = Draft { key: Some(key.clone()), ..pooled.draft.clone() };
        let author = draft.author.clone();
        let later = at + self.random.between(6_000, 20_000);
        if pooled.deleted {
            self.push_at(later, What::Act(Act::Delete { post: key }));
        } else if let Some(text) = pooled.edited.clone() {
            self.push_at(later, What::Act(Act::Edit { post: key, text, spoiler_text: None }));
        }
        debug_assert!(!author.is_empty(), "checked when the files were read");
        Some(Act::Post(Box::new(draft)))
    }

    /// How long until the next ambient post: mostly a second or two, sometimes a burst, sometimes a lull.
    fn pause(&mut self) -> Duration {
        if self.burst > 0 {
            self.burst -= 1;
            return self.random.between(120, 500);
        }
        match self.random.below(100) {
            0..7 => {
                self.burst = 2 + self.random.below(4);
                self.random.between(300, 900)
            }
            7..13 => self.random.between(4_500, 8_000),
            _ => self.random.between(500, 2_700),
        }
    }

    fn admire(&mut self, at: Duration) -> Option<Act> {
        let pause = self.random.between(25_000, 70_000);
        self.push_at(at + pause, What::Admire);
        let author = self.random.pick(&self.admirers)?.clone();
        let post = self.random.pick(&self.own_posts)?.clone();
        Some(match self.random.below(6) {
            0 => Act::Follow { author },
            1 => Act::Boost { post, author },
            _ => Act::Favourite { post, author },
        })
    }
}

impl Iterator for Script {
    type Item = Beat;

    fn next(&mut self) -> Option<Beat> {
        loop {
            let Reverse(Queued { at, what, .. }) = self.queue.pop()?;
            let act = match what {
                What::Act(act) => Some(act),
                What::Draw => self.draw(at),
                What::Admire => self.admire(at),
            };
            if let Some(act) = act {
                return Some(Beat { at, act });
            }
        }
    }
}

/// The reader's own public posts of the backlog: what can be favourited when the scenes are over.
fn own_posts(posts: &[Post]) -> Vec<String> {
    posts
        .iter()
        .filter(|post| post.at.is_some())
        .filter(|post| {
            let draft = post.draft();
            draft.author == "me" && draft.visibility == Visibility::Public && draft.boost.is_none()
        })
        .map(|post| post.key.clone())
        .collect()
}

/// The act of a scene; `None` where a part is missing, which checking the files rules out.
fn act(scene: &Scene) -> Option<Act> {
    let (post, author, text) = (scene.post.clone(), scene.author.clone(), scene.text.clone());
    Some(match scene.kind {
        SceneKind::Edit => Act::Edit { post: post?, text: text?, spoiler_text: scene.spoiler_text.clone() },
        SceneKind::Delete => Act::Delete { post: post? },
        SceneKind::Vote => Act::Vote { post: post?, option: scene.option?, votes: scene.votes.unwrap_or(1) },
        SceneKind::Favourite => Act::Favourite { post: post?, author: author? },
        SceneKind::Reblog => Act::Boost { post: post?, author: author? },
        SceneKind::Follow => Act::Follow { author: author? },
        SceneKind::FollowRequest => Act::FollowRequest { author: author? },
        SceneKind::Notification => Act::Notify { kind: scene.notification.clone()?, author: author?, post },
        SceneKind::Announcement => Act::Announce { text: text? },
        SceneKind::AnnouncementReaction => Act::React { name: scene.name.clone()?, count: scene.count? },
        SceneKind::AnnouncementDelete => Act::Retract,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::hub::perform;
    use crate::demo::streams::{Channel, Reach};
    use crate::demo::world::{News, World};
    use jiff::{SignedDuration, Timestamp};
    use std::collections::{BTreeMap, BTreeSet};

    /// The whole story up to a time, played without waiting.
    fn play(seed: u64, until: Duration) -> Vec<(Duration, News)> {
        let assets = Assets::load().unwrap();
        let mut world = World::new(&assets.cast);
        let start: Timestamp = "2026-11-23T15:00:00Z".parse().unwrap();
        crate::demo::hub::fill(&mut world, &assets, start);
        let mut news = Vec::new();
        for beat in Script::new(&assets, seed).take_while(|beat| beat.at < until) {
            let now = start + SignedDuration::try_from(beat.at).unwrap();
            news.extend(perform(&mut world, now, &beat.act).into_iter().map(|news| (beat.at, news)));
        }
        news
    }

    #[test]
    fn ten_minutes_have_every_event_and_every_notification() {
        let news = play(7, TOLD);
        let events: BTreeSet<&str> = news.iter().map(|(_, news)| news.event.as_str()).collect();
        let expected = [
            "announcement",
            "announcement.delete",
            "announcement.reaction",
            "conversation",
            "delete",
            "notification",
            "status.update",
            "update",
        ];
        assert_eq!(events.into_iter().collect::<Vec<_>>(), expected);
        let kinds: BTreeSet<String> = news
            .iter()
            .filter(|(_, news)| news.event == "notification")
            .map(|(_, news)| serde_json::from_str::<serde_json::Value>(&news.payload).unwrap()["type"].as_str().unwrap().to_owned())
            .collect();
        for kind in [
            "mention",
            "status",
            "reblog",
            "follow",
            "follow_request",
            "favourite",
            "poll",
            "update",
            "severed_relationships",
            "moderation_warning",
            "annual_report",
            "admin.sign_up",
            "admin.report",
            "quote",
            "quoted_update",
            "added_to_collection",
            "collection_update",
        ] {
            assert!(kinds.contains(kind), "{kind} is missing in {kinds:?}");
        }
        assert!(kinds.len() > 17, "a type of the future is missing in {kinds:?}");
        for channel in [
            Channel::Home,
            Channel::Direct,
            Channel::List("12".to_owned()),
            Channel::List("14".to_owned()),
            Channel::Public { reach: Reach::Local, media: true },
            Channel::Hashtag { tag: "rust".to_owned(), local: true },
        ] {
            assert!(news.iter().any(|(_, news)| news.to.contains(&channel)), "{channel:?} is silent");
        }
    }

    #[test]
    fn federated_is_busy_and_never_dies() {
        let news = play(7, Duration::from_secs(40 * 60));
        let mut minutes: BTreeMap<u64, u64> = BTreeMap::new();
        for (at, news) in &news {
            if news.event == "update" && news.to.contains(&Channel::Public { reach: Reach::All, media: false }) {
                *minutes.entry(at.as_secs() / 60).or_default() += 1;
            }
        }
        assert_eq!(minutes.len(), 40);
        assert!(minutes.values().all(|count| (22..=65).contains(count)), "{minutes:?}");
        let mean = minutes.values().sum::<u64>() / 40;
        assert!((30..=50).contains(&mean), "{mean} a minute");
        let late =
            |channel: &Channel| news.iter().filter(|(at, news)| *at > Duration::from_secs(25 * 60) && news.to.contains(channel)).count();
        assert!(
            late(&Channel::Home) > 10 && late(&Channel::Notifications) > 5,
            "{} {}",
            late(&Channel::Home),
            late(&Channel::Notifications)
        );
    }

    #[test]
    fn the_same_seed_tells_the_same_and_another_does_not() {
        let texts = |seed| play(seed, Duration::from_secs(60)).into_iter().map(|(at, news)| (at, news.payload)).collect::<Vec<_>>();
        assert_eq!(texts(7), texts(7));
        assert_ne!(texts(7), texts(8));
    }

    #[test]
    fn beats_come_in_order_and_name_posts_that_are_there() {
        let assets = Assets::load().unwrap();
        let beats: Vec<Beat> = Script::new(&assets, 3).take(2_000).collect();
        assert!(beats.is_sorted_by_key(|beat| beat.at));
        let mut known: BTreeSet<String> = backlog(&assets).into_iter().filter_map(|past| past.draft.key).collect();
        for beat in beats {
            match beat.act {
                Act::Post(draft) => known.extend(draft.key),
                Act::Edit { post, .. }
                | Act::Delete { post }
                | Act::Vote { post, .. }
                | Act::Favourite { post, .. }
                | Act::Boost { post, .. } => {
                    assert!(known.contains(&post), "{post} is not there at {:?}", beat.at);
                }
                Act::Notify { post: Some(post), .. } => assert!(known.contains(&post), "{post}"),
                Act::Notify { post: None, .. }
                | Act::Follow { .. }
                | Act::FollowRequest { .. }
                | Act::Announce { .. }
                | Act::React { .. }
                | Act::Retract => {}
            }
        }
    }
}
