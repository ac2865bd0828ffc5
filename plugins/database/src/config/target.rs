//! The location of the database, from the keys of the config.

use std::path::{Path, PathBuf};

use plugin_core::config::Secret;
use plugin_core::config::check;
use plugin_core::{Error, Result};

use super::{DatabaseConfig, Driver};

/// The location of the database.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Target {
    Sqlite(PathBuf),
    Mysql(Server),
}

/// A MySQL or MariaDB server, with its user.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Server {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) database: String,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<Secret>,
}

impl DatabaseConfig {
    /// The location of the database.
    ///
    /// # Errors
    ///
    /// Returns an error if keys of both drivers are set, or if one is missing.
    pub(crate) fn target(&self, data_dir: &Path) -> Result<Target> {
        let implied = if self.host.is_some() {
            Driver::Mysql
        } else {
            Driver::Sqlite
        };
        match self.driver.unwrap_or(implied) {
            Driver::Sqlite => self.file(data_dir).map(Target::Sqlite),
            Driver::Mysql => self.server().map(Target::Mysql),
        }
    }

    fn file(&self, data_dir: &Path) -> Result<PathBuf> {
        let server_keys = [
            ("host", self.host.is_some()),
            ("database", self.database.is_some()),
            ("username", self.username.is_some()),
            ("password", self.password.is_some()),
        ];
        if let Some((key, _)) = server_keys.iter().find(|(_, given)| *given) {
            return Err(Error::config(format!(
                "`{key}`: belongs to `driver: mysql`, and this is `sqlite`: set `host`, or remove `{key}`"
            )));
        }
        let path = self.path.as_deref().unwrap_or(Path::new("data.sqlite"));
        if path.as_os_str() == ":memory:" {
            return Err(Error::config(
                "`path`: must be a file: `:memory:` is not supported",
            ));
        }
        check::path("path", path)?;
        Ok(data_dir.join(path))
    }

    fn server(&self) -> Result<Server> {
        if self.path.is_some() {
            return Err(Error::config(
                "`path`: belongs to `driver: sqlite`: remove it, or remove `host`",
            ));
        }
        if let Some(host) = &self.host {
            check::host("host", host)?;
        }
        let missing = |key| Error::config(format!("`driver: mysql` needs `{key}`"));
        Ok(Server {
            host: self.host.clone().ok_or_else(|| missing("host"))?,
            port: self.port,
            database: self.database.clone().ok_or_else(|| missing("database"))?,
            username: self.username.clone(),
            password: self.password.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use plugin_core::ErrorKind;
    use serde_json::json;

    use super::*;

    fn target(json: serde_json::Value) -> Result<Target> {
        match serde_json::from_value::<DatabaseConfig>(json) {
            Ok(config) => config.target(Path::new("/data")),
            Err(error) => Err(Error::config(error.to_string())),
        }
    }

    #[test]
    fn nothing_at_all_is_a_file_in_the_data_directory() {
        assert_eq!(
            target(json!({})).unwrap(),
            Target::Sqlite("/data/data.sqlite".into())
        );
        assert_eq!(
            target(json!({"path": "/x/y.db"})).unwrap(),
            Target::Sqlite("/x/y.db".into())
        );
    }

    #[test]
    fn a_host_implies_mysql() {
        let server =
            target(json!({"host": "db", "database": "shop", "username": "u", "password": "p"}));
        let Ok(Target::Mysql(server)) = server else {
            panic!("{server:?}")
        };
        assert_eq!(
            (server.host.as_str(), server.port, server.database.as_str()),
            ("db", 3306, "shop")
        );
    }

    #[test]
    fn keys_of_two_drivers_do_not_mix() {
        for json in [
            json!({"driver": "sqlite", "host": "db"}),
            json!({"password": "p"}),
            json!({"path": ":memory:"}),
            json!({"host": "db", "database": "d", "path": "x"}),
            json!({"host": "db"}),
            json!({"driver": "mysql", "database": "d"}),
        ] {
            let error = target(json.clone()).expect_err(&json.to_string());
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        }
    }
}
