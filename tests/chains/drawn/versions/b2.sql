-- Create teams
--
-- revision: b2
-- down_revision: a1
-- branch_labels: teams

-- migrate: upgrade
CREATE TABLE b2 (id INTEGER);

-- migrate: downgrade
DROP TABLE b2;
