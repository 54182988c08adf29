-- Create countries
--
-- revision: 8e51d9b7c460
-- down_revision: 3c0f6a1be2d7
-- created: 2026-04-14T11:50:03Z

-- migrate: upgrade
CREATE TABLE countries (code TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE);
ALTER TABLE addresses ADD COLUMN country_code TEXT REFERENCES countries (code);

-- migrate: downgrade
ALTER TABLE addresses DROP COLUMN country_code;
DROP TABLE countries;
