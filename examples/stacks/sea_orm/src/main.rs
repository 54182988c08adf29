//! An app on SeaORM 2, which is built on sqlx 0.9: the chain runs on SeaORM's own pool.

use embed_migrations::{Migrations, embed_migrations};
use sea_orm::{ActiveModelTrait, ActiveValue, Database, EntityTrait};

static MIGRATIONS: Migrations = embed_migrations!("../migrations");

mod user {
    use sea_orm::entity::prelude::*;

    #[derive(Clone, Debug, DeriveEntityModel, PartialEq)]
    #[sea_orm(table_name = "users")]
    pub struct Model {
        #[sea_orm(primary_key)]
        pub id: i32,
        pub name: String,
    }

    #[derive(Clone, Copy, Debug, DeriveRelation, EnumIter)]
    pub enum Relation {}

    impl ActiveModelBehavior for ActiveModel {}
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::var("DATABASE_URL")?;
    let db = Database::connect(format!("{url}?mode=rwc")).await?;

    // SeaORM 1 is built on sqlx 0.8: there it is `AnyPool::new(&url)?`.
    let report = MIGRATIONS.upgrade(db.get_sqlite_connection_pool()).await?;
    println!("{report}");

    let ann = user::ActiveModel {
        name: ActiveValue::Set("Ann".to_owned()),
        ..Default::default()
    };
    ann.insert(&db).await?;
    let user = user::Entity::find().one(&db).await?.ok_or("a user")?;
    println!("{}", user.name);
    Ok(())
}
