-- Make a table with a column of each kind
--
-- revision: words
-- down_revision: none

-- migrate: upgrade sqlite
CREATE TABLE words (id INTEGER PRIMARY KEY, word VARCHAR(40), small SMALLINT, weight DOUBLE, narrow FLOAT, flag BOOLEAN, raw BLOB, at DATETIME);

-- migrate: upgrade postgres
CREATE TABLE words (id INTEGER PRIMARY KEY, word VARCHAR(40), small SMALLINT, weight DOUBLE PRECISION, narrow REAL, flag BOOLEAN, raw BYTEA, at TIMESTAMPTZ);

-- migrate: upgrade mysql
CREATE TABLE words (id INTEGER PRIMARY KEY, word VARCHAR(40) CHARACTER SET utf8mb4, small SMALLINT UNSIGNED, weight DOUBLE, narrow FLOAT, flag BOOLEAN, raw BLOB, at DATETIME);
