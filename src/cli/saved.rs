//! Saved accounts as commands, and what there is to do without one.
//!
//! Absent on purpose: the conversation itself (`login`).

use super::source::{Found, Source, open_account, open_accounts};
use super::tasks::open_log_or_say;
use super::{Stop, print_wanted, say};
use crate::accounts::AccountsError;
use crate::clocks::Clocks;
use crate::login::{self, Lines, LoginError, Wish};
use crate::mastodon;
use crate::mastodon::oauth::SignInError;
use crate::text::Plain;
use std::io::{self, IsTerminal as _, Write as _};

pub(super) const OFFER: &str = "\
Trunkline shows Mastodon as it happens.
It needs an account on a server.

  s  sign in to your server
  d  try the demo, without an account
  q  quit

";

/// Tells something of a conversation on stdout, which may have gone.
pub(super) fn tell(words: &str) {
    drop(writeln!(io::stdout(), "{}", Plain::lines(words)).and_then(|()| io::stdout().flush()));
}

pub(super) async fn sign_in(instance: &str, read_only: bool) -> Result<(), Stop> {
    let mut accounts = open_accounts()?;
    let _log = open_log_or_say();
    let mut lines = Lines::open().map_err(Stop::failed)?;
    let account = login::sign_in(wish(instance, read_only), &mut accounts, &mut lines, &mut tell).await.map_err(not_signed_in)?;
    let (_, default) = accounts.list().map_err(Stop::failed)?;
    let name = account.name;
    if default.as_ref() == Some(&name) {
        tell("Start with: trunkline");
    } else {
        tell(&format!("Start with: trunkline --account {name}   (or make it the default: trunkline accounts default {name})"));
    }
    Ok(())
}

pub(super) async fn sign_out(name: Option<&str>) -> Result<(), Stop> {
    let mut accounts = open_accounts()?;
    let _log = open_log_or_say();
    login::sign_out(name, &mut accounts, &mut tell).await.map_err(not_signed_in)
}

pub(super) fn list_accounts() -> Result<(), Stop> {
    let mut accounts = open_accounts()?;
    let (saved, default) = accounts.list().map_err(Stop::failed)?;
    for notice in accounts.notices() {
        say(&notice);
    }
    if saved.is_empty() {
        return print_wanted("No account is saved: sign in with trunkline login INSTANCE\n");
    }
    let mut list = String::new();
    let width = saved.iter().map(|account| account.name.chars().count()).max().unwrap_or_default();
    for account in saved {
        let mark = if default.as_ref() == Some(&account.name) { '*' } else { ' ' };
        let date = account.signed_in.strftime("%Y-%m-%d");
        let line = format!("{mark} {:<width$}  since {date}  {}", account.name, account.scopes.join(" "));
        list.push_str(Plain::lines(&line).as_str());
        list.push('\n');
    }
    print_wanted(&list)
}

pub(super) async fn set_default(name: &str) -> Result<(), Stop> {
    let name = open_accounts()?.set_default(name).await.map_err(|error| not_signed_in(error.into()))?;
    tell(&format!("{name} is the default account now."));
    Ok(())
}

/// Whether somebody can be asked something.
pub(super) fn is_conversation() -> bool {
    io::stdin().is_terminal() && io::stdout().is_terminal()
}

/// What there is to do without an account; `None` where the reader wants nothing. A sign-in that fails leads back here.
pub(super) async fn offer() -> Result<Option<Found>, Stop> {
    let mut lines = Lines::open().map_err(Stop::failed)?;
    ask(OFFER);
    loop {
        ask("Your choice: ");
        let Some(choice) = lines.next().await else { return Ok(None) };
        let instance = match choice.to_lowercase().as_str() {
            "q" | "quit" => return Ok(None),
            "d" | "demo" => return Ok(Some(Source::Demo.into())),
            "s" | "sign in" => {
                ask("Your server, as in mastodon.social: ");
                match lines.next().await {
                    Some(instance) if instance.is_empty() => continue,
                    Some(instance) => instance,
                    None => return Ok(None),
                }
            }
            // Whoever names a server wants to sign in to it.
            other if other.contains(['.', '@']) => choice,
            _ => {
                ask("Type s, d or q, or the name of a server.\n");
                continue;
            }
        };
        let mut accounts = open_accounts()?;
        match login::sign_in(wish(&instance, false), &mut accounts, &mut lines, &mut tell).await {
            Ok(account) => return open_account(&account, &mut accounts).await.map(Some),
            Err(error) => say(&error.to_string()),
        }
    }
}

/// Asks something at the terminal; the answer is typed behind it.
pub(super) fn ask(words: &str) {
    drop(write!(io::stdout(), "{words}").and_then(|()| io::stdout().flush()));
}

pub(super) fn wish(instance: &str, read_only: bool) -> Wish<'_> {
    Wish { instance, read_only, now: Clocks::read().wall }
}

/// What was typed wrongly is wrong usage; the rest has failed.
pub(super) fn not_signed_in(error: LoginError) -> Stop {
    match &error {
        LoginError::SignIn(SignInError::Server(server)) if !matches!(server, mastodon::Error::Setup(_)) => Stop::usage(error),
        LoginError::Accounts(AccountsError::Empty | AccountsError::Unknown { .. } | AccountsError::Ambiguous { .. }) => Stop::usage(error),
        LoginError::SignIn(_) | LoginError::Accounts(_) | LoginError::TooLate | LoginError::NoWay(_) => Stop::failed(error),
    }
}
