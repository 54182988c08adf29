-- Make the tables
--
-- revision: tables
-- down_revision: none

-- migrate: upgrade
CREATE TABLE numbers (id INTEGER PRIMARY KEY, times INTEGER NOT NULL);
CREATE TABLE words (word VARCHAR(20) PRIMARY KEY, times INTEGER NOT NULL);
CREATE TABLE mood (stop_at INTEGER);
