-- Apply, roll back and apply again
--
-- revision: again
-- down_revision: outside
-- created: 2026-11-29T08:04:00Z

-- migrate: upgrade
CREATE TABLE again (id INTEGER);

-- migrate: downgrade
DROP TABLE again;
