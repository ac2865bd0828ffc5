//! The plugin: its event handlers and its service, both on one open database.

use plugin_contracts::{DataQuery, DataQueryResult, DataSave, DataSaved, Database, Row};
use plugin_core::prelude::*;
use serde_json::Value;

use crate::backend::Backend;
use crate::config::{DatabaseConfig, Target};
use crate::store::Saving;

/// Saves and queries rows in SQLite or MySQL.
#[derive(Debug)]
pub struct SqlDatabase {
    backend: Backend,
    saved: Publisher<DataSaved>,
    found: Publisher<DataQueryResult>,
}

/// Keeps rows in SQLite or MySQL.
#[plugin(name = "database-plugin", provides(Database))]
impl SqlDatabase {
    #[init]
    async fn init(
        Config(config): Config<DatabaseConfig>,
        data_dir: DataDir,
        saved: Publisher<DataSaved>,
        found: Publisher<DataQueryResult>,
        meter: Meter,
    ) -> Result<Self> {
        let backend = Backend::open(&config, data_dir.path()).await?;
        backend.measure(&meter)?;
        if let Target::Sqlite(file) = config.target(data_dir.path())? {
            data_dir.keep(file)?;
        }
        Ok(Self {
            backend,
            saved,
            found,
        })
    }

    #[stop]
    async fn stop(&self) {
        self.backend.close().await;
    }

    #[health]
    async fn health(&self) -> Health {
        match self.backend.health().await {
            Ok(()) => Health::Healthy,
            Err(error) => Health::Unavailable(error.to_string()),
        }
    }

    /// All waiting events are saved in one transaction, so that the cost of a commit is paid once.
    /// Temporary failures, such as a restart of the server, are retried; a row that arrives again
    /// is recognized by its event's key.
    #[subscribe(
        batch = 256,
        retry = 5,
        backoff = "500ms",
        max_backoff = "10s",
        breaker = 3,
        open_for = "5s"
    )]
    async fn save(&self, events: Batch<DataSave>) -> Result<BatchOutcome> {
        let rows: Vec<_> = events.iter().map(saving).collect();
        let outcomes = self.backend.save(&rows).await?;
        let mut told = Vec::with_capacity(outcomes.len());
        for (event, outcome) in events.iter().zip(outcomes) {
            told.push(match outcome {
                Ok(id) => self.tell(event, id).await,
                Err(error) => Err(error),
            });
        }
        Ok(told.into_iter().collect())
    }

    #[subscribe(retry = 3)]
    async fn query(&self, event: &DataQuery) -> Result<()> {
        let results = self.backend.ask(&event.query, &event.params).await?;
        let query = event.query.clone();
        self.found
            .publish(DataQueryResult { query, results })
            .await?;
        Ok(())
    }
}

#[service]
impl Database for SqlDatabase {
    async fn insert(&self, table: &str, row: &Row) -> Result<i64> {
        self.backend.insert(table, row).await
    }

    async fn query(&self, query: &str, params: &[Value]) -> Result<Vec<Row>> {
        self.backend.query(query, params).await
    }

    async fn execute(&self, statement: &str, params: &[Value]) -> Result<u64> {
        self.backend.execute(statement, params).await
    }
}

impl SqlDatabase {
    async fn tell(&self, event: &DataSave, id: i64) -> Result<()> {
        let table = event.table.clone();
        Ok(self.saved.publish(DataSaved { table, id }).await?)
    }
}

fn saving(event: &Envelope<DataSave>) -> Saving<'_> {
    Saving {
        event: event.delivery_key(),
        table: &event.table,
        row: &event.data,
    }
}
