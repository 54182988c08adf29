-- Find open issues fast
--
-- revision: c67a89163fde
-- down_revision: 95e87f164577
-- created: 2026-06-08T16:05:29Z

-- migrate: upgrade sqlite postgres
-- migrate: allow index-blocks-writes there were few issues yet
CREATE INDEX issues_open_idx ON issues (project_id, created_at) WHERE status <> 'closed';

-- migrate: upgrade mysql
-- MySQL has no partial indexes.
CREATE INDEX issues_open_idx ON issues (project_id, status, created_at);

-- migrate: downgrade sqlite postgres
DROP INDEX issues_open_idx;

-- migrate: downgrade mysql
DROP INDEX issues_open_idx ON issues;
