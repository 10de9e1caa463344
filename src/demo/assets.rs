//! The story's files, read and checked: the cast, the backlog, the scenes and the pool of ambient posts.
//!
//! Deliberately absent: any order in time beyond what the files say; `script` tells the story.

use super::draft::{Card, Counts, Draft, Media, Poll, Visibility};
use serde::Deserialize;
use std::collections::HashSet;

const CAST: &str = include_str!("../../assets/demo/cast.toml");
const POSTS: &str = include_str!("../../assets/demo/posts.toml");
const SCENES: &str = include_str!("../../assets/demo/scenes.toml");
const AMBIENT: &str = include_str!("../../assets/demo/ambient.toml");

/// What is wrong with the story's files.
#[derive(Debug, thiserror::Error)]
pub(super) enum AssetError {
    #[error("assets/demo/{file}: {reason}")]
    Syntax { file: &'static str, reason: String },
    #[error("assets/demo/{file}: {entry}: {reason}")]
    Meaning { file: &'static str, entry: String, reason: String },
}

/// All four files.
#[derive(Debug, Clone)]
pub(super) struct Assets {
    pub(super) cast: Vec<Player>,
    pub(super) posts: Vec<Post>,
    pub(super) scenes: Vec<Scene>,
    pub(super) ambient: Vec<Ambient>,
}

/// An account of the cast.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Player {
    pub(super) key: String,
    pub(super) username: String,
    pub(super) domain: Option<String>,
    pub(super) display_name: String,
    #[serde(default)]
    pub(super) note: String,
    pub(super) language: Option<String>,
    #[serde(default)]
    pub(super) bot: bool,
    #[serde(default)]
    pub(super) locked: bool,
    #[serde(default)]
    pub(super) followed: bool,
    #[serde(default)]
    pub(super) lists: Vec<String>,
    #[serde(default)]
    pub(super) fields: Vec<Field>,
}

/// A field of a profile.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Field {
    pub(super) name: String,
    /// Plain text, turned into HTML.
    pub(super) value: String,
    /// Whether the page that it links to links back.
    #[serde(default)]
    pub(super) verified: bool,
}

/// A post of the backlog (`at`, minutes before the start) or of the scenes (`after`, seconds after it).
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Post {
    pub(super) key: String,
    author: String,
    pub(super) at: Option<f64>,
    pub(super) after: Option<f64>,
    #[serde(default)]
    text: String,
    language: Option<String>,
    #[serde(default)]
    spoiler_text: String,
    #[serde(default)]
    visibility: Visibility,
    #[serde(default)]
    media: Vec<Media>,
    poll: Option<Poll>,
    card: Option<Card>,
    quote: Option<String>,
    reply_to: Option<String>,
    boost: Option<String>,
    #[serde(default)]
    sensitive: bool,
    #[serde(default)]
    to: Vec<String>,
    #[serde(default)]
    counts: Counts,
}

impl Post {
    pub(super) fn draft(&self) -> Draft {
        Draft {
            author: self.author.clone(),
            text: self.text.clone(),
            visibility: self.visibility,
            spoiler_text: self.spoiler_text.clone(),
            sensitive: self.sensitive || !self.spoiler_text.is_empty() && !self.media.is_empty(),
            language: self.language.clone(),
            reply_to: self.reply_to.clone(),
            boost: self.boost.clone(),
            quote: self.quote.clone(),
            to: self.to.clone(),
            media: self.media.clone(),
            poll: self.poll.clone(),
            card: self.card.clone(),
            counts: self.counts,
            key: Some(self.key.clone()),
            id: None,
            created_at: None,
            unannounced: false,
        }
    }

    /// Whether it can be told again later as a post that stands by itself.
    pub(super) fn can_be_retold(&self) -> bool {
        self.after.is_some()
            && self.author != "me"
            && self.visibility == Visibility::Public
            && self.reply_to.is_none()
            && self.boost.is_none()
            && self.quote.is_none()
            && self.poll.is_none()
            && !self.text.contains('@')
    }
}

/// Something that happens to a post or to the reader.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Scene {
    pub(super) after: f64,
    pub(super) kind: SceneKind,
    pub(super) post: Option<String>,
    pub(super) author: Option<String>,
    pub(super) text: Option<String>,
    pub(super) spoiler_text: Option<String>,
    pub(super) option: Option<usize>,
    pub(super) votes: Option<u64>,
    #[serde(rename = "type")]
    pub(super) notification: Option<String>,
    pub(super) name: Option<String>,
    pub(super) count: Option<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum SceneKind {
    Edit,
    Delete,
    Vote,
    Favourite,
    Reblog,
    Follow,
    FollowRequest,
    Notification,
    Announcement,
    AnnouncementReaction,
    AnnouncementDelete,
}

