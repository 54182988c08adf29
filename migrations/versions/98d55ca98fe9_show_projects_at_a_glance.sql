-- Show projects at a glance
--
-- revision: 98d55ca98fe9
-- down_revision: c67a89163fde
-- created: 2026-06-22T10:41:17Z

-- migrate: upgrade
CREATE VIEW project_overview AS
SELECT
    projects.id,
    projects.slug,
    projects.name,
    COUNT(issues.id) AS issue_count,
    SUM(CASE WHEN issues.status <> 'closed' THEN 1 ELSE 0 END) AS open_count
FROM projects
LEFT JOIN issues ON issues.project_id = projects.id
GROUP BY projects.id, projects.slug, projects.name;

-- migrate: downgrade
DROP VIEW project_overview;
