-- Create the users table
--
-- revision: a1f0c2d4e6b8
-- down_revision: none

-- migrate: upgrade
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);

-- migrate: downgrade
DROP TABLE users;
