-- Make a parent and a child, and say which revision is to drop the parent
--
-- revision: family
-- down_revision: none

-- migrate: upgrade
CREATE TABLE mood (what TEXT NOT NULL);
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (p INTEGER REFERENCES p (id) ON DELETE CASCADE);
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1);
