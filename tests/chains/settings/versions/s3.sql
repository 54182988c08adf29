-- Leave other settings outside a transaction
--
-- revision: s3
-- down_revision: s2
-- transaction: off
-- migrate: upgrade sqlite
PRAGMA recursive_triggers = ON;
CREATE TABLE s3 (id INTEGER CHECK (id > 0));
PRAGMA case_sensitive_like = ON;

-- migrate: upgrade postgres
SET search_path = '';
CREATE TABLE public.s3 (id integer);
SET TimeZone = 'Europe/Zurich';

-- migrate: upgrade mysql
SET sql_mode = 'PIPES_AS_CONCAT';
CREATE TABLE s3 (id INT);
SET time_zone = '+01:00';

-- migrate: downgrade
DROP TABLE s3;
