-- Say how the next revision is to behave
--
-- revision: mood
-- down_revision: none

-- migrate: upgrade
CREATE TABLE mood (what TEXT NOT NULL);
CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL);

-- migrate: downgrade
DROP TABLE notes;
DROP TABLE mood;