/// A post of the pool.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Ambient {
    author: String,
    text: String,
    language: Option<String>,
    #[serde(default)]
    spoiler_text: String,
    #[serde(default)]
    media: Vec<Media>,
    poll: Option<Poll>,
    card: Option<Card>,
    #[serde(default)]
    sensitive: bool,
    /// Deleted again some seconds later.
    #[serde(default)]
    pub(super) deleted: bool,
    /// The text that it is edited to some seconds later.
    pub(super) edited: Option<String>,
}

impl Ambient {
    pub(super) fn draft(&self) -> Draft {
        Draft {
            spoiler_text: self.spoiler_text.clone(),
            sensitive: self.sensitive || !self.spoiler_text.is_empty() && !self.media.is_empty(),
            language: self.language.clone(),
            media: self.media.clone(),
            poll: self.poll.clone(),
            card: self.card.clone(),
            ..Draft::new(&self.author, &self.text)
        }
    }
}

impl Assets {
    /// Reads the files that are compiled in.
    pub(super) fn load() -> Result<Self, AssetError> {
        #[derive(Deserialize)]
        struct CastFile {
            account: Vec<Player>,
        }
        #[derive(Deserialize)]
        struct PostsFile {
            post: Vec<Post>,
        }
        #[derive(Deserialize)]
        struct ScenesFile {
            event: Vec<Scene>,
        }
        #[derive(Deserialize)]
        struct AmbientFile {
            post: Vec<Ambient>,
        }
        let assets = Self {
            cast: parse::<CastFile>("cast.toml", CAST)?.account,
            posts: parse::<PostsFile>("posts.toml", POSTS)?.post,
            scenes: parse::<ScenesFile>("scenes.toml", SCENES)?.event,
            ambient: parse::<AmbientFile>("ambient.toml", AMBIENT)?.post,
        };
        assets.check()?;
        Ok(assets)
    }

    fn check(&self) -> Result<(), AssetError> {
        let mut people = HashSet::new();
        for player in &self.cast {
            let fault = |reason: &str| meaning("cast.toml", &player.key, reason);
            if !people.insert(player.key.as_str()) {
                return Err(fault("the key is taken"));
            }
            if player.domain.as_ref().is_some_and(|domain| !domain.ends_with(".example")) {
                return Err(fault("its domain is not under .example"));
            }
        }
        if !people.contains("me") {
            return Err(meaning("cast.toml", "me", "the reader is missing"));
        }
        let mut order: Vec<&Post> = self.posts.iter().collect();
        order.sort_by(|a, b| a.when().total_cmp(&b.when()));
        let mut known: HashSet<&str> = HashSet::new();
        for post in order {
            post.check(&people, &known).map_err(|reason| meaning("posts.toml", &post.key, &reason))?;
            known.insert(&post.key);
        }
        for (place, scene) in self.scenes.iter().enumerate() {
            scene
                .check(&people, &self.posts)
                .map_err(|reason| meaning("scenes.toml", &format!("event {} at {} s", place + 1, scene.after), &reason))?;
        }
        for (place, post) in self.ambient.iter().enumerate() {
            let reason = if !people.contains(post.author.as_str()) {
                format!("nobody is called `{}`", post.author)
            } else if post.text.trim().is_empty() {
                "it has no text".to_owned()
            } else if let Err(reason) = check_parts(&post.media, post.poll.as_ref(), post.card.as_ref()) {
                reason
            } else {
                continue;
            };
            return Err(meaning("ambient.toml", &format!("post {}", place + 1), &reason));
        }
        Ok(())
    }
}

impl Post {
    /// Seconds after the start; negative for the backlog.
    pub(super) fn when(&self) -> f64 {
        self.after.or(self.at.map(|minutes| minutes * 60.0)).unwrap_or_default()
    }

    fn check(&self, people: &HashSet<&str>, known: &HashSet<&str>) -> Result<(), String> {
        if known.contains(self.key.as_str()) {
            return Err("the key is taken".to_owned());
        }
        match (self.at, self.after) {
            (Some(at), None) if at < 0.0 => {}
            (None, Some(after)) if after >= 0.0 => {}
            _ => return Err("it needs either a negative `at` or an `after`".to_owned()),
        }
        if let Some(stranger) = std::iter::once(&self.author).chain(&self.to).find(|key| !people.contains(key.as_str())) {
            return Err(format!("nobody is called `{stranger}`"));
        }
        if let Some(unknown) = [&self.quote, &self.reply_to, &self.boost].into_iter().flatten().find(|key| !known.contains(key.as_str())) {
            return Err(format!("it refers to `{unknown}`, which is not there before it"));
        }
        if self.boost.is_none() == self.text.trim().is_empty() {
            return Err("it needs either a text or a `boost`".to_owned());
        }
        check_parts(&self.media, self.poll.as_ref(), self.card.as_ref())
    }
}

