//! Text that came from strangers, made safe and measurable.
//!
//! Remote strings have no other way to the screen: a name or a title becomes a [`Plain`], a post's HTML stays shut in
//! [`Html`] until it is opened, once, into a [`RichText`]. Escape sequences, control characters and bidi tricks die here
//! and nowhere else. Absent on purpose: colours, terminals, the network and serde.

pub mod address;
pub mod clean;
pub mod html;
pub mod nearest;
pub mod plain;
pub mod rich;
pub(crate) mod runs;
mod stretch;
pub mod wrap;
pub mod written;

pub use address::{Address, Doubt, WebAddress};
#[cfg(feature = "images")]
pub(crate) use html::guard;
pub use html::{Html, guarded};
pub use nearest::nearest;
pub use plain::Plain;
pub use rich::{Block, BlockKind, Indent, Link, LinkKind, Mark, RichText, Span};
pub(crate) use stretch::{Stretch, pack, together};
pub use wrap::{Piece, Role, WrappedLine};
pub use written::{with_addresses, written};
