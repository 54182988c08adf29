fn main() -> Result<(), embed_migrations_build::Error> {
    embed_migrations_build::database("migrations")
}
