//! Trunkline: Mastodon as it happens, in a terminal.
//!
//! # The flow
//!
//! ```text
//!  wire ──> mastodon::streaming ─Event─┐                      ┌──> ui::view(&State) ──> screen
//!  keys ──> runtime::input ──────Key───┤                      │        └─ Measured, read by the next update
//!  REST <─> effects ─────────────Reply─┼─> Msg ─> update(&mut State) ─> Vec<Effect> ──> effects
//!  clock, signals, resize ─────────────┘                      └──> State::subscriptions() ──watch──> streaming
//! ```
//!
//! One function changes the state; the screen and the set of wanted streams are derived from it. The connection brings
//! itself in line with the wanted set, so a reconnect needs no special case.
//!
//! # The rooms, lowest floor first
//!
//! A room uses only rooms above it in this list, and not all of them: `tests/tidy.rs` has the table and holds the code to
//! it, and this list to the table.
//!
//! - [`text`]: text that came from strangers, made safe and measurable. Nothing remote reaches a screen by another way.
//! - [`opener`]: an address of the web, in the reader's browser.
//! - [`logging`]: what happened, in a file; never on the screen, never a token.
//! - [`private`]: files that only their owner reads, written whole or not at all.
//! - [`recording`]: what went over the wire, in a file; written beside everything else, never a token.
//! - [`command`]: the one table of what a user can ask for, with names, help and keys.
//! - [`model`]: the nouns; what a server has and what can be told to us.
//! - [`filter`]: what a tab leaves out, and what is searched for.
//! - [`clocks`]: the time of day and the process's own, for the loops in which time enters.
//! - [`keymap`]: keys to commands, by scope.
//! - [`config`]: settings from a file.
//! - [`mastodon`]: the only room that knows JSON, HTTP and WebSocket. `streaming` is the trunk: one socket for all streams
//!   where that works, and the rungs beneath it, run by a pure session; `door` is the one way to the network; `oauth` signs
//!   in; `ingest` turns entities into the model, and `keep` writes what is kept as entities again.
//! - [`media`]: images of strangers, from their address to something that a terminal shows.
//! - [`accounts`]: who has signed in where, and where the tokens lie.
//! - [`state`]: everything the program knows, its invariants, and what derives from it.
//! - [`update`]: the only function that changes the state.
//! - [`effects`]: what `update` asks of a server, carried out; every answer comes back as a message.
//! - [`memory`]: what one run leaves to the next: tabs, places, the last screenful.
//! - [`ui`]: the state as a screen; lays out only what is visible.
//! - [`linear`]: the state in lines, for screen readers and slow links.
//! - [`demo`]: a small Mastodon on loopback, with a story. It shares no entity code with the client, so each checks the other.
//! - [`replay`]: a server on loopback that plays a recording to the ordinary client.
//! - [`tail`]: the same streams and the same ledger without a screen.
//! - [`doctor`]: what works between this machine and a server, and what does not.
//! - [`login`]: signing in and out, as a conversation.
//! - [`runtime`]: the loop, the terminal, signals.
//! - [`cli`]: the command line.

pub mod accounts;
pub mod cli;
pub mod clocks;
pub mod command;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod effects;
pub mod filter;
pub mod keymap;
pub mod linear;
pub mod logging;
pub mod login;
pub mod mastodon;
pub mod media;
pub mod memory;
pub mod model;
pub mod opener;
pub mod private;
pub mod recording;
pub mod replay;
pub mod runtime;
pub mod state;
pub mod tail;
pub mod text;
pub mod ui;
pub mod update;
