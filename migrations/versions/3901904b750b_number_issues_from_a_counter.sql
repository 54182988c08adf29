-- Number issues from a counter
--
-- revision: 3901904b750b
-- down_revision: d9b2a3e426a8
-- created: 2026-03-16T07:55:20Z

-- migrate: upgrade
ALTER TABLE projects ADD COLUMN next_number INTEGER NOT NULL DEFAULT 1;

-- Existing projects go on behind their last issue.
-- migrate: allow lock-outlasts there are few projects
UPDATE projects
SET next_number = (
    SELECT COALESCE(MAX(issues.number), 0) + 1
    FROM issues
    WHERE issues.project_id = projects.id
);

-- migrate: downgrade
ALTER TABLE projects DROP COLUMN next_number;
