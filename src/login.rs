//! Signing in and out, as a conversation at a terminal or through pipes.
//!
//! Every sign-in offers both ways at once: the browser of this machine, which brings the code by itself, and an address to
//! be opened anywhere, which shows a code to paste. Nothing is saved before the account has been seen with the new token.
//! Absent on purpose: OAuth itself (`mastodon::oauth`), and keeping (`accounts`).

mod callback;
mod typed;

use crate::accounts::{Accounts, AccountsError, Keeper, SavedAccount};
use crate::mastodon::oauth::{App, Attempt, Code, Granted, Host, OUT_OF_BAND, SignInError, revoke};
use crate::mastodon::{Token, oauth};
use crate::model::Timestamp;
use crate::opener;
use crate::text::{Plain, WebAddress};
use callback::{Back, Callback};
use std::time::Duration;
pub use typed::Lines;
use url::Url;

/// How long a sign-in may take.
const PATIENCE: Duration = Duration::from_secs(5 * 60);
/// From how many seconds on a clock is called wrong.
const CLOCK: i64 = 5 * 60;

/// Why somebody is not signed in. One line each, with what to do.
#[derive(Debug, thiserror::Error)]
pub enum LoginError {
    /// The server's part.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// Our part: nothing can be kept.
    #[error(transparent)]
    Accounts(#[from] AccountsError),
    /// Nobody came.
    #[error("nobody signed in within 5 min: nothing has been saved; run it again when you have the time")]
    TooLate,
    /// There is neither a browser nor a hand.
    #[error("no browser could be opened here ({0}) and no code can be typed: run it in a terminal")]
    NoWay(String),
}

/// What is wished of a sign-in.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The server as the reader typed it.
    pub instance: &'a str,
    /// Whether it is for reading alone.
    pub read_only: bool,
    /// The present moment.
    pub now: Timestamp,
}

/// Signs in and keeps the account. `say` is for what the reader should see meanwhile; `lines` for what they paste.
pub async fn sign_in(
    wish: Wish<'_>,
    accounts: &mut Accounts,
    lines: &mut Lines,
    say: &mut (impl FnMut(&str) + Send),
) -> Result<SavedAccount, LoginError> {
    // What cannot be kept need not be asked for.
    let (known, _) = accounts.list()?;
    let host = Host::discover(wish.instance).await?;
    greet(&host, say);
    let scopes = host.scopes(wish.read_only);
    let attempt = Attempt::new()?;
    let (app, callback) = registration(&host, &scopes, accounts).await?;
    say_all(&mut *say, accounts);
    say("It will be asked for these permissions:");
    for scope in &scopes {
        say(&format!("  {scope:<18} {}", meaning(scope)));
    }
    let granted = tokio::time::timeout(PATIENCE, grant(&host, &app, callback.as_ref(), &scopes, &attempt, lines, say))
        .await
        .map_err(|_| LoginError::TooLate)??;
    let name = match verified(&host, &granted.token).await {
        Ok(user) => called(&user, &host, &known),
        Err(error) => {
            drop(revoke(host.server(), &app, &granted.token).await);
            return Err(error.into());
        }
    };
    let before = match known.iter().find(|account| account.name == name) {
        Some(account) => credentials(account, accounts).await.map(|(token, app)| (account.server.clone(), token, app)),
        None => None,
    };
    let account = SavedAccount {
        name,
        server: host.server().clone(),
        scopes: granted.scopes,
        client_id: app.client_id.clone(),
        signed_in: wish.now,
        token: Keeper::File,
    };
    let keeper = match accounts.keep(account.clone(), &granted.token).await {
        Ok(keeper) => keeper,
        Err(error) => {
            // A token that nobody holds should not go on being good.
            drop(revoke(host.server(), &app, &granted.token).await);
            return Err(error.into());
        }
    };
    if let Some((server, token, app)) = before {
        // The one before has been replaced; where this fails it stays listed on the server, as it was.
        drop(revoke(&server, &app, &token).await);
    }
    say_all(&mut *say, accounts);
    let account = SavedAccount { token: keeper, ..account };
    let place = match keeper {
        Keeper::Keyring => "in your keyring",
        Keeper::File => "in a file that only you can read",
    };
    say(&format!("Signed in as {}. The token is {place}.", account.name));
    Ok(account)
}

