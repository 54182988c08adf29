//! The queries of PostgreSQL's catalogs. Every value comes as text, every name as SQL writes it.

use migrate_chain::Dialect;

use crate::touched::Touched;

/// What belongs to an extension comes with it.
macro_rules! own {
    ($class:literal, $oid:literal) => {
        concat!(
            " n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend e ",
            "WHERE e.classid = '",
            $class,
            "'::regclass AND e.objid = ",
            $oid,
            " AND e.deptype = 'e') "
        )
    };
}

/// A query for what is touched alone. Schemas and extensions are few, and always read.
pub(super) fn of(sql: &str, touched: &Touched) -> String {
    let Some(names) = touched.list(Dialect::Postgres) else {
        return sql.to_owned();
    };
    let conditions = [
        ("c.oid", format!("c.relname IN {names}")),
        ("t.oid", format!("t.typname IN {names}")),
        ("p.oid", format!("p.proname IN {names}")),
        ("n.oid", format!("n.nspname IN {names}")),
        // An index may have a name that the text does not show.
        (
            "indrelid",
            format!("indrelid IN (SELECT oid FROM pg_class WHERE relname IN {names})"),
        ),
    ];
    conditions
        .iter()
        .fold(sql.to_owned(), |sql, (oid, condition)| {
            let own = format!("e.objid = {oid} AND e.deptype = 'e') ");
            sql.replace(&own, &format!("{own}AND {condition} "))
        })
}

pub(super) const NAMESPACES: &str = "SELECT n.oid, quote_ident(nspname), obj_description(n.oid, 'pg_namespace') FROM pg_namespace n \
    WHERE nspname !~ '^pg_' AND nspname NOT IN ('information_schema', 'public') AND nspname <> current_schema() \
    AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = 'pg_namespace'::regclass AND e.objid = n.oid AND e.deptype = 'e')";

pub(super) const EXTENSIONS: &str = "SELECT e.oid, quote_ident(extname), quote_ident(nspname) FROM pg_extension e \
    JOIN pg_namespace n ON n.oid = extnamespace WHERE extname <> 'plpgsql'";

pub(super) const ENUMS: &str = concat!(
    "SELECT t.oid, t.oid::regtype::text, string_agg(quote_literal(enumlabel), ', ' ORDER BY enumsortorder), obj_description(t.oid, 'pg_type') \
     FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace LEFT JOIN pg_enum ON enumtypid = t.oid WHERE typtype = 'e' AND",
    own!("pg_type", "t.oid"),
    "GROUP BY t.oid"
);

pub(super) const COMPOSITES: &str = concat!(
    "SELECT t.oid, t.oid::regtype::text, (SELECT string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) \
     FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped), obj_description(t.oid, 'pg_type'), c.oid \
     FROM pg_type t JOIN pg_class c ON c.oid = typrelid JOIN pg_namespace n ON n.oid = typnamespace WHERE relkind = 'c' AND",
    own!("pg_type", "t.oid")
);

pub(super) const RANGES: &str = concat!(
    "SELECT t.oid, t.oid::regtype::text, concat_ws(', ', 'SUBTYPE = ' || rngsubtype::regtype, \
     CASE WHEN rngsubdiff <> 0 THEN 'SUBTYPE_DIFF = ' || rngsubdiff::regproc END), obj_description(t.oid, 'pg_type') \
     FROM pg_type t JOIN pg_range ON rngtypid = t.oid JOIN pg_namespace n ON n.oid = typnamespace WHERE typtype = 'r' AND",
    own!("pg_type", "t.oid")
);

pub(super) const DOMAINS: &str = concat!(
    "SELECT t.oid, t.oid::regtype::text, format_type(t.typbasetype, t.typtypmod), \
     CASE WHEN t.typcollation <> b.typcollation THEN t.typcollation::regcollation::text END, t.typdefault, \
     CASE WHEN t.typnotnull THEN 'yes' END, \
     (SELECT string_agg('CONSTRAINT ' || quote_ident(conname) || ' ' || pg_get_constraintdef(k.oid, true), E'\\n' ORDER BY conname) \
      FROM pg_constraint k WHERE contypid = t.oid AND contype = 'c'), obj_description(t.oid, 'pg_type') \
     FROM pg_type t JOIN pg_type b ON b.oid = t.typbasetype JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'd' AND",
    own!("pg_type", "t.oid")
);

