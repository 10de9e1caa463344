//! `ProfileView`: the profile that is open, and the others that its row names.
//!
//! What it shows is asked in three questions, each of which may fail alone: a token may lack the scope of one of them.

use crate::model::{AccountId, Profile, Relationship, StatusId};
use crate::state::checks::Answer;

/// A profile over the tabs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProfileView {
    /// Whose profiles can be shown; never empty while it is open.
    pub people: Vec<AccountId>,
    /// The place of the one that is.
    pub shown: usize,
    /// Lines scrolled.
    pub scroll: u16,
    /// The place of the chosen post among the recent ones.
    pub chosen: Option<usize>,
    /// What the account tells of itself.
    pub profile: Answer<Box<Profile>>,
    /// Its recent posts, newest first.
    pub posts: Answer<Vec<StatusId>>,
    /// How the reader and it stand; nothing where the server leaves it out.
    pub relationship: Answer<Relationship>,
}

impl ProfileView {
    /// The profiles of some people, of which none has been asked for yet.
    pub fn of(people: Vec<AccountId>) -> Self {
        Self { people, ..Self::default() }
    }

    /// Whose profile is shown.
    pub fn who(&self) -> Option<&AccountId> {
        self.people.get(self.shown)
    }

    /// Whose profile comes next.
    pub fn next(&self) -> Option<&AccountId> {
        self.people.get((self.shown + 1) % self.people.len().max(1)).filter(|_| self.people.len() > 1)
    }

    /// Goes on to the next one.
    pub fn turn(&mut self) {
        let shown = (self.shown + 1) % self.people.len().max(1);
        *self = Self { people: std::mem::take(&mut self.people), shown, ..Self::default() };
    }

    /// The recent posts that have come.
    pub fn shown_posts(&self) -> &[StatusId] {
        if let Answer::Told(Some(posts)) = &self.posts { posts } else { &[] }
    }

    /// The chosen post.
    pub fn chosen_post(&self) -> Option<&StatusId> {
        self.shown_posts().get(self.chosen?)
    }

    /// Whether something of it could not be had.
    pub fn has_failed(&self) -> bool {
        matches!(self.profile, Answer::Failed(_))
            || matches!(self.posts, Answer::Failed(_))
            || matches!(self.relationship, Answer::Failed(_))
    }
}
