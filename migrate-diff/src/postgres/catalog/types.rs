//! Schemas, extensions, collations and types.

/// All schemas, and whether objects in them are written with its name.
pub const NAMESPACES: &str = "SELECT n.oid::text AS oid, quote_ident(nspname) AS name, \
    obj_description(n.oid, 'pg_namespace') AS comment, CASE WHEN nspname IN ('public', current_schema()) THEN 'yes' END AS is_given \
    FROM pg_namespace n WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' \
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_namespace'::regclass AND e.objid = n.oid AND e.deptype = 'e')";

pub const EXTENSIONS: &str = "SELECT e.oid::text AS oid, quote_ident(extname) AS name, quote_ident(nspname) AS schema \
    FROM pg_extension e JOIN pg_namespace n ON n.oid = extnamespace WHERE extname <> 'plpgsql'";

/// The columns of `pg_collation` have other names in each version.
pub const COLLATIONS: &str = concat!(
    "SELECT co.oid::text AS oid, co.oid::regcollation::text AS name, obj_description(co.oid, 'pg_collation') AS comment, \
     concat_ws(', ', 'provider = ' || CASE collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END, \
     'locale = ' || quote_literal(coalesce(to_jsonb(co) ->> 'colllocale', to_jsonb(co) ->> 'colliculocale', \
       CASE WHEN collprovider = 'i' OR collcollate = collctype THEN collcollate END)), \
     CASE WHEN collprovider = 'c' AND collcollate <> collctype THEN 'lc_collate = ' || quote_literal(collcollate) || ', lc_ctype = ' || quote_literal(collctype) END, \
     'rules = ' || quote_literal(to_jsonb(co) ->> 'collicurules'), \
     CASE WHEN NOT collisdeterministic THEN 'deterministic = false' END) AS options \
     FROM pg_collation co JOIN pg_namespace n ON n.oid = collnamespace WHERE",
    own!("pg_collation", "co.oid")
);

pub const ENUMS: &str = concat!(
    "SELECT t.oid::text AS oid, t.oid::regtype::text AS name, string_agg(enumlabel, chr(31) ORDER BY enumsortorder) AS labels, \
     obj_description(t.oid, 'pg_type') AS comment \
     FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace LEFT JOIN pg_enum ON enumtypid = t.oid WHERE typtype = 'e' AND",
    own!("pg_type", "t.oid"),
    "GROUP BY t.oid"
);

pub const COMPOSITES: &str = concat!(
    "SELECT t.oid::text AS oid, t.oid::regtype::text AS name, (SELECT string_agg(quote_ident(attname), chr(31) ORDER BY attnum) \
     FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS names, \
     (SELECT string_agg(format_type(atttypid, atttypmod) || \
     CASE WHEN attcollation <> a.typcollation THEN ' COLLATE ' || attcollation::regcollation ELSE '' END, chr(31) ORDER BY attnum) \
     FROM pg_attribute JOIN pg_type a ON a.oid = atttypid WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS types, \
     obj_description(t.oid, 'pg_type') AS comment, c.oid::text AS class \
     FROM pg_type t JOIN pg_class c ON c.oid = typrelid JOIN pg_namespace n ON n.oid = typnamespace WHERE relkind = 'c' AND",
    own!("pg_type", "t.oid")
);

pub const RANGES: &str = concat!(
    "SELECT t.oid::text AS oid, t.oid::regtype::text AS name, concat_ws(', ', 'SUBTYPE = ' || rngsubtype::regtype, \
     CASE WHEN rngsubdiff <> 0 THEN 'SUBTYPE_DIFF = ' || rngsubdiff::regproc END, \
     CASE WHEN rngcollation <> s.typcollation THEN 'COLLATION = ' || rngcollation::regcollation END) AS options, \
     obj_description(t.oid, 'pg_type') AS comment \
     FROM pg_type t JOIN pg_range ON rngtypid = t.oid JOIN pg_type s ON s.oid = rngsubtype JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'r' AND",
    own!("pg_type", "t.oid")
);

pub const DOMAINS: &str = concat!(
    "SELECT t.oid::text AS oid, t.oid::regtype::text AS name, format_type(t.typbasetype, t.typtypmod) AS type, \
     CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::regcollation::text END AS collation, \
     pg_get_expr(t.typdefaultbin, 0) AS \"default\", CASE WHEN t.typnotnull THEN 'yes' END AS not_null, \
     (SELECT string_agg('CONSTRAINT ' || quote_ident(conname) || ' ' || pg_get_constraintdef(k.oid, true), chr(31) ORDER BY conname) \
      FROM pg_constraint k WHERE contypid = t.oid AND contype = 'c') AS checks, obj_description(t.oid, 'pg_type') AS comment \
     FROM pg_type t JOIN pg_type b ON b.oid = t.typbasetype JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'd' AND",
    own!("pg_type", "t.oid")
);

pub const SEQUENCES: &str = concat!(
    "SELECT c.oid::text AS oid, c.oid::regclass::text AS name, format_type(seqtypid, NULL) AS type, seqincrement::text AS increment, \
     seqmin::text AS minimum, seqmax::text AS maximum, seqstart::text AS start, seqcache::text AS cache, CASE WHEN seqcycle THEN 'yes' END AS cycles, \
     d.refobjid::text AS owner, d.refobjsubid::text AS owner_column, obj_description(c.oid, 'pg_class') AS comment, \
     CASE WHEN relpersistence = 'u' THEN 'yes' END AS unlogged \
     FROM pg_class c JOIN pg_sequence ON seqrelid = c.oid JOIN pg_namespace n ON n.oid = relnamespace \
     LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'a' AND d.refobjsubid > 0 \
     WHERE NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_class'::regclass AND i.objid = c.oid AND i.deptype = 'i') AND",
    own!("pg_class", "c.oid")
);
