-- Depends on the other branch
--
-- revision: d1
-- down_revision: none
-- depends_on: left
-- branch_labels: right
-- foreign_keys: off

-- migrate: upgrade
SELECT 1;

-- migrate: downgrade
SELECT 2;