/// Signs out: makes the token worthless on the server, and forgets it here also where the server cannot be told.
pub async fn sign_out(name: Option<&str>, accounts: &mut Accounts, say: &mut (impl FnMut(&str) + Send)) -> Result<(), LoginError> {
    let account = accounts.find(name)?;
    let told = match credentials(&account, accounts).await {
        Some((token, app)) => revoke(&account.server, &app, &token).await.map_err(|error| error.to_string()),
        None => Err("its token or registration is no longer here".to_owned()),
    };
    accounts.remove(&account).await?;
    say_all(&mut *say, accounts);
    let name = &account.name;
    match told {
        Ok(()) => say(&format!("Signed out of {name}: its token is revoked and gone from this machine.")),
        Err(words) => say(&format!(
            "Signed out of {name} on this machine, but the server could not revoke the token: {words}. To be sure, remove Trunkline there \
             under Preferences, Account, Authorized apps."
        )),
    }
    Ok(())
}

/// An account's token and registration, if both are still there.
async fn credentials(account: &SavedAccount, accounts: &mut Accounts) -> Option<(Token, App)> {
    let token = accounts.token(account).await.ok()?;
    let app = accounts.app_of(account).await.ok().flatten()?;
    Some((token, app))
}

fn greet(host: &Host, say: &mut impl FnMut(&str)) {
    if let Some(from) = &host.moved_from {
        say(&format!("{from} names {} as its server.", name_of(host.server())));
    }
    if let Some(ahead) = host.ahead_s.filter(|ahead| ahead.abs() > CLOCK) {
        let minutes = ahead.abs() / 60;
        let way = if ahead > 0 { "behind" } else { "ahead of" };
        say(&format!("The clock of this machine is {minutes} min {way} the server's."));
    }
    let version = if host.version.is_blank() { String::new() } else { format!(", version {}", host.version) };
    let title = if host.title.is_blank() { String::new() } else { format!("{}, ", host.title) };
    say(&format!("Found {title}{}{version}.", host.domain));
}

/// The registration of earlier, where its port is free and the server still knows it; or a new one.
async fn registration(host: &Host, scopes: &[String], accounts: &mut Accounts) -> Result<(App, Option<Callback>), LoginError> {
    if let Some(app) = accounts.app(host.server(), scopes).await?
        && let Some(port) = callback::port(&app.redirect)
        && let Ok(callback) = Callback::bind(port).await
        && host.knows(&app).await?
    {
        return Ok((app, Some(callback)));
    }
    // The port comes before the registration: GoToSocial compares redirects whole. Where none can be had codes are pasted.
    let callback = Callback::bind(0).await.inspect_err(|error| tracing::warn!(%error, "no port for the way back from the browser")).ok();
    let redirect = callback.as_ref().map_or(OUT_OF_BAND, Callback::redirect);
    let app = host.register(redirect, scopes).await?;
    accounts.keep_app(host.server(), &app).await?;
    Ok((app, callback))
}