impl Scene {
    fn check(&self, people: &HashSet<&str>, posts: &[Post]) -> Result<(), String> {
        if self.after < 0.0 {
            return Err("`after` is negative".to_owned());
        }
        if self.author.as_ref().is_some_and(|author| !people.contains(author.as_str())) {
            return Err("its author is not in the cast".to_owned());
        }
        let post = match &self.post {
            Some(key) => Some(posts.iter().find(|post| post.key == *key).ok_or_else(|| format!("there is no post `{key}`"))?),
            None => None,
        };
        if post.is_some_and(|post| post.when() > self.after) {
            return Err("it comes before its post".to_owned());
        }
        let needs = |there: bool, what: &str| if there { Ok(()) } else { Err(format!("it needs {what}")) };
        match self.kind {
            SceneKind::Edit => needs(post.is_some() && self.text.is_some(), "a post and a text"),
            SceneKind::Delete => needs(post.is_some(), "a post"),
            SceneKind::Vote => {
                let options = post.and_then(|post| post.poll.as_ref()).map_or(0, |poll| poll.options.len());
                needs(self.option.is_some_and(|option| option < options), "a post with a poll, and one of its options")
            }
            SceneKind::Favourite | SceneKind::Reblog => {
                needs(self.author.is_some() && post.is_some_and(|post| post.author == "me"), "an author and a post of the reader")
            }
            SceneKind::Follow | SceneKind::FollowRequest => needs(self.author.is_some(), "an author"),
            SceneKind::Notification => needs(self.author.is_some() && self.notification.is_some(), "an author and a type"),
            SceneKind::Announcement => needs(self.text.is_some(), "a text"),
            SceneKind::AnnouncementReaction => needs(self.name.is_some() && self.count.is_some(), "a name and a count"),
            SceneKind::AnnouncementDelete => Ok(()),
        }
    }
}

fn check_parts(media: &[Media], poll: Option<&Poll>, card: Option<&Card>) -> Result<(), String> {
    if let Some(odd) = media.iter().find(|media| !matches!(media.kind.as_str(), "image" | "gifv" | "video" | "audio")) {
        return Err(format!("there is no media type `{}`", odd.kind));
    }
    if poll.is_some_and(|poll| poll.options.len() < 2 || poll.options.len() != poll.votes.len() || poll.minutes == 0) {
        return Err("its poll needs two options or more, as many votes, and minutes".to_owned());
    }
    if card.is_some_and(|card| !card.url.starts_with("https://")) {
        return Err("its card needs an https address".to_owned());
    }
    Ok(())
}

fn parse<T: serde::de::DeserializeOwned>(file: &'static str, text: &str) -> Result<T, AssetError> {
    toml::from_str(text).map_err(|error| AssetError::Syntax { file, reason: error.to_string() })
}

fn meaning(file: &'static str, entry: &str, reason: &str) -> AssetError {
    AssetError::Meaning { file, entry: entry.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_sound() {
        let assets = Assets::load().unwrap_or_else(|error| panic!("{error}"));
        assert!(assets.cast.len() > 20 && assets.posts.len() > 100 && assets.scenes.len() > 50 && assets.ambient.len() > 200);
    }

    #[test]
    fn mistakes_are_named() {
        let change = |change: &dyn Fn(&mut Assets)| {
            let mut assets = Assets::load().unwrap();
            change(&mut assets);
            assets.check().unwrap_err().to_string()
        };
        assert_eq!(
            change(&|assets| assets.ambient[0].author = "nobody".to_owned()),
            "assets/demo/ambient.toml: post 1: nobody is called `nobody`"
        );
        assert!(change(&|assets| assets.posts[1].key = assets.posts[0].key.clone()).ends_with("the key is taken"));
        assert!(change(&|assets| assets.posts[0].reply_to = Some(assets.posts[9].key.clone())).contains("not there before it"));
        assert!(change(&|assets| assets.scenes[0].post = Some("no-such".to_owned())).ends_with("there is no post `no-such`"));
        assert!(change(&|assets| assets.cast.retain(|player| player.key != "me")).ends_with("the reader is missing"));
        assert!(change(&|assets| assets.cast[3].domain = Some("real.org".to_owned())).ends_with("not under .example"));
    }
}
