//! A failed run, as an app hands it on: each report names the place in the revision file.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use embed_migrations::{AnyPool, Error};

use crate::support::Backend as _;
use crate::support::chain::Chain;
use crate::support::sqlite::Sqlite;

async fn failed() -> (Error, String) {
    let database = Sqlite::fresh().await;
    let chain = Chain::new()
        .revision("r1", "none")
        .up("CREATE TABEL t (n INT)");
    let error = chain.load().upgrade(database.db()).await.unwrap_err();
    let place = error.location().unwrap();
    assert!(place.ends_with("r1.sql:7:1"), "{place}");
    (error, place)
}

#[tokio::test]
async fn an_error_of_anyhow_shows_the_place() {
    use anyhow::Context as _;
    let (error, place) = failed().await;
    let started: anyhow::Result<()> = Err(error).context("the app cannot start");
    let error = started.unwrap_err();
    for text in [format!("{error:?}"), format!("{error:#}")] {
        assert!(
            text.contains("the app cannot start") && text.contains(&place),
            "{text}"
        );
        assert_eq!(text.matches("syntax error").count(), 1, "{text}");
    }
}

#[tokio::test]
async fn a_report_of_eyre_shows_the_place() {
    let (error, place) = failed().await;
    let text = format!("{:?}", eyre::Report::from(error));
    assert!(text.contains(&place), "{text}");
    assert_eq!(text.matches("syntax error").count(), 1, "{text}");
}

/// The error of a handler, as the documentation of axum makes it.
struct Failed(anyhow::Error);

impl<E: Into<anyhow::Error>> From<E> for Failed {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failed {
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, format!("{:#}", self.0)).into_response()
    }
}

#[tokio::test]
async fn a_handler_of_axum_shows_the_place() {
    async fn migrate(State(url): State<String>) -> Result<&'static str, Failed> {
        let chain = Chain::new()
            .revision("r1", "none")
            .up("CREATE TABEL t (n INT)");
        chain.load().upgrade(&AnyPool::new(&url)?).await?;
        Ok("current")
    }
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("app.db").display());
    let response = migrate(State(url)).await.into_response();
    assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let body = axum::body::to_bytes(response.into_body(), usize::MAX)
        .await
        .unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    assert!(text.contains("r1.sql:7:1"), "{text}");
}

/// For an app whose functions return the errors of sqlx.
#[tokio::test]
async fn an_error_of_sqlx_shows_the_place() {
    let (error, place) = failed().await;
    let error = sqlx::Error::from(error);
    assert!(error.to_string().contains(&place), "{error}");
}
