//! Sends the spans of a run to OpenTelemetry: one for the run, and one below it for each revision.
//!
//! The exporter here prints them. With `opentelemetry-otlp` instead of `opentelemetry-stdout` a collector gets them.

use std::error::Error;

use embed_migrations::{Migrations, embed_migrations};
use opentelemetry::trace::TracerProvider as _;
use opentelemetry_sdk::trace::SdkTracerProvider;
use opentelemetry_stdout::SpanExporter;
use sqlx::SqlitePool;
use tracing_subscriber::prelude::*;

static MIGRATIONS: Migrations = embed_migrations!("../../migrations");

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = SdkTracerProvider::builder()
        .with_simple_exporter(SpanExporter::default())
        .build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("app"));
    tracing_subscriber::registry().with(layer).init();

    let pool = SqlitePool::connect("sqlite::memory:").await?;
    MIGRATIONS.upgrade(&pool).await?;

    // Sends what is left before the process ends.
    provider.shutdown()?;
    Ok(())
}
