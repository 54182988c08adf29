-- Create the users table
--
-- revision: 1975ea83b712
-- down_revision: none

-- migrate: upgrade
CREATE TABLE users (id INTEGER PRIMARY KEY);

-- migrate: downgrade
DROP TABLE users;
