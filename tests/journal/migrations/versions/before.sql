-- Keep what was there before
--
-- revision: before
-- down_revision: none
-- created: 2026-11-29T08:00:00Z

-- migrate: upgrade
CREATE TABLE kept (id INTEGER);

-- migrate: downgrade
DROP TABLE kept;