pub(super) const SEQUENCES: &str = concat!(
    "SELECT c.oid, c.oid::regclass::text, format_type(seqtypid, NULL), seqincrement, seqmin, seqmax, seqstart, seqcache, seqcycle, \
     d.refobjid, d.refobjsubid, obj_description(c.oid, 'pg_class'), CASE WHEN relpersistence = 'u' THEN 'yes' END \
     FROM pg_class c JOIN pg_sequence ON seqrelid = c.oid JOIN pg_namespace n ON n.oid = relnamespace \
     LEFT JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'a' AND d.refobjsubid > 0 \
     WHERE NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_class'::regclass AND i.objid = c.oid AND i.deptype = 'i') AND",
    own!("pg_class", "c.oid")
);

pub(super) const RELATIONS: &str = concat!(
    "SELECT c.oid, relkind, c.oid::regclass::text, CASE WHEN relpersistence = 'u' THEN 'yes' END, \
     CASE WHEN relkind = 'p' THEN pg_get_partkeydef(c.oid) END, CASE WHEN relispartition THEN pg_get_expr(relpartbound, c.oid) END, \
     (SELECT string_agg(inhparent::regclass::text, ', ' ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid), \
     CASE WHEN relrowsecurity THEN 'yes' END, CASE WHEN relforcerowsecurity THEN 'yes' END, array_to_string(reloptions, ', '), \
     obj_description(c.oid, 'pg_class'), CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid, true) END, \
     CASE WHEN relkind IN ('v', 'm') THEN (SELECT string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod), ', ' ORDER BY attnum) \
      FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) END \
     FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'p', 'v', 'm') AND",
    own!("pg_class", "c.oid")
);

/// The columns of a partition and those that are inherited are their parent's.
pub(super) const COLUMNS: &str = concat!(
    "SELECT attrelid, attnum, quote_ident(attname), format_type(atttypid, atttypmod), CASE WHEN attnotnull THEN 'yes' END, \
     pg_get_expr(adbin, adrelid), attgenerated, attidentity, CASE WHEN attcollation <> typcollation THEN attcollation::regcollation::text END, \
     col_description(attrelid, attnum), concat_ws(' ', CASE WHEN seqincrement <> 1 THEN 'INCREMENT BY ' || seqincrement END, \
     CASE WHEN seqmin <> 1 THEN 'MINVALUE ' || seqmin END, \
     CASE WHEN seqmax NOT IN (32767, 2147483647, 9223372036854775807) THEN 'MAXVALUE ' || seqmax END, \
     CASE WHEN seqstart <> 1 THEN 'START WITH ' || seqstart END, CASE WHEN seqcache <> 1 THEN 'CACHE ' || seqcache END, CASE WHEN seqcycle THEN 'CYCLE' END) \
     FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_type t ON t.oid = atttypid \
     LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum \
     LEFT JOIN pg_depend i ON i.classid = 'pg_class'::regclass AND i.refclassid = 'pg_class'::regclass AND i.refobjid = attrelid \
       AND i.refobjsubid = attnum AND i.deptype = 'i' AND attidentity <> '' \
     LEFT JOIN pg_sequence ON seqrelid = i.objid \
     WHERE relkind IN ('r', 'p') AND attnum > 0 AND NOT attisdropped AND attinhcount = 0 AND NOT relispartition AND",
    own!("pg_class", "c.oid"),
    "ORDER BY attrelid, attnum"
);

pub(super) const CONSTRAINTS: &str = concat!(
    "SELECT k.oid, conrelid, quote_ident(conname), pg_get_constraintdef(k.oid, true), NULLIF(conindid, 0), obj_description(k.oid, 'pg_constraint'), contype \
     FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid JOIN pg_namespace n ON n.oid = relnamespace \
     WHERE contype IN ('p', 'u', 'c', 'f', 'x') AND conparentid = 0 AND coninhcount = 0 AND relkind IN ('r', 'p') AND",
    own!("pg_class", "c.oid")
);

pub(super) const INDEXES: &str = concat!(
    "SELECT indexrelid, indrelid, indexrelid::regclass::text, quote_ident(c.relname), pg_get_indexdef(indexrelid, 0, true), \
     CASE WHEN NOT indisvalid THEN 'yes' END, obj_description(indexrelid, 'pg_class') \
     FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE NOT c.relispartition AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x')) AND",
    own!("pg_class", "indrelid")
);

