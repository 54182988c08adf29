//! Tables and views with what belongs to them.

pub const RELATIONS: &str = concat!(
    "SELECT c.oid::text AS oid, relkind::text AS kind, c.oid::regclass::text AS name, CASE WHEN relpersistence = 'u' THEN 'yes' END AS unlogged, \
     CASE WHEN relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS partition_by, CASE WHEN relispartition THEN pg_get_expr(relpartbound, c.oid) END AS bound, \
     (SELECT string_agg(inhparent::regclass::text, chr(31) ORDER BY inhseqno) FROM pg_inherits WHERE inhrelid = c.oid) AS parents, \
     CASE WHEN relrowsecurity THEN 'yes' END AS row_security, CASE WHEN relforcerowsecurity THEN 'yes' END AS force_row_security, \
     array_to_string(reloptions, chr(31)) AS options, \
     CASE WHEN reloftype <> 0 THEN reloftype::regtype::text END AS of_type, \
     CASE WHEN relkind = 'f' THEN (SELECT quote_ident(srvname) || coalesce(' OPTIONS (' || (SELECT string_agg(quote_ident(option_name) || ' ' || \
       quote_literal(option_value), ', ' ORDER BY option_name) FROM pg_options_to_table(ftoptions)) || ')', '') \
       FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = ftserver WHERE ftrelid = c.oid) END AS server, \
     obj_description(c.oid, 'pg_class') AS comment, CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid, true) END AS query, \
     CASE WHEN relkind = 'm' AND NOT relispopulated THEN 'yes' END AS is_empty, \
     CASE WHEN relkind IN ('v', 'm') THEN (SELECT string_agg(quote_ident(attname) || ' ' || format_type(atttypid, atttypmod), chr(31) ORDER BY attnum) \
      FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) END AS columns \
     FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND",
    own!("pg_class", "c.oid")
);

/// All columns. Those that are inherited are their parent's.
pub const COLUMNS: &str = concat!(
    "SELECT attrelid::text AS table_oid, attnum::text AS place, quote_ident(attname) AS name, format_type(atttypid, atttypmod) AS type, \
     CASE WHEN attnotnull THEN 'yes' END AS not_null, pg_get_expr(adbin, adrelid) AS \"default\", attgenerated::text AS generated, \
     attidentity::text AS identity, CASE WHEN attcollation <> typcollation THEN attcollation::regcollation::text END AS collation, \
     col_description(attrelid, attnum) AS comment, concat_ws(' ', CASE WHEN seqincrement <> 1 THEN 'INCREMENT BY ' || seqincrement END, \
     CASE WHEN seqmin <> 1 THEN 'MINVALUE ' || seqmin END, \
     CASE WHEN seqmax NOT IN (32767, 2147483647, 9223372036854775807) THEN 'MAXVALUE ' || seqmax END, \
     CASE WHEN seqstart <> 1 THEN 'START WITH ' || seqstart END, CASE WHEN seqcache <> 1 THEN 'CACHE ' || seqcache END, \
     CASE WHEN seqcycle THEN 'CYCLE' END) AS options, i.objid::regclass::text AS sequence, \
     CASE WHEN attislocal AND attinhcount > 0 THEN 'yes' END AS is_local_too, \
     CASE WHEN attinhcount > 0 THEN (SELECT p.attrelid::text FROM pg_inherits h JOIN pg_attribute p ON p.attrelid = inhparent \
       WHERE inhrelid = a.attrelid AND p.attname = a.attname AND p.attnum > 0 AND NOT p.attisdropped ORDER BY inhseqno LIMIT 1) END AS parent \
     FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_type t ON t.oid = atttypid \
     LEFT JOIN pg_attrdef d ON adrelid = attrelid AND adnum = attnum \
     LEFT JOIN pg_depend i ON i.classid = 'pg_class'::regclass AND i.refclassid = 'pg_class'::regclass AND i.refobjid = attrelid \
       AND i.refobjsubid = attnum AND i.deptype = 'i' AND attidentity <> '' \
     LEFT JOIN pg_sequence ON seqrelid = i.objid \
     WHERE relkind IN ('r', 'p', 'f') AND attnum > 0 AND NOT attisdropped AND",
    own!("pg_class", "c.oid"),
    "ORDER BY attrelid, attnum"
);

