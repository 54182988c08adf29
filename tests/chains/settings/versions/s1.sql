-- Leave other settings
--
-- revision: s1
-- down_revision: none

-- migrate: upgrade sqlite
PRAGMA case_sensitive_like = ON;
PRAGMA ignore_check_constraints = ON;
CREATE TABLE s1 (id INTEGER CHECK (id > 0));
INSERT INTO s1 VALUES (-1);

-- migrate: upgrade postgres
SELECT pg_catalog.set_config('search_path', '', false);
SET TimeZone = 'Asia/Tokyo';
SET DateStyle = 'German';
SET standard_conforming_strings = off;
CREATE TABLE public.s1 (id integer);

-- migrate: upgrade mysql
SET sql_mode = 'ANSI_QUOTES,NO_BACKSLASH_ESCAPES';
SET time_zone = '+09:00', foreign_key_checks = 0;
CREATE TABLE s1 (id INT);

-- migrate: downgrade
DROP TABLE s1;
