-- Merge teams
--
-- revision: d4
-- down_revision: b2, c3

-- migrate: upgrade
CREATE TABLE d4 (id INTEGER);

-- migrate: downgrade
DROP TABLE d4;
