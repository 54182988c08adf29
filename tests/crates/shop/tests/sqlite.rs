mod sixty;

type Connection = sqlx::SqliteConnection;

sixty::sixty!(sqlx::SqlitePool; a b c d e f g h i j);
