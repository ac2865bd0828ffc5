//! The plugin: events and the service, both on one open database.

use plugin_contracts::{DataQuery, DataQueryResult, DataSave, DataSaved, Database, Row};
use plugin_core::prelude::*;
use serde_json::Value;

use crate::backend::Backend;
use crate::config::DatabaseConfig;

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
    ) -> Result<Self> {
        let backend = Backend::open(&config, data_dir.path()).await?;
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
        match self.backend.ping().await {
            Ok(()) => Health::Healthy,
            Err(error) => Health::Unhealthy(error.to_string()),
        }
    }

    /// One transaction for all that wait: what a commit costs is paid once.
    #[subscribe(batch = 256)]
    async fn save(&self, events: Batch<DataSave>) -> Result<()> {
        let rows: Vec<_> = events
            .iter()
            .map(|event| (event.table.as_str(), &event.data))
            .collect();
        let outcomes = self.backend.save(&rows).await?;
        let mut refused = Refused::default();
        for (event, outcome) in events.iter().zip(outcomes) {
            match outcome {
                Ok(id) => {
                    let table = event.table.clone();
                    self.saved.publish(DataSaved { table, id }).await?;
                }
                Err(error) => refused.add(event, error),
            }
        }
        refused.into_result(events.len())
    }

    #[subscribe]
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

/// The rows of a batch that were not saved: each is logged, the first one becomes the error.
#[derive(Default)]
struct Refused {
    count: usize,
    first: Option<Error>,
}

impl Refused {
    fn add(&mut self, event: &Envelope<DataSave>, error: Error) {
        tracing::warn!(event = %event.id(), table = %event.table, "row not saved: {error}");
        self.count += 1;
        self.first.get_or_insert(error);
    }

    fn into_result(self, of: usize) -> Result<()> {
        match self.first {
            None => Ok(()),
            Some(error) => {
                Err(error.context(format!("{} of {of} rows were not saved", self.count)))
            }
        }
    }
}