/// Shows the addresses, and takes the first code that the server takes, whichever way it comes.
async fn grant(
    host: &Host,
    app: &App,
    callback: Option<&Callback>,
    scopes: &[String],
    attempt: &Attempt,
    lines: &mut Lines,
    say: &mut (impl FnMut(&str) + Send),
) -> Result<Granted, LoginError> {
    let opened = match callback {
        Some(callback) => open(&host.authorize(app, callback.redirect(), scopes, attempt)).await,
        None => Err("no port of this machine is free".to_owned()),
    };
    let shown = host.authorize(app, OUT_OF_BAND, scopes, attempt);
    match &opened {
        Ok(()) => say("Your browser has been asked to open the server's page. Where none opens, open this address anywhere:"),
        Err(reason) => say(&format!("No browser is opened here ({reason}). Open this address anywhere:")),
    }
    say(&format!("  {shown}"));
    say("and paste the code that it shows here (Ctrl-C cancels):");
    let mut typing = true;
    let mut last: Option<SignInError> = None;
    let mut stray = false;
    let listen = || async {
        let state = attempt.clone();
        match callback {
            Some(callback) => callback.wait(move |given| state.is_state(given)).await,
            None => std::future::pending().await,
        }
    };
    // One wait for all lines: a browser that is just being listened to is not hung up on because a line came.
    let mut browser = Box::pin(listen());
    loop {
        let (code, by_hand) = tokio::select! {
            back = &mut browser => match back {
                Back::Code(code) => (Code { code, redirect: app.redirect.clone() }, false),
                Back::Refusal(error, words) => return Err(host.turned_back(&error, &words).into()),
                Back::Stray(error, words) => {
                    if !std::mem::replace(&mut stray, true) {
                        say(&format!("The browser came back without saying from which sign-in: {}", host.turned_back(&error, &words)));
                    }
                    browser = Box::pin(listen());
                    continue;
                }
            },
            line = lines.next(), if typing => {
                let Some(line) = line else {
                    typing = false;
                    match (last.take(), &opened) {
                        (Some(error), _) => return Err(error.into()),
                        (None, Err(reason)) => return Err(LoginError::NoWay(reason.clone())),
                        (None, Ok(())) => continue,
                    }
                };
                match pasted(&line, host, app, attempt) {
                    Ok(Some(code)) => (code, true),
                    Ok(None) => continue,
                    Err(Pasted::Refused(error)) => return Err(error.into()),
                    Err(Pasted::Useless(words)) => {
                        say(words);
                        continue;
                    }
                }
            },
        };
        match host.token(app, &code, scopes, attempt).await {
            Ok(granted) => return Ok(granted),
            // Whoever mistyped can type again; the end of a pipe makes it the outcome.
            Err(error @ SignInError::WrongCode { .. }) if by_hand => {
                say(&error.to_string());
                last = Some(error);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Why what was pasted is no code.
#[derive(Debug)]
enum Pasted {
    Refused(SignInError),
    Useless(&'static str),
}

/// Opens an address in the browser of this machine; why not, in words.
async fn open(url: &Url) -> Result<(), String> {
    let address = WebAddress::read(url.as_str()).ok_or("it is not an address of the web")?;
    opener::open(&address).await.map_err(|error| error.to_string())
}

/// The code in what was pasted: itself, or the whole address that a browser ended at. `None` of an empty line.
fn pasted(line: &str, host: &Host, app: &App, attempt: &Attempt) -> Result<Option<Code>, Pasted> {
    let line = line.trim().trim_matches(['"', '\'', '<', '>']).trim();
    if line.is_empty() {
        return Ok(None);
    }
    let Ok(url) = Url::parse(line) else {
        let is_word = line.bytes().all(|byte| byte.is_ascii_graphic()) && line.len() <= 4096;
        if is_word {
            return Ok(Some(Code { code: line.to_owned(), redirect: OUT_OF_BAND.to_owned() }));
        }
        return Err(Pasted::Useless("That is no code: a code is one word of letters and digits. Paste it again:"));
    };
    let word = |name: &str| url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned());
    if word("state").is_some_and(|state| !attempt.is_state(&state)) {
        return Err(Pasted::Useless("That address belongs to another sign-in. Open the address above, and paste what it leads to:"));
    }
    if let Some(error) = word("error") {
        return Err(Pasted::Refused(host.turned_back(&error, &word("error_description").unwrap_or_default())));
    }
    let Some(code) = word("code").filter(|code| !code.is_empty()) else {
        return Err(Pasted::Useless("There is no code in that address. Say yes on the page first, and paste what it leads to:"));
    };
    // A browser that was sent to this machine did not find us there, but its address has the code.
    let is_ours = url.scheme() == "http" && url.host_str() == Some("127.0.0.1");
    let redirect = if is_ours { app.redirect.clone() } else { OUT_OF_BAND.to_owned() };
    Ok(Some(Code { code, redirect }))
}

/// What the account is called here: `user@domain`, or with the server's host where another server's account has that name
/// already. A server may call itself what it likes, but takes nobody's place.
fn called(user: &str, host: &Host, known: &[SavedAccount]) -> String {
    let name = format!("{user}@{}", host.domain);
    if known.iter().any(|account| account.name == name && account.server != *host.server()) {
        return format!("{user}@{}", name_of(host.server()));
    }
    name
}

/// The user name of the account that the token belongs to.
async fn verified(host: &Host, token: &Token) -> Result<String, SignInError> {
    let account = host.verify(token).await?;
    let user = account.acct.as_str().split('@').next().unwrap_or_default().to_owned();
    if user.is_empty() || user.contains(char::is_whitespace) {
        let words = Plain::line("the server gives the account no name");
        return Err(SignInError::Unverified { words });
    }
    Ok(user)
}

fn say_all(say: &mut impl FnMut(&str), accounts: &mut Accounts) {
    for notice in accounts.notices() {
        say(&notice);
    }
}

/// What a scope is asked for.
fn meaning(scope: &str) -> &'static str {
    match scope {
        oauth::READING => "your timelines, notifications, lists and what you follow",
        "write:statuses" => "remembering how far you have read; posts, boosts, votes",
        "write:favourites" => "favourites",
        "write:bookmarks" => "bookmarks",
        "write:follows" => "following people and hashtags",
        "write:mutes" => "muting",
        "write:blocks" => "blocking",
        _ => "",
    }
}

fn name_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_scope_that_is_asked_for_has_its_meaning() {
        for scope in std::iter::once(&oauth::READING).chain(&oauth::ACTING) {
            assert!(!meaning(scope).is_empty(), "{scope}");
        }
    }
}
