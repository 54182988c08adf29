-- Import users
--
-- revision: e5
-- down_revision: a1
-- branch_labels: import
-- depends_on: c3

-- migrate: upgrade
CREATE TABLE e5 (id INTEGER);

-- migrate: downgrade
DROP TABLE e5;
