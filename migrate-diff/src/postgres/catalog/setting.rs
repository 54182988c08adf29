//! Small things that are set on an object, each with the statement that sets it and the one that takes it back.
//!
//! `class`, `oid` and `sub` are the address of what it belongs to, `needs_class` and `needs_oid` what else it needs.

/// A part of the query, with the columns of all of them.
macro_rules! part {
    ($what:literal, $class:literal, $oid:literal, $sub:literal, $needs:literal, $set:literal, $unset:literal, $from:literal) => {
        concat!(
            "SELECT ",
            $what,
            " AS what, '",
            $class,
            "' AS class, ",
            $oid,
            "::text AS oid, (",
            $sub,
            ")::text AS sub, ",
            $needs,
            "::text AS needs, ",
            $set,
            " AS set, ",
            $unset,
            " AS unset ",
            $from
        )
    };
}

macro_rules! union {
    ($first:expr $(, $rest:expr)* $(,)?) => { concat!($first $(, " UNION ALL ", $rest)*) };
}

pub const SETTINGS: &str = union!(
    concat!(
        part!(
            "'statistics of ' || quote_ident(attname)",
            "pg_class",
            "attrelid",
            "attnum",
            "NULL",
            "format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS %s', attrelid::regclass, attname, attstattarget)",
            "format('ALTER TABLE %s ALTER COLUMN %I SET STATISTICS -1', attrelid::regclass, attname)",
            "FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace \
             WHERE attstattarget >= 0 AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'm', 'f') AND"
        ),
        own!("pg_class", "c.oid")
    ),
    concat!(
        part!(
            "'statistics of column ' || attnum",
            "pg_class",
            "attrelid",
            "0",
            "NULL",
            "format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS %s', attrelid::regclass, attnum, attstattarget)",
            "format('ALTER INDEX %s ALTER COLUMN %s SET STATISTICS -1', attrelid::regclass, attnum)",
            "FROM pg_attribute JOIN pg_index ON indexrelid = attrelid JOIN pg_class c ON c.oid = indrelid JOIN pg_namespace n ON n.oid = relnamespace \
             WHERE attstattarget >= 0 AND attnum > 0 AND NOT attisdropped AND"
        ),
        own!("pg_class", "c.oid")
    ),
    concat!(
        part!(
            "'storage of ' || quote_ident(attname)",
            "pg_class",
            "attrelid",
            "attnum",
            "NULL",
            "format('ALTER TABLE %s ALTER COLUMN %I SET STORAGE %s', attrelid::regclass, attname, \
               CASE attstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END)",
            "format('ALTER TABLE %s ALTER COLUMN %I SET STORAGE %s', attrelid::regclass, attname, \
               CASE typstorage WHEN 'p' THEN 'PLAIN' WHEN 'e' THEN 'EXTERNAL' WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END)",
            "FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_type y ON y.oid = atttypid \
             WHERE attstorage <> typstorage AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'm') AND"
        ),
        own!("pg_class", "c.oid")
    ),
    concat!(
        part!(
            "'compression of ' || quote_ident(attname)",
            "pg_class",
            "attrelid",
            "attnum",
            "NULL",
            "format('ALTER TABLE %s ALTER COLUMN %I SET COMPRESSION %s', attrelid::regclass, attname, CASE attcompression WHEN 'l' THEN 'lz4' ELSE 'pglz' END)",
            "format('ALTER TABLE %s ALTER COLUMN %I SET COMPRESSION default', attrelid::regclass, attname)",
            "FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace \
             WHERE attcompression <> '' AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'm') AND"
        ),
        own!("pg_class", "c.oid")
    ),
    concat!(
        part!(
            "'options of ' || quote_ident(attname)",
            "pg_class",
            "attrelid",
            "attnum",
            "NULL",
            "format('ALTER TABLE %s ALTER COLUMN %I SET (%s)', attrelid::regclass, attname, (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(attoptions) o))",
            "format('ALTER TABLE %s ALTER COLUMN %I RESET (%s)', attrelid::regclass, attname, \
               (SELECT string_agg(split_part(o, '=', 1), ', ' ORDER BY o) FROM unnest(attoptions) o))",
            "FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace \
             WHERE attoptions IS NOT NULL AND attnum > 0 AND NOT attisdropped AND relkind IN ('r', 'p', 'm', 'f') AND"
        ),
        own!("pg_class", "c.oid")
    ),
    concat!(
        part!(
            "'foreign options of ' || quote_ident(attname)",
            "pg_class",
            "attrelid",
            "attnum",
            "NULL",
            "format('ALTER FOREIGN TABLE %s ALTER COLUMN %I OPTIONS (%s)', attrelid::regclass, attname, \
               (SELECT string_agg(format('ADD %I %L', option_name, option_value), ', ' ORDER BY option_name) FROM pg_options_to_table(attfdwoptions)))",
            "format('ALTER FOREIGN TABLE %s ALTER COLUMN %I OPTIONS (%s)', attrelid::regclass, attname, \
               (SELECT string_agg(format('DROP %I', option_name), ', ' ORDER BY option_name) FROM pg_options_to_table(attfdwoptions)))",
            "FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace \
             WHERE attfdwoptions IS NOT NULL AND attnum > 0 AND NOT attisdropped AND"
        ),
        own!("pg_class", "c.oid")
    ),
    // The default of an inherited column, where it is not that of its parent.
    concat!(
        part!(
            "'default of ' || quote_ident(a.attname)",
            "pg_class",
            "a.attrelid",
            "a.attnum",
            "NULL",
            "format('ALTER TABLE %s ALTER COLUMN %I %s', a.attrelid::regclass, a.attname, coalesce('SET DEFAULT ' || pg_get_expr(d.adbin, d.adrelid), 'DROP DEFAULT'))",
            "format('ALTER TABLE %s ALTER COLUMN %I %s', a.attrelid::regclass, a.attname, coalesce('SET DEFAULT ' || pg_get_expr(e.adbin, e.adrelid), 'DROP DEFAULT'))",
            "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = relnamespace \
             JOIN pg_inherits h ON inhrelid = a.attrelid JOIN pg_attribute p ON p.attrelid = inhparent AND p.attname = a.attname AND p.attnum > 0 AND NOT p.attisdropped \
             LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum LEFT JOIN pg_attrdef e ON e.adrelid = p.attrelid AND e.adnum = p.attnum \
             WHERE a.attinhcount > 0 AND a.attgenerated = '' AND pg_get_expr(d.adbin, d.adrelid) IS DISTINCT FROM pg_get_expr(e.adbin, e.adrelid) AND"
        ),
        own!("pg_class", "c.oid")
    ),
    // That an inherited column refuses NULL, where its parents do not.
    concat!(
        part!(
            "'NOT NULL of ' || quote_ident(a.attname)",
            "pg_class",
            "a.attrelid",
            "a.attnum",
            "NULL",
            "format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL', a.attrelid::regclass, a.attname)",
            "format('ALTER TABLE %s ALTER COLUMN %I DROP NOT NULL', a.attrelid::regclass, a.attname)",
            "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = relnamespace \
             WHERE a.attinhcount > 0 AND a.attnotnull AND NOT EXISTS (SELECT FROM pg_inherits JOIN pg_attribute p ON p.attrelid = inhparent \
             WHERE inhrelid = a.attrelid AND p.attname = a.attname AND p.attnotnull) AND"
        ),
        own!("pg_class", "c.oid")
    ),
    concat!(
        part!(
            "'default of ' || quote_ident(attname)",
            "pg_class",
            "attrelid",
            "attnum",
            "NULL",
            "format('ALTER TABLE %s ALTER COLUMN %I SET DEFAULT %s', attrelid::regclass, attname, pg_get_expr(adbin, adrelid))",
            "format('ALTER TABLE %s ALTER COLUMN %I DROP DEFAULT', attrelid::regclass, attname)",
            "FROM pg_attribute JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace \
             WHERE relkind = 'v' AND"
        ),
        own!("pg_class", "c.oid")
    ),
    // Of columns that are no objects of their own: inherited ones, and those of views and composite types.
    concat!(
        part!(
            "'comment on ' || quote_ident(attname)",
            "pg_class",
            "attrelid",
            "attnum",
            "NULL",
            "format('COMMENT ON COLUMN %s.%I IS %L', attrelid::regclass, attname, description)",
            "format('COMMENT ON COLUMN %s.%I IS NULL', attrelid::regclass, attname)",
            "FROM pg_attribute JOIN pg_description ON classoid = 'pg_class'::regclass AND objoid = attrelid AND objsubid = attnum \
             JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE (attinhcount > 0 OR relkind IN ('v', 'm', 'c')) AND"
        ),
        own!("pg_class", "c.oid")
    ),
    concat!(
        part!(
            "'replica identity'",
            "pg_class",
            "c.oid",
            "0",
            "i.indexrelid",
            "format('ALTER TABLE %s REPLICA IDENTITY %s', c.oid::regclass, CASE relreplident WHEN 'f' THEN 'FULL' WHEN 'n' THEN 'NOTHING' \
               ELSE 'USING INDEX ' || (SELECT quote_ident(relname) FROM pg_class x WHERE x.oid = i.indexrelid) END)",
            "format('ALTER TABLE %s REPLICA IDENTITY DEFAULT', c.oid::regclass)",
            "FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace LEFT JOIN pg_index i ON indrelid = c.oid AND indisreplident AND relreplident = 'i' \
             WHERE relkind IN ('r', 'p', 'm') AND relreplident <> 'd' AND"
        ),
        own!("pg_class", "c.oid")
    ),
    concat!(
        part!(
            "'cluster on'",
            "pg_class",
            "c.oid",
            "0",
            "indexrelid",
            "format('ALTER TABLE %s CLUSTER ON %s', c.oid::regclass, (SELECT quote_ident(relname) FROM pg_class x WHERE x.oid = indexrelid))",
            "format('ALTER TABLE %s SET WITHOUT CLUSTER', c.oid::regclass)",
            "FROM pg_index JOIN pg_class c ON c.oid = indrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE indisclustered AND"
        ),
        own!("pg_class", "c.oid")
    ),
    concat!(
        part!(
            "'TOAST options'",
            "pg_class",
            "c.oid",
            "0",
            "NULL",
            "format('ALTER TABLE %s SET (%s)', c.oid::regclass, (SELECT string_agg('toast.' || o, ', ' ORDER BY o) FROM unnest(x.reloptions) o))",
            "format('ALTER TABLE %s RESET (%s)', c.oid::regclass, (SELECT string_agg('toast.' || split_part(o, '=', 1), ', ' ORDER BY o) FROM unnest(x.reloptions) o))",
            "FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_class x ON x.oid = c.reltoastrelid WHERE x.reloptions IS NOT NULL AND"
        ),
        own!("pg_class", "c.oid")
    ),
    concat!(
        part!(
            "'options'",
            "pg_constraint",
            "k.oid",
            "0",
            "NULL",
            "format('ALTER INDEX %s SET (%s)', conindid::regclass, (SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(x.reloptions) o))",
            "format('ALTER INDEX %s RESET (%s)', conindid::regclass, (SELECT string_agg(split_part(o, '=', 1), ', ' ORDER BY o) FROM unnest(x.reloptions) o))",
            "FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_class x ON x.oid = conindid \
             WHERE contype IN ('p', 'u', 'x') AND x.reloptions IS NOT NULL AND"
        ),
        own!("pg_class", "c.oid")
    ),
    // A trigger that a partition has from its parent, and whose state is another there.
    concat!(
        part!(
            "'state of trigger ' || quote_ident(t.tgname)",
            "pg_class",
            "t.tgrelid",
            "0",
            "NULL",
            "format('ALTER TABLE %s %s TRIGGER %I', t.tgrelid::regclass, CASE t.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' \
               WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END, t.tgname)",
            "format('ALTER TABLE %s %s TRIGGER %I', t.tgrelid::regclass, CASE p.tgenabled WHEN 'D' THEN 'DISABLE' WHEN 'R' THEN 'ENABLE REPLICA' \
               WHEN 'A' THEN 'ENABLE ALWAYS' ELSE 'ENABLE' END, t.tgname)",
            "FROM pg_trigger t JOIN pg_trigger p ON p.oid = t.tgparentid JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = relnamespace \
             WHERE NOT t.tgisinternal AND t.tgenabled <> p.tgenabled AND"
        ),
        own!("pg_class", "c.oid")
    ),
    concat!(
        part!(
            "'comment on ' || quote_ident(conname)",
            "pg_type",
            "contypid",
            "0",
            "NULL",
            "format('COMMENT ON CONSTRAINT %I ON DOMAIN %s IS %L', conname, contypid::regtype, description)",
            "format('COMMENT ON CONSTRAINT %I ON DOMAIN %s IS NULL', conname, contypid::regtype)",
            "FROM pg_constraint k JOIN pg_description ON classoid = 'pg_constraint'::regclass AND objoid = k.oid JOIN pg_type t ON t.oid = contypid \
             JOIN pg_namespace n ON n.oid = typnamespace WHERE"
        ),
        own!("pg_type", "t.oid")
    ),
    part!(
        "'comment'",
        "pg_namespace",
        "n.oid",
        "0",
        "NULL",
        "format('COMMENT ON SCHEMA %I IS %L', nspname, obj_description(n.oid, 'pg_namespace'))",
        "format('COMMENT ON SCHEMA %I IS %L', nspname, CASE nspname WHEN 'public' THEN 'standard public schema' END)",
        "FROM pg_namespace n WHERE nspname IN ('public', current_schema()) \
         AND obj_description(n.oid, 'pg_namespace') IS DISTINCT FROM CASE nspname WHEN 'public' THEN 'standard public schema' END"
    ),
    part!(
        "'user mapping of ' || CASE umuser WHEN 0 THEN 'PUBLIC' ELSE quote_ident(usename) END",
        "pg_foreign_server",
        "srvid",
        "0",
        "NULL",
        "format('CREATE USER MAPPING FOR %s SERVER %I', CASE umuser WHEN 0 THEN 'PUBLIC' ELSE quote_ident(usename) END, srvname) \
           || coalesce(' OPTIONS (' || (SELECT string_agg(format('%I %L', option_name, option_value), ', ' ORDER BY option_name) \
           FROM pg_options_to_table(umoptions)) || ')', '')",
        "format('DROP USER MAPPING FOR %s SERVER %I', CASE umuser WHEN 0 THEN 'PUBLIC' ELSE quote_ident(usename) END, srvname)",
        "FROM pg_user_mappings"
    ),
);
