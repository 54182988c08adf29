-- Merge labels
--
-- revision: 57d6a263185a
-- down_revision: 3901904b750b, 40106820d641
-- created: 2026-03-18T11:19:02Z

-- migrate: upgrade

-- migrate: downgrade
