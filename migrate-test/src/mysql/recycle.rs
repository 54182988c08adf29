use std::collections::BTreeMap;
use std::sync::Arc;

use sqlx::MySqlConnection;

use super::catalog::quoted;
use super::name::{Mark, Pooled, like};
use super::query::{fetch, text};
use super::server::Server;
use super::template::{Template, answers};
use crate::error::Error;
use crate::provide::Request;

impl Server {
    /// The name of a database that is as the chain has built it: one that was used before, or a new one.
    pub async fn ready(self: &Arc<Self>, slot: u32, request: &Request) -> Result<String, Error> {
        let template = self.template(request).await?;
        for name in self.used_before(&template.key, slot).await? {
            if template.is_recyclable && self.becomes(&name, &template, &template.reset).await? {
                return Ok(name);
            }
            self.drop_later(name);
        }
        self.forget_if_gone(&template).await;
        let name = Pooled::new(&template.key, slot).to_string();
        if let Some(script) = &template.script {
            self.create(&name).await?;
            if self.becomes(&name, &template, script).await? {
                return Ok(name);
            }
            self.drop_database(&name).await;
        }
        self.create_with_chain(&name, request.migrations.as_ref())
            .await?;
        Ok(name)
    }

    /// Makes a database as the template is, by one message; false if that cannot be done.
    async fn becomes(&self, name: &str, template: &Template, message: &str) -> Result<bool, Error> {
        let mut helper = self.helper().await?;
        let sql = format!("USE {};\n{message}", quoted(name));
        let is_like = match answers(&mut helper, &sql).await {
            Ok(found) => restore_counters(&mut helper, template, &found).await,
            Err(_) => false,
        };
        // A session that is found in a test database was leaked, and is ended.
        let _ = helper.close().await;
        Ok(is_like)
    }

    /// The databases that belong to this share, those that are kept left out. Nobody may be connected to them: what still is
    /// has been leaked.
    async fn used_before(&self, key: &str, slot: u32) -> Result<Vec<String>, Error> {
        let beginning = like(&Pooled::beginning(key, slot));
        let sql = format!(
            "SELECT s.schema_name, CAST(NULL AS CHAR) FROM information_schema.schemata s WHERE s.schema_name LIKE '{beginning}' \
             AND NOT EXISTS (SELECT 1 FROM information_schema.tables t WHERE t.table_schema = s.schema_name AND t.table_name LIKE '{}') \
             UNION ALL SELECT db, CAST(id AS CHAR) FROM information_schema.processlist WHERE db LIKE '{beginning}'",
            like(Mark::BEGINNING)
        );
        let mut keeper = self.keeper.lock().await;
        let keeper = keeper.connected(&self.options()).await?;
        let rows = fetch(keeper, &sql).await?;
        let mut names = Vec::new();
        for row in &rows {
            match (text(row, 0), text(row, 1)) {
                (Some(name), None) if Pooled::parse(&name).is_some() => names.push(name),
                (_, Some(connection)) => {
                    let _ = fetch(keeper, &format!("KILL {connection}")).await;
                }
                _ => {}
            }
        }
        Ok(names)
    }

    /// A reset fails also when somebody has dropped the template.
    async fn forget_if_gone(&self, template: &Template) {
        let sql = format!(
            "SELECT 1 FROM information_schema.schemata WHERE schema_name LIKE '{}'",
            like(&format!(
                "{}template_{}_",
                crate::name::PREFIX,
                template.key
            ))
        );
        if let Ok(mut helper) = self.helper().await
            && fetch(&mut helper, &sql)
                .await
                .is_ok_and(|rows| rows.is_empty())
        {
            self.forget_templates();
        }
    }
}

/// Sets the counters that a test has moved; false if the schema is another one.
async fn restore_counters(
    connection: &mut MySqlConnection,
    template: &Template,
    found: &str,
) -> bool {
    let (expected, found) = (lines(&template.answers), lines(found));
    if expected.get("") != found.get("") {
        return false;
    }
    let counters: Vec<String> = expected
        .iter()
        .filter(|(table, value)| !table.is_empty() && found.get(*table) != Some(value))
        .map(|(table, value)| format!("ALTER TABLE {} AUTO_INCREMENT = {value};", quoted(table)))
        .collect();
    counters.is_empty() || fetch(connection, &counters.concat()).await.is_ok()
}

/// The rows of the answers, by their names; that of the fingerprint has none.
fn lines(answers: &str) -> BTreeMap<&str, &str> {
    answers
        .lines()
        .filter_map(|line| line.split_once('\t'))
        .collect()
}
