-- Create the names table
--
-- revision: a1
-- down_revision: none

-- migrate: upgrade
CREATE TABLE names (name VARCHAR(50) NOT NULL);

-- migrate: downgrade
DROP TABLE names;
