-- Create the teams table
--
-- revision: ae1027a6acf4
-- down_revision: 1975ea83b712

-- migrate: upgrade
CREATE TABLE teams (id INTEGER PRIMARY KEY);

-- migrate: downgrade
DROP TABLE teams;
