//! A token that a command of the reader's prints, as a password manager does.
//!
//! The command is a line for the shell, as the reader wrote it. Its first line of output is the token; it is in no log.
//! Absent on purpose: keeping it. Whoever uses a command wants it kept there alone.

use super::AccountsError;
use crate::mastodon::Token;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

/// How long the command may take: somebody may have to type a password.
const PATIENCE: Duration = Duration::from_secs(60);
/// Most of its output that is read, in bytes.
const MOST_BYTES: u64 = 64 * 1024;

/// Runs the command and takes the token that it prints; it finds the server's host in `TRUNKLINE_SERVER`.
pub async fn token_from(command: &str, host: &str) -> Result<Token, AccountsError> {
    let (shell, option) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
    let mut command_line = Command::new(shell);
    command_line.arg(option).arg(command).env("TRUNKLINE_SERVER", host).env_remove("TRUNKLINE_TOKEN");
    // It may ask at the terminal, and its complaints are the reader's: there is no screen yet.
    command_line.stdin(Stdio::inherit()).stderr(Stdio::inherit()).stdout(Stdio::piped()).kill_on_drop(true);
    let failed = |words: String| AccountsError::Command(words);
    let run = async {
        let mut child = command_line.spawn().map_err(|error| failed(format!("cannot be run: {error}")))?;
        let mut output = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            stdout.take(MOST_BYTES).read_to_end(&mut output).await.map_err(|error| failed(format!("cannot be read: {error}")))?;
        }
        let status = child.wait().await.map_err(|error| failed(format!("cannot be waited for: {error}")))?;
        if !status.success() {
            return Err(failed(format!("failed ({status})")));
        }
        let output = String::from_utf8(output).map_err(|_| failed("printed something that is no text".to_owned()))?;
        let first = output.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        Token::new(first).map_err(|error| failed(format!("printed no token: {error}")))
    };
    let late = || failed(format!("was not done within {} s", PATIENCE.as_secs()));
    tokio::time::timeout(PATIENCE, run).await.unwrap_or_else(|_| Err(late()))
}
