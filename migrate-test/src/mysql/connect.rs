use std::time::{Duration, Instant};

use sqlx::mysql::MySqlConnectOptions;
use sqlx::{ConnectOptions as _, MySqlConnection};

use super::query::has_no_room;
use crate::error::Error;

/// A connection of its own.
pub async fn connection(options: &MySqlConnectOptions) -> Result<MySqlConnection, Error> {
    patiently(|| options.connect()).await
}

/// Connects, again and again while the server has no room.
pub async fn patiently<C, F>(connect: impl Fn() -> F) -> Result<C, Error>
where
    F: Future<Output = Result<C, sqlx::Error>>,
{
    const PATIENCE: Duration = Duration::from_mins(2);
    let started = Instant::now();
    loop {
        match connect().await {
            Err(error) if has_no_room(&error) && started.elapsed() < PATIENCE => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            result => {
                return result.map_err(|error| {
                    Error::database("the MySQL server cannot be reached", error)
                        .help("start it, correct DATABASE_URL, or unset it, so that a private server is started")
                });
            }
        }
    }
}
