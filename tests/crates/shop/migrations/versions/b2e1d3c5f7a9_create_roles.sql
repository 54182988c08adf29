-- Create the roles, three of which are always there
--
-- revision: b2e1d3c5f7a9
-- down_revision: a1f0c2d4e6b8

-- migrate: upgrade
CREATE TABLE roles (id INTEGER PRIMARY KEY, name VARCHAR(50) NOT NULL UNIQUE);
CREATE TABLE members (user_id INTEGER NOT NULL REFERENCES users (id), role_id INTEGER NOT NULL REFERENCES roles (id));
INSERT INTO roles (id, name) VALUES (1, 'reader'), (2, 'writer'), (3, 'owner');

-- migrate: downgrade
DROP TABLE members;
DROP TABLE roles;
