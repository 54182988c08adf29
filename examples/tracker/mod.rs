//! The tables of the issue tracker as structs. They are compared with `migrations/schema.lock` when they are compiled, for
//! each database that the chain serves: rename a column in a revision, and the build fails here.

#![allow(dead_code, reason = "no example reads every table")]

use embed_migrations::Table;
use sqlx::types::time::{Date, OffsetDateTime};

#[derive(Debug, sqlx::FromRow, Table)]
#[table(name = "users")]
pub struct User {
    pub id: i64,
    pub email: String,
    pub name: String,
    pub created_at: OffsetDateTime,
}

#[derive(Debug, sqlx::FromRow, Table)]
#[table(name = "projects")]
pub struct Project {
    pub id: i64,
    pub slug: String,
    pub name: String,
    pub owner_id: i64,
    pub created_at: OffsetDateTime,
    pub next_number: i32,
}

#[derive(Debug, sqlx::FromRow, Table)]
#[table(name = "issues")]
pub struct Issue {
    pub id: i64,
    pub project_id: i64,
    pub number: i32,
    pub title: String,
    pub body: String,
    #[table(as = String)]
    pub status: Status,
    pub author_id: i64,
    pub assignee_id: Option<i64>,
    pub created_at: OffsetDateTime,
    pub milestone_id: Option<i64>,
}

/// The column is a text with a CHECK on every database, so it is not an enum of PostgreSQL.
#[derive(Debug, sqlx::Type)]
#[sqlx(type_name = "text", rename_all = "snake_case")]
pub enum Status {
    Open,
    InReview,
    Closed,
}

/// An issue in a list: some of its columns.
#[derive(Debug, sqlx::FromRow, Table)]
#[table(name = "issues", partial)]
pub struct Headline {
    pub number: i32,
    pub title: String,
}

#[derive(Debug, sqlx::FromRow, Table)]
#[table(name = "comments")]
pub struct Comment {
    pub id: i64,
    pub issue_id: i64,
    pub author_id: i64,
    pub body: String,
    pub created_at: OffsetDateTime,
}

#[derive(Debug, sqlx::FromRow, Table)]
#[table(name = "labels")]
pub struct Label {
    pub id: i64,
    pub name: String,
    pub colour: String,
    pub description: String,
}

#[derive(Debug, sqlx::FromRow, Table)]
#[table(name = "issue_labels")]
pub struct IssueLabel {
    pub issue_id: i64,
    pub label_id: i64,
}

#[derive(Debug, sqlx::FromRow, Table)]
#[table(name = "milestones")]
pub struct Milestone {
    pub id: i64,
    pub project_id: i64,
    pub title: String,
    pub due_on: Option<Date>,
}

#[derive(Debug, sqlx::FromRow, Table)]
#[table(name = "issue_events")]
pub struct IssueEvent {
    pub id: i64,
    pub issue_id: i64,
    pub old_status: String,
    pub new_status: String,
    pub created_at: OffsetDateTime,
}

/// A view, whose columns are never NULL here.
#[derive(Debug, sqlx::FromRow, Table)]
#[table(name = "project_overview", view, not_null)]
pub struct ProjectOverview {
    pub id: i64,
    pub slug: String,
    pub name: String,
    pub issue_count: i64,
}
