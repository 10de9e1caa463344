//! The one room that knows what a Mastodon server is: its entities, its streams, its REST paths, how one signs in.
//!
//! Everything that comes in leaves as `model`. Absent on purpose: state, the screen, and policy about what to show.

pub mod door;
pub(crate) mod entities;
pub mod error;
pub(crate) mod ingest;
pub mod keep;
pub mod oauth;
pub mod rest;
pub mod streaming;
mod tap;

pub use door::{Access, Files, NoFile, Token, address, trust};
pub use error::Error;
pub use rest::{Client, Credentials, Introduction};
