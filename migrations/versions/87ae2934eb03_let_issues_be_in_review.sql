-- Let issues be in review
--
-- revision: 87ae2934eb03
-- down_revision: c7f462376c2d
-- foreign_keys: off
-- created: 2026-04-20T14:48:56Z

-- migrate: upgrade sqlite
-- SQLite cannot change a CHECK: the table is built anew.
CREATE TABLE issues_new (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT 'open'
        CONSTRAINT issues_status_check CHECK (status IN ('open', 'in_review', 'closed')),
    author_id INTEGER NOT NULL REFERENCES users (id),
    assignee_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    milestone_id INTEGER REFERENCES milestones (id) ON DELETE SET NULL,
    UNIQUE (project_id, number)
);
INSERT INTO issues_new
SELECT id, project_id, number, title, body, status, author_id, assignee_id, created_at, milestone_id FROM issues;
-- migrate: allow rebuild-copies done while nobody works
DROP TABLE issues;
ALTER TABLE issues_new RENAME TO issues;
CREATE INDEX issues_author_idx ON issues (author_id);
CREATE INDEX issues_assignee_idx ON issues (assignee_id);
CREATE INDEX issues_milestone_idx ON issues (milestone_id);

-- migrate: upgrade postgres mysql
ALTER TABLE issues DROP CONSTRAINT issues_status_check;
-- migrate: allow check-scans there were few issues yet
-- migrate: allow alter-copies there were few issues yet
ALTER TABLE issues ADD CONSTRAINT issues_status_check CHECK (status IN ('open', 'in_review', 'closed'));

-- migrate: downgrade sqlite
CREATE TABLE issues_old (
    id INTEGER PRIMARY KEY,
    project_id INTEGER NOT NULL REFERENCES projects (id) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    title TEXT NOT NULL,
    body TEXT NOT NULL DEFAULT '',
    status TEXT NOT NULL DEFAULT 'open'
        CONSTRAINT issues_status_check CHECK (status IN ('open', 'closed')),
    author_id INTEGER NOT NULL REFERENCES users (id),
    assignee_id INTEGER REFERENCES users (id) ON DELETE SET NULL,
    created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP,
    milestone_id INTEGER REFERENCES milestones (id) ON DELETE SET NULL,
    UNIQUE (project_id, number)
);
INSERT INTO issues_old
SELECT
    id, project_id, number, title, body,
    -- An issue in review is not closed yet.
    CASE status WHEN 'in_review' THEN 'open' ELSE status END,
    author_id, assignee_id, created_at, milestone_id
FROM issues;
DROP TABLE issues;
ALTER TABLE issues_old RENAME TO issues;
CREATE INDEX issues_author_idx ON issues (author_id);
CREATE INDEX issues_assignee_idx ON issues (assignee_id);
CREATE INDEX issues_milestone_idx ON issues (milestone_id);

-- migrate: downgrade postgres mysql
-- An issue in review is not closed yet.
UPDATE issues SET status = 'open' WHERE status = 'in_review';
ALTER TABLE issues DROP CONSTRAINT issues_status_check;
ALTER TABLE issues ADD CONSTRAINT issues_status_check CHECK (status IN ('open', 'closed'));
