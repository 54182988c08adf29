-- Begin another branch
--
-- revision: side
-- down_revision: none
-- depends_on: tables
-- branch_labels: aside
-- created: 2026-11-29T08:03:00Z

-- migrate: upgrade
CREATE TABLE side (id INTEGER);

-- migrate: downgrade
DROP TABLE side;
