-- Say how the next revision is to behave
--
-- revision: mood
-- down_revision: none

-- migrate: upgrade
CREATE TABLE mood (what text NOT NULL);
CREATE TABLE notes (id serial PRIMARY KEY, text text NOT NULL);

-- migrate: downgrade
DROP TABLE notes;
DROP TABLE mood;
