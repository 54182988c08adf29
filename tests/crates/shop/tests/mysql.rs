mod sixty;

type Connection = sqlx::MySqlConnection;

sixty::sixty!(sqlx::MySqlPool; a b c d e f g h i j);
