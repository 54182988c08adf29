-- Make names unique
--
-- revision: h2
-- down_revision: h1
-- transaction: off

-- migrate: upgrade
CREATE TABLE names (name VARCHAR(50));
CREATE UNIQUE INDEX users_name ON users (name);

-- migrate: downgrade
DROP INDEX users_name;
DROP TABLE names;
