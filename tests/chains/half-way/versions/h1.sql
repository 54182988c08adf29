-- Create users
--
-- revision: h1
-- down_revision: none

-- migrate: upgrade
CREATE TABLE users (id INTEGER PRIMARY KEY, name VARCHAR(50));
INSERT INTO users VALUES (1, 'ada'), (2, 'ada');

-- migrate: downgrade
DROP TABLE users;