pub(super) const FUNCTIONS: &str = concat!(
    "SELECT p.oid, p.oid::regprocedure::text, prokind, pg_get_functiondef(p.oid), pg_get_function_arguments(p.oid), pg_get_function_result(p.oid), \
     quote_ident(nspname), CASE WHEN nspname = current_schema() THEN 'yes' END, obj_description(p.oid, 'pg_proc') \
     FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE prokind IN ('f', 'p', 'w') \
     AND NOT EXISTS (SELECT FROM pg_depend i WHERE i.classid = 'pg_proc'::regclass AND i.objid = p.oid AND i.deptype = 'i') AND",
    own!("pg_proc", "p.oid")
);

pub(super) const TRIGGERS: &str = concat!(
    "SELECT t.oid, tgrelid, quote_ident(tgname), pg_get_triggerdef(t.oid, true), tgenabled, obj_description(t.oid, 'pg_trigger') \
     FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid JOIN pg_namespace n ON n.oid = relnamespace \
     WHERE NOT tgisinternal AND tgparentid = 0 AND",
    own!("pg_class", "c.oid")
);

pub(super) const POLICIES: &str = concat!(
    "SELECT l.oid, polrelid, quote_ident(polname), CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, \
     CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, \
     (SELECT string_agg(CASE WHEN role = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END, ', ') FROM unnest(polroles) role), \
     pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid), obj_description(l.oid, 'pg_policy') \
     FROM pg_policy l JOIN pg_class c ON c.oid = polrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE",
    own!("pg_class", "c.oid")
);

/// What somebody may do with something, and what that would be had nobody granted or revoked anything.
pub(super) const PRIVILEGES: &str = concat!(
    "SELECT class, oid, sub, CASE WHEN grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END, \
     string_agg(privilege, ', ' ORDER BY privilege) FILTER (WHERE NOT is_default AND NOT is_grantable), \
     string_agg(privilege, ', ' ORDER BY privilege) FILTER (WHERE NOT is_default AND is_grantable), \
     string_agg(privilege, ', ' ORDER BY privilege) FILTER (WHERE is_default) FROM (",
    "SELECT 'pg_class' AS class, c.oid, 0 AS sub, relowner AS owner, x.grantee, x.privilege_type AS privilege, x.is_grantable, is_default \
     FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace CROSS JOIN (VALUES (false), (true)) AS v (is_default) \
     CROSS JOIN aclexplode(CASE WHEN is_default THEN acldefault(CASE WHEN relkind = 'S' THEN 's'::\"char\" ELSE 'r'::\"char\" END, relowner) ELSE relacl END) x \
     WHERE relacl IS NOT NULL AND relkind IN ('r', 'p', 'v', 'm', 'S') AND",
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
     CROSS JOIN aclexplode(CASE WHEN is_default THEN acldefault('n', nspowner) ELSE nspacl END) x WHERE nspacl IS NOT NULL AND nspname <> 'public' AND",
    own!("pg_namespace", "n.oid"),
    ") AS grants WHERE grantee <> owner GROUP BY class, oid, sub, grantee"
);

/// Other oids that mean an object: the rule of a view, the default of a column, the index of a constraint, the array of a
/// type, the row of a table, the members of an extension.
pub(super) const ALIASES: &str = "SELECT 'pg_rewrite', oid, 'pg_class', ev_class, 0 FROM pg_rewrite WHERE oid >= 16384 \
    UNION ALL SELECT 'pg_attrdef', oid, 'pg_class', adrelid, adnum FROM pg_attrdef \
    UNION ALL SELECT 'pg_class', conindid, 'pg_constraint', oid, 0 FROM pg_constraint WHERE contype IN ('p', 'u', 'x') AND conindid <> 0 \
    UNION ALL SELECT 'pg_type', typarray, 'pg_type', oid, 0 FROM pg_type WHERE typarray <> 0 AND oid >= 16384 \
    UNION ALL SELECT 'pg_type', oid, 'pg_class', typrelid, 0 FROM pg_type WHERE typrelid <> 0 AND oid >= 16384 \
    UNION ALL SELECT 'pg_constraint', oid, 'pg_type', contypid, 0 FROM pg_constraint WHERE contypid <> 0 \
    UNION ALL SELECT classid::regclass::text, objid, 'pg_extension', refobjid, 0 FROM pg_depend WHERE deptype = 'e'";

pub(super) const DEPENDENCIES: &str = "SELECT classid::regclass::text, objid, objsubid, refclassid::regclass::text, refobjid, refobjsubid FROM pg_depend \
    WHERE deptype IN ('n', 'a', 'P', 'S') AND objid >= 16384 AND refobjid >= 16384";
