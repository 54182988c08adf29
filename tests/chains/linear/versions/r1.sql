-- Create users
--
-- revision: r1
-- down_revision: none

-- migrate: upgrade
CREATE TABLE t1 (id INTEGER PRIMARY KEY);

-- migrate: downgrade
DROP TABLE t1;
