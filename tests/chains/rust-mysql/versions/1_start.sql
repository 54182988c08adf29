-- Start
--
-- revision: start
-- down_revision: none

-- migrate: upgrade
CREATE TABLE notes (id INT AUTO_INCREMENT PRIMARY KEY, text VARCHAR(40));
CREATE TABLE mood (what VARCHAR(40));

-- migrate: downgrade
DROP TABLE mood;
DROP TABLE notes;
