-- Create the members table
--
-- revision: 27c6a30d7c24
-- down_revision: ae1027a6acf4

-- migrate: upgrade
CREATE TABLE members (id INTEGER PRIMARY KEY);

-- migrate: downgrade
DROP TABLE members;
