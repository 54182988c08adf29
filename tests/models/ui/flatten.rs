use embed_migrations::Table;

#[derive(Table)]
#[table(name = "places", partial)]
struct Address {
    city: String,
}

#[derive(Table)]
#[table(name = "places")]
struct Place {
    id: i64,
    #[sqlx(flatten)]
    address: Address,
}

fn main() {}
