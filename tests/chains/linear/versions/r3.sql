-- Create invoices
--
-- revision: r3
-- down_revision: r2

-- migrate: upgrade
CREATE TABLE t3 (id INTEGER PRIMARY KEY);

-- migrate: downgrade
DROP TABLE t3;
