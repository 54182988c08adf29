-- Create addresses
--
-- revision: 3c0f6a1be2d7
-- down_revision: none
-- created: 2026-04-13T08:12:40Z

-- migrate: upgrade
CREATE TABLE addresses (id INTEGER PRIMARY KEY, city TEXT NOT NULL, country TEXT NOT NULL);

-- migrate: downgrade
DROP TABLE addresses;
