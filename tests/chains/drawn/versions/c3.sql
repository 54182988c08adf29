-- Say "hello" <to> `Tom` & Jerry; #1
--
-- revision: c3
-- down_revision: a1

-- migrate: upgrade
CREATE TABLE c3 (id INTEGER);

-- migrate: downgrade
DROP TABLE c3;
