//! `Place`: where a post is shown, as far as the reader's filters on the server tell places apart.

use crate::model::{FilterContext, Sources};
use crate::state::{Overlay, State};

/// Where a post is shown.
#[derive(Debug, Clone, Copy)]
pub enum Place<'a> {
    /// In the tab of these streams, or opened from it.
    Tab(&'a Sources),
    /// Among the recent posts of a profile.
    Profile,
}

impl Place<'_> {
    /// Whether filters of a context count there.
    ///
    /// Source: <https://docs.joinmastodon.org/entities/Filter/#context>.
    pub fn filters_by(self, context: FilterContext) -> bool {
        match self {
            Self::Tab(sources) => sources.filters_by(context),
            Self::Profile => context == FilterContext::Account,
        }
    }
}

impl<'a> From<&'a Sources> for Place<'a> {
    fn from(sources: &'a Sources) -> Self {
        Self::Tab(sources)
    }
}

impl State {
    /// Where the post stands that keys are about.
    pub fn place(&self) -> Option<Place<'_>> {
        match self.top_layer() {
            Some(Overlay::Profile(_)) => Some(Place::Profile),
            Some(_) | None => self.tabs.active().map(|tab| Place::Tab(&tab.sources)),
        }
    }
}
