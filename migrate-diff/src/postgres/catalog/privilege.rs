//! Privileges.

/// The rights of each role on each object, and those it would have if nobody had granted or revoked anything.
pub const PRIVILEGES: &str = concat!(
    "SELECT class, oid::text AS oid, sub::text AS sub, (SELECT quote_ident(attname) FROM pg_attribute WHERE attrelid = oid AND attnum = sub AND sub > 0) AS \"column\", \
     CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS role, \
     string_agg(privilege, ', ' ORDER BY privilege) FILTER (WHERE NOT is_default AND NOT is_grantable) AS plain, \
     string_agg(privilege, ', ' ORDER BY privilege) FILTER (WHERE NOT is_default AND is_grantable) AS grantable, \
     string_agg(privilege, ', ' ORDER BY privilege) FILTER (WHERE is_default) AS usual FROM (",
    "SELECT 'pg_class' AS class, c.oid, 0 AS sub, relowner AS owner, x.grantee, x.privilege_type AS privilege, x.is_grantable, is_default \
     FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace CROSS JOIN (VALUES (false), (true)) AS v (is_default) \
     CROSS JOIN aclexplode(CASE WHEN is_default THEN acldefault(CASE WHEN relkind = 'S' THEN 's'::\"char\" ELSE 'r'::\"char\" END, relowner) ELSE relacl END) x \
     WHERE relacl IS NOT NULL AND relkind IN ('r', 'p', 'v', 'm', 'S', 'f') AND",
    own!("pg_class", "c.oid"),
    "UNION ALL SELECT 'pg_class', c.oid, attnum, relowner, x.grantee, x.privilege_type, x.is_grantable, false \
     FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace CROSS JOIN aclexplode(attacl) x \
     WHERE attacl IS NOT NULL AND NOT attisdropped AND",
    own!("pg_class", "c.oid"),
    "UNION ALL SELECT 'pg_proc', p.oid, 0, proowner, x.grantee, x.privilege_type, x.is_grantable, is_default \
     FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace CROSS JOIN (VALUES (false), (true)) AS v (is_default) \
     CROSS JOIN aclexplode(CASE WHEN is_default THEN acldefault('f', proowner) ELSE proacl END) x WHERE proacl IS NOT NULL AND",
    own!("pg_proc", "p.oid"),
    "UNION ALL SELECT 'pg_type', t.oid, 0, typowner, x.grantee, x.privilege_type, x.is_grantable, is_default \
     FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace CROSS JOIN (VALUES (false), (true)) AS v (is_default) \
     CROSS JOIN aclexplode(CASE WHEN is_default THEN acldefault('T', typowner) ELSE typacl END) x WHERE typacl IS NOT NULL AND",
    own!("pg_type", "t.oid"),
    "UNION ALL SELECT 'pg_namespace', n.oid, 0, nspowner, x.grantee, x.privilege_type, x.is_grantable, is_default \
     FROM pg_namespace n CROSS JOIN (VALUES (false), (true)) AS v (is_default) \
     CROSS JOIN aclexplode(CASE WHEN is_default THEN acldefault('n', nspowner) ELSE nspacl END) x WHERE nspacl IS NOT NULL AND",
    own!("pg_namespace", "n.oid"),
    ") AS grants WHERE grantee <> owner GROUP BY class, oid, sub, grantee"
);

/// Rights on what is created later. In one schema they come on top of those that everything has from the beginning.
pub const DEFAULTS: &str = "SELECT quote_ident(pg_get_userbyid(defaclrole)) AS owner, \
    CASE WHEN defaclrole = (SELECT oid FROM pg_roles WHERE rolname = current_user) THEN 'yes' END AS is_own, quote_ident(nspname) AS schema, \
    CASE defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES' WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' ELSE 'SCHEMAS' END AS kind, \
    CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END AS role, \
    string_agg(privilege_type, ', ' ORDER BY privilege_type) FILTER (WHERE NOT is_usual AND NOT is_grantable) AS plain, \
    string_agg(privilege_type, ', ' ORDER BY privilege_type) FILTER (WHERE NOT is_usual AND is_grantable) AS grantable, \
    string_agg(privilege_type, ', ' ORDER BY privilege_type) FILTER (WHERE is_usual) AS usual \
    FROM pg_default_acl LEFT JOIN pg_namespace n ON n.oid = defaclnamespace CROSS JOIN (VALUES (false), (true)) AS v (is_usual) \
    CROSS JOIN aclexplode(CASE WHEN NOT is_usual THEN defaclacl WHEN defaclnamespace = 0 \
      THEN acldefault(CASE defaclobjtype WHEN 'S' THEN 's'::\"char\" ELSE defaclobjtype END, defaclrole) END) x \
    GROUP BY defaclrole, nspname, defaclobjtype, grantee";
