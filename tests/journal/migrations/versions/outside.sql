-- Run outside a transaction
--
-- revision: outside
-- down_revision: tables
-- created: 2026-11-29T08:02:00Z
-- transaction: off

-- migrate: upgrade
CREATE TABLE one (id INTEGER);
INSERT INTO later VALUES (1);
CREATE TABLE two (id INTEGER);

-- migrate: downgrade
DROP TABLE two;
DELETE FROM later;
DROP TABLE one;
