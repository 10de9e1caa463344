//! `Sources`: what a tab shows. One stream, or several that hold posts.
//!
//! Absent on purpose: rows, and how those of several streams become one list (`state` does that).

use crate::model::{FilterContext, List, Spec, SpecError, Stream};
use crate::text::Plain;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

/// The streams of a tab: at least one, each once, in the order in which they were named. Equal as sets.
#[derive(Clone)]
pub struct Sources(Arc<[Stream]>);

impl Sources {
    /// Several streams as one; equal ones count once.
    ///
    /// # Errors
    /// Where there is none at all, or notifications or conversations are among several: they are placed by ids of their own,
    /// so that they have no place between posts.
    pub fn merged(streams: impl IntoIterator<Item = Stream>) -> Result<Self, SpecError> {
        let mut unique: Vec<Stream> = Vec::new();
        for stream in streams {
            if !unique.contains(&stream) {
                unique.push(stream);
            }
        }
        if unique.is_empty() {
            return Err(SpecError::Unknown(String::new()));
        }
        if let Some(apart) = unique.iter().find(|stream| !stream.holds_posts()).filter(|_| unique.len() > 1) {
            return Err(SpecError::Unmergeable(apart.spec().to_string()));
        }
        Ok(Self(unique.into()))
    }

    /// The streams in the order in which they were named.
    pub fn all(&self) -> &[Stream] {
        &self.0
    }

    /// The stream, where it is only one.
    pub fn only(&self) -> Option<&Stream> {
        if let [only] = &*self.0 { Some(only) } else { None }
    }

    /// Whether they are several.
    pub fn is_merged(&self) -> bool {
        self.only().is_none()
    }

    /// Whether a stream is among them.
    pub fn contains(&self, stream: &Stream) -> bool {
        self.0.contains(stream)
    }

    /// What the tab is called: the titles of its streams, as `Home + #rust`.
    pub fn title(&self, lists: &[List]) -> Plain {
        match self.only() {
            Some(only) => only.title(lists),
            None => Plain::line(&self.0.iter().map(|stream| stream.title(lists).to_string()).collect::<Vec<_>>().join(" + ")),
        }
    }

    /// What people type for them.
    pub fn spec(&self) -> Spec {
        match self.only() {
            Some(only) => only.spec(),
            None => Spec::Merged(self.0.iter().map(Stream::spec).collect()),
        }
    }

    /// Whether filters of this context count in the tab: those of all its streams do.
    pub fn filters_by(&self, context: FilterContext) -> bool {
        self.0.iter().any(|stream| stream.filter_context() == Some(context))
    }
}

impl From<Stream> for Sources {
    fn from(stream: Stream) -> Self {
        Self(Arc::from([stream]))
    }
}

impl PartialEq for Sources {
    fn eq(&self, other: &Self) -> bool {
        self.0.len() == other.0.len() && self.0.iter().all(|stream| other.contains(stream))
    }
}

impl Eq for Sources {}

/// Whether they are that stream and no other.
impl PartialEq<Stream> for Sources {
    fn eq(&self, other: &Stream) -> bool {
        self.only() == Some(other)
    }
}

impl Hash for Sources {
    fn hash<H: Hasher>(&self, state: &mut H) {
        let each = |stream: &Stream| {
            let mut hasher = DefaultHasher::new();
            stream.hash(&mut hasher);
            hasher.finish()
        };
        // Whatever their order.
        self.0.iter().map(each).fold(0, u64::wrapping_add).hash(state);
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Reach;

    fn tag(name: &str) -> Stream {
        Stream::from_wire("hashtag", Some(name)).unwrap()
    }

    fn hash_of(sources: &Sources) -> u64 {
        let mut hasher = DefaultHasher::new();
        sources.hash(&mut hasher);
        hasher.finish()
    }

    #[test]
    fn several_streams_are_a_set_that_remembers_its_order() {
        let sources = Sources::merged([tag("rust"), Stream::User, tag("Rust")]).unwrap();
        assert_eq!(sources.all(), [tag("rust"), Stream::User]);
        let turned = Sources::merged([Stream::User, tag("rust")]).unwrap();
        assert_eq!((&sources, hash_of(&sources)), (&turned, hash_of(&turned)));
        assert_ne!(sources, Sources::merged([Stream::User, tag("tokio")]).unwrap());
        assert_eq!((sources.title(&[]).as_str(), sources.spec().to_string().as_str()), ("#rust + Home", "#rust + home"));
        assert!(sources.is_merged() && sources != Stream::User);
        let alone = Sources::from(Stream::User);
        assert!(alone == Stream::User && !alone.is_merged());
    }

    #[test]
    fn what_has_ids_of_its_own_is_merged_with_nothing() {
        for apart in [Stream::UserNotification, Stream::Direct] {
            let error = Sources::merged([Stream::User, apart.clone()]).unwrap_err().to_string();
            assert!(error.contains(&apart.spec().to_string()) && error.contains("cannot be merged"), "{error}");
            assert_eq!(Sources::merged([apart.clone(), apart.clone()]), Ok(Sources::from(apart)));
        }
        assert!(Sources::merged([]).is_err());
    }

    #[test]
    fn filters_of_every_source_count() {
        let local = Stream::Public { reach: Reach::Local, only_media: false };
        let sources = Sources::merged([Stream::User, local]).unwrap();
        let counts = [FilterContext::Home, FilterContext::Public, FilterContext::Notifications].map(|context| sources.filters_by(context));
        assert_eq!(counts, [true, true, false]);
    }
}
