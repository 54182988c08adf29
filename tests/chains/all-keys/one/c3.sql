-- A squash – with every key, and “words” of several lines
-- that go on here.
--
-- revision: c3
-- down_revision: none
-- branch_labels: left, links
-- created: 2026-03-02T09:14:51Z
-- transaction: off
-- foreign_keys: on
-- irreversible: the old rows are gone
-- replaces: c1, c2, c3
-- replaced_digest: 0000000000000000000000000000000000000000000000000000000000000000

-- migrate: upgrade sqlite
SELECT 'ünï;cödé';

-- migrate: upgrade mysql
SELECT "it's";
