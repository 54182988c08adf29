-- Create users
--
-- revision: a1
-- down_revision: none

-- migrate: upgrade
CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL);

-- migrate: downgrade
DROP TABLE users;
