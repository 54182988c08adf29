-- Show them again
--
-- revision: s4
-- down_revision: s3

-- migrate: upgrade sqlite
CREATE TABLE s4 AS SELECT 'A' LIKE 'a' AS same, 'a' || 'b' AS pipes;

-- migrate: upgrade postgres
CREATE TABLE s4 AS SELECT current_setting('TimeZone') AS zone, current_setting('DateStyle') AS dates,
    current_setting('search_path') AS path, 'a\\b' AS strings, timestamptz '2026-01-01 00:00' AS midnight,
    current_setting('client_encoding') AS encoding;

-- migrate: upgrade mysql
CREATE TABLE s4 AS SELECT @@sql_mode AS mode, @@time_zone AS zone, @@foreign_key_checks AS checked, 1 || 0 AS pipes,
    'a\\b' AS strings, @@character_set_client AS client, @@collation_connection AS collation, HEX('ü') AS text;

-- migrate: downgrade
DROP TABLE s4;
