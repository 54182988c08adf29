-- Create the tables
--
-- revision: tables
-- down_revision: before
-- created: 2026-11-29T08:01:00Z

-- migrate: upgrade
CREATE TABLE numbers (id INTEGER PRIMARY KEY, times INTEGER NOT NULL);
CREATE TABLE mood (stop_at INTEGER);

-- migrate: downgrade
DROP TABLE mood;
DROP TABLE numbers;
