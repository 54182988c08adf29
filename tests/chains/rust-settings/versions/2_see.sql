-- See what is set
--
-- revision: see
-- down_revision: set

-- migrate: upgrade
CREATE TEMP TABLE scratch (a);
CREATE TABLE seen AS SELECT 'a' LIKE 'A' AS alike, (SELECT * FROM pragma_recursive_triggers) AS recursive,
    (SELECT group_concat(name) FROM pragma_database_list WHERE name = 'other') AS attached;
