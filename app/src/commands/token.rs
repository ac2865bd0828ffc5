//! `token new`: a token, and what config says of it.

use plugin_admin::new_token;
use serde_json::json;

use crate::cli::{Token, TokenNew};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::{Format, Output};

pub(super) fn run(Token::New(asked): &Token, out: &mut Output) -> Result<Exit, Failure> {
    let TokenNew { name, role } = asked;
    let (token, hash) = new_token().map_err(Failure::Plugin)?;
    let (hash, role) = (hash.to_string(), role.as_str());
    let entry = json!({"name": name, "hash": hash, "role": role});
    match out.format() {
        Format::Json => out.json(&json!({"token": token, "config": entry})),
        // JSON is YAML too, whatever the name holds.
        Format::Human => out.text(format!(
            "token: {token}\nconfig, under `tokens` of `admin-plugin`:\n  - {entry}"
        )),
    }
    Ok(Exit::Ok)
}
