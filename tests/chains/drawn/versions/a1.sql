-- Create users
--
-- revision: a1
-- down_revision: none

-- migrate: upgrade
CREATE TABLE a1 (id INTEGER);

-- migrate: downgrade
DROP TABLE a1;
