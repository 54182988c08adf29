mod sixty;

type Connection = sqlx::PgConnection;

sixty::sixty!(sqlx::PgPool; a b c d e f g h i j);
