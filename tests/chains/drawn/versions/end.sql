-- End the import, which takes a while and has a long message that no narrow terminal can show
--
-- revision: end
-- down_revision: e5

-- migrate: upgrade
CREATE TABLE the_end (id INTEGER);

-- migrate: downgrade
DROP TABLE the_end;