/// Those of partitions that belong to their parent's are `attached`.
pub const CONSTRAINTS: &str = concat!(
    "SELECT k.oid::text AS oid, conrelid::text AS table_oid, quote_ident(conname) AS name, pg_get_constraintdef(k.oid, true) AS definition, \
     obj_description(k.oid, 'pg_constraint') AS comment, (SELECT quote_ident(conname) FROM pg_constraint p WHERE p.oid = k.conparentid) AS attached, \
     CASE WHEN k.conparentid <> 0 THEN (SELECT string_agg(attname, '_' ORDER BY o) FROM unnest(conkey) WITH ORDINALITY u (c, o) \
       JOIN pg_attribute ON attrelid = conrelid AND attnum = c) END AS columns, c.relname::text AS table_name, contype::text AS kind, \
     (SELECT string_agg(quote_ident(attname), chr(31) ORDER BY o) FROM unnest(conkey) WITH ORDINALITY u (c, o) \
       JOIN pg_attribute ON attrelid = conrelid AND attnum = c) AS own, \
     CASE WHEN confrelid <> 0 THEN confrelid::regclass::text END AS parent, \
     (SELECT string_agg(quote_ident(attname), chr(31) ORDER BY o) FROM unnest(confkey) WITH ORDINALITY u (c, o) \
       JOIN pg_attribute ON attrelid = confrelid AND attnum = c) AS parent_columns, \
     confdeltype::text AS on_delete, confupdtype::text AS on_update, CASE WHEN condeferred THEN 'yes' END AS deferred, \
     pg_get_expr(conbin, conrelid, true) AS expression \
     FROM pg_constraint k JOIN pg_class c ON c.oid = conrelid JOIN pg_namespace n ON n.oid = relnamespace \
     WHERE (contype IN ('p', 'u', 'c', 'f', 'x') AND conparentid = 0 AND coninhcount = 0 OR contype IN ('p', 'u') AND conparentid <> 0) \
     AND relkind IN ('r', 'p', 'f') AND",
    own!("pg_class", "c.oid")
);

pub const INDEXES: &str = concat!(
    "SELECT indexrelid::text AS oid, indrelid::text AS table_oid, indexrelid::regclass::text AS full_name, quote_ident(c.relname) AS name, \
     pg_get_indexdef(indexrelid, 0, true) AS definition, CASE WHEN NOT indisvalid THEN 'yes' END AS invalid, \
     obj_description(indexrelid, 'pg_class') AS comment, \
     CASE WHEN c.relispartition THEN (SELECT quote_ident(p.relname) FROM pg_inherits JOIN pg_class p ON p.oid = inhparent WHERE inhrelid = indexrelid) END AS attached, \
     CASE WHEN c.relispartition THEN (SELECT string_agg(attname, '_' ORDER BY attnum) FROM pg_attribute WHERE attrelid = indexrelid AND attnum <= indnkeyatts) END AS columns, \
     (SELECT relname::text FROM pg_class t WHERE t.oid = indrelid) AS table_name, \
     CASE WHEN indisunique THEN 'yes' END AS is_unique, pg_get_expr(indpred, indrelid, true) AS predicate, \
     (SELECT string_agg(pg_get_indexdef(indexrelid, k, true), chr(31) ORDER BY k) FROM generate_series(1, indnkeyatts) k) AS keys \
     FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x')) AND",
    own!("pg_class", "indrelid")
);

pub const STATISTICS: &str = concat!(
    "SELECT s.oid::text AS oid, stxrelid::text AS table_oid, quote_ident(stxname) AS name, pg_get_statisticsobjdef(s.oid) AS definition, \
     CASE WHEN stxstattarget >= 0 THEN stxstattarget::text END AS target, obj_description(s.oid, 'pg_statistic_ext') AS comment, \
     quote_ident(n.nspname) || '.' || quote_ident(stxname) AS full_name \
     FROM pg_statistic_ext s JOIN pg_class c ON c.oid = stxrelid JOIN pg_namespace n ON n.oid = stxnamespace WHERE",
    own!("pg_class", "c.oid")
);

pub const TRIGGERS: &str = concat!(
    "SELECT t.oid::text AS oid, tgrelid::text AS table_oid, quote_ident(tgname) AS name, pg_get_triggerdef(t.oid, true) AS definition, \
     tgenabled::text AS enabled, obj_description(t.oid, 'pg_trigger') AS comment \
     FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid JOIN pg_namespace n ON n.oid = relnamespace \
     WHERE NOT tgisinternal AND tgparentid = 0 AND",
    own!("pg_class", "c.oid")
);

pub const RULES: &str = concat!(
    "SELECT r.oid::text AS oid, ev_class::text AS table_oid, quote_ident(rulename) AS name, pg_get_ruledef(r.oid) AS definition, \
     ev_enabled::text AS enabled, obj_description(r.oid, 'pg_rewrite') AS comment \
     FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class JOIN pg_namespace n ON n.oid = relnamespace WHERE rulename <> '_RETURN' AND",
    own!("pg_class", "c.oid")
);

pub const POLICIES: &str = concat!(
    "SELECT l.oid::text AS oid, polrelid::text AS table_oid, quote_ident(polname) AS name, \
     format(' AS %s FOR %s TO %s%s%s', CASE WHEN polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END, \
     CASE polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE' ELSE 'ALL' END, \
     (SELECT string_agg(role, ', ' ORDER BY role) FROM (SELECT CASE WHEN role = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(role)) END \
       FROM unnest(polroles) role) r (role)), \
     E'\\n    USING (' || pg_get_expr(polqual, polrelid) || ')', E'\\n    WITH CHECK (' || pg_get_expr(polwithcheck, polrelid) || ')') AS definition, \
     obj_description(l.oid, 'pg_policy') AS comment \
     FROM pg_policy l JOIN pg_class c ON c.oid = polrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE",
    own!("pg_class", "c.oid")
);
