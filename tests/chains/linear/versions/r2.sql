-- Create teams
--
-- revision: r2
-- down_revision: r1

-- migrate: upgrade
CREATE TABLE t2 (id INTEGER PRIMARY KEY);
CREATE INDEX t2_id ON t2 (id);

-- migrate: downgrade
DROP TABLE t2;
