//! The parts of the catalogs that the second eye leaves out or reads in another form, each with its reason.

/// A catalog, a column of it or `*`, and why it is left out.
pub const LEFT_OUT: &[(&str, &str, &str)] = &[
    ("pg_statistic", "*", "ANALYZE computes it from the rows"),
    (
        "pg_statistic_ext_data",
        "*",
        "ANALYZE computes it from the rows",
    ),
    ("pg_largeobject", "*", "it is data"),
    ("pg_largeobject_metadata", "*", "it is data"),
    ("pg_init_privs", "*", "extensions and initdb write it"),
    (
        "pg_subscription_rel",
        "*",
        "it is the progress of a subscription",
    ),
    ("pg_class", "relowner", OWNER),
    ("pg_collation", "collowner", OWNER),
    (
        "pg_collation",
        "collencoding",
        "it follows from the encoding of the database",
    ),
    (
        "pg_collation",
        "collversion",
        "it is the version of the library of the server",
    ),
    ("pg_conversion", "conowner", OWNER),
    ("pg_event_trigger", "evtowner", OWNER),
    ("pg_extension", "extowner", OWNER),
    ("pg_foreign_data_wrapper", "fdwowner", OWNER),
    ("pg_foreign_server", "srvowner", OWNER),
    ("pg_language", "lanowner", OWNER),
    ("pg_namespace", "nspowner", OWNER),
    ("pg_opclass", "opcowner", OWNER),
    ("pg_operator", "oprowner", OWNER),
    ("pg_opfamily", "opfowner", OWNER),
    ("pg_proc", "proowner", OWNER),
    ("pg_publication", "pubowner", OWNER),
    ("pg_statistic_ext", "stxowner", OWNER),
    ("pg_ts_config", "cfgowner", OWNER),
    ("pg_ts_dict", "dictowner", OWNER),
    ("pg_type", "typowner", OWNER),
    (
        "pg_class",
        "reltablespace",
        "a tablespace belongs to the server",
    ),
    ("pg_class", "relfilenode", STORAGE),
    ("pg_class", "relpages", STORAGE),
    ("pg_class", "reltuples", STORAGE),
    ("pg_class", "relallvisible", STORAGE),
    ("pg_class", "relallfrozen", STORAGE),
    ("pg_class", "relrewrite", STORAGE),
    ("pg_class", "relfrozenxid", STORAGE),
    ("pg_class", "relminmxid", STORAGE),
    (
        "pg_class",
        "relnatts",
        "it counts columns that were dropped",
    ),
    ("pg_class", "relhasindex", LAZY),
    ("pg_class", "relhasrules", LAZY),
    ("pg_class", "relhastriggers", LAZY),
    ("pg_class", "relhassubclass", LAZY),
    (
        "pg_class",
        "reltype",
        "it is the type of the rows, which has the name of the table",
    ),
    (
        "pg_attribute",
        "attnum",
        "the order of columns is no difference",
    ),
    ("pg_attribute", "attcacheoff", STORAGE),
    ("pg_attribute", "atthasmissing", STORAGE),
    ("pg_attribute", "attmissingval", STORAGE),
    (
        "pg_attribute",
        "attisdropped",
        "a dropped column is not read",
    ),
    ("pg_attribute", "attndims", "the server does not enforce it"),
    ("pg_attribute", "attlen", "it follows from the type"),
    ("pg_attribute", "attbyval", "it follows from the type"),
    ("pg_attribute", "attalign", "it follows from the type"),
    (
        "pg_attribute",
        "atttypmod",
        "it is part of the type's spelling",
    ),
    (
        "pg_attribute",
        "atthasdef",
        "the default is a fact of its own",
    ),
    (
        "pg_attribute",
        "attinhcount",
        "the parents are facts of their own",
    ),
    (
        "pg_attrdef",
        "adnum",
        "its name is part of what identifies the default",
    ),
    ("pg_constraint", "conkey", SPELT_OUT),
    ("pg_constraint", "confkey", SPELT_OUT),
    ("pg_constraint", "confdelsetcols", SPELT_OUT),
    (
        "pg_constraint",
        "coninhcount",
        "the parents are facts of their own",
    ),
    (
        "pg_enum",
        "enumsortorder",
        "only its order counts, which `place` says",
    ),
    ("pg_index", "indcheckxmin", LAZY),
    ("pg_index", "indkey", SPELT_OUT),
    ("pg_index", "indcollation", SPELT_OUT),
    ("pg_index", "indclass", SPELT_OUT),
    ("pg_index", "indoption", SPELT_OUT),
    ("pg_index", "indpred", SPELT_OUT),
    (
        "pg_inherits",
        "inhseqno",
        "only its order counts, which `place` says",
    ),
    ("pg_partitioned_table", "partattrs", SPELT_OUT),
    ("pg_partitioned_table", "partclass", SPELT_OUT),
    ("pg_partitioned_table", "partcollation", SPELT_OUT),
    (
        "pg_policy",
        "polrelid",
        "it is part of what identifies the policy",
    ),
    ("pg_rewrite", "ev_qual", SPELT_OUT),
    ("pg_statistic_ext", "stxkeys", SPELT_OUT),
    ("pg_trigger", "tgattr", SPELT_OUT),
    ("pg_trigger", "tgargs", SPELT_OUT),
    ("pg_trigger", "tgnargs", SPELT_OUT),
    (
        "pg_trigger",
        "tgname",
        "it is part of what identifies the trigger; the server numbers its own",
    ),
    (
        "pg_trigger",
        "tgconstrindid",
        "the index has the name of the constraint that it belongs to",
    ),
    (
        "pg_trigger",
        "tgparentid",
        "the trigger of the parent is a fact of its own",
    ),
    (
        "pg_type",
        "typname",
        "it is part of what identifies the type; the server chooses those of arrays",
    ),
    ("pg_type", "typdefaultbin", "`typdefault` spells it out"),
];

const OWNER: &str = "owners are not compared";
const STORAGE: &str = "it says how the rows are stored";
const LAZY: &str = "the server clears it when it likes";
const SPELT_OUT: &str = "the definition spells it out";

/// A catalog, a column of it, and the SQL that spells its value out, with the same text in every database.
pub const SPELT: &[(&str, &str, &str)] = &[
    ("pg_attrdef", "adbin", "pg_get_expr(c.adbin, c.adrelid)"),
    (
        "pg_attribute",
        "atttypid",
        "CASE WHEN k.relkind NOT IN ('i', 'I') THEN format_type(c.atttypid, c.atttypmod) END",
    ),
    (
        "pg_attribute",
        "attname",
        "CASE WHEN k.relkind NOT IN ('i', 'I') THEN c.attname::text END",
    ),
    ("pg_attribute", "attoptions", OPTIONS_OF_COLUMN),
    (
        "pg_class",
        "reloptions",
        "(SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(c.reloptions) o)",
    ),
    (
        "pg_class",
        "relpartbound",
        "pg_get_expr(c.relpartbound, c.oid)",
    ),
    (
        "pg_class",
        "reltoastrelid",
        "(SELECT string_agg(o, ', ' ORDER BY o) FROM pg_class t, unnest(t.reloptions) o WHERE t.oid = c.reltoastrelid)",
    ),
    (
        "pg_constraint",
        "connoinherit",
        "CASE WHEN c.contype IN ('c', 'n') THEN c.connoinherit::text END",
    ),
    (
        "pg_constraint",
        "conname",
        "CASE WHEN c.contype <> 'n' THEN c.conname::text END",
    ),
    ("pg_constraint", "conbin", "pg_get_constraintdef(c.oid)"),
    ("pg_index", "indexprs", "pg_get_indexdef(c.indexrelid)"),
    (
        "pg_partitioned_table",
        "partexprs",
        "pg_get_partkeydef(c.partrelid)",
    ),
    ("pg_policy", "polqual", "pg_get_expr(c.polqual, c.polrelid)"),
    (
        "pg_policy",
        "polwithcheck",
        "pg_get_expr(c.polwithcheck, c.polrelid)",
    ),
    (
        "pg_proc",
        "proargdefaults",
        "pg_get_function_arguments(c.oid)",
    ),
    ("pg_proc", "prosqlbody", "pg_get_function_sqlbody(c.oid)"),
    (
        "pg_publication_rel",
        "prattrs",
        "(SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname) FROM pg_attribute a \
         WHERE a.attrelid = c.prrelid AND a.attnum = ANY (c.prattrs))",
    ),
    (
        "pg_publication_rel",
        "prqual",
        "pg_get_expr(c.prqual, c.prrelid)",
    ),
    ("pg_rewrite", "ev_action", "pg_get_ruledef(c.oid)"),
    (
        "pg_statistic_ext",
        "stxexprs",
        "pg_get_statisticsobjdef(c.oid)",
    ),
    (
        "pg_trigger",
        "tgqual",
        "CASE WHEN NOT c.tgisinternal THEN pg_get_triggerdef(c.oid) END",
    ),
    (
        "pg_type",
        "typdefault",
        "coalesce(pg_get_expr(c.typdefaultbin, 0), c.typdefault)",
    ),
];

const OPTIONS_OF_COLUMN: &str =
    "(SELECT string_agg(o, ', ' ORDER BY o) FROM unnest(c.attoptions) o)";

/// A catalog, a fact that no column of it has, and the SQL of its value.
pub const ADDED: &[(&str, &str, &str)] = &[
    (
        "pg_attribute",
        "place",
        "CASE WHEN k.relkind = 'c' THEN (SELECT count(*)::text FROM pg_attribute a WHERE a.attrelid = c.attrelid \
         AND a.attnum BETWEEN 1 AND c.attnum AND NOT a.attisdropped) WHEN k.relkind IN ('i', 'I') THEN c.attnum::text END",
    ),
    (
        "pg_enum",
        "place",
        "(rank() OVER (PARTITION BY c.enumtypid ORDER BY c.enumsortorder))::text",
    ),
    (
        "pg_inherits",
        "place",
        "(rank() OVER (PARTITION BY c.inhrelid ORDER BY c.inhseqno))::text",
    ),
];

/// Queries that name each row for which `pg_identify_object` has no name or a numbered one.
pub const NAMED: &[(&str, &str)] = &[
    (
        "pg_enum",
        "'label'::text AS type, NULL::text AS schema, format_type(c.enumtypid, NULL) || '.' || quote_literal(c.enumlabel) AS identity",
    ),
    // Columns of an index keep the names that the columns of the table had once.
    (
        "pg_attribute",
        "i.type, i.schema, CASE WHEN k.relkind IN ('i', 'I') THEN c.attrelid::regclass || ' ' || c.attnum ELSE i.identity END AS identity",
    ),
    // PostgreSQL 18 gives a name to each NOT NULL, which nothing refers to.
    (
        "pg_constraint",
        "i.type, i.schema, CASE WHEN c.contype = 'n' THEN pg_get_constraintdef(c.oid) || ' on ' || c.conrelid::regclass ELSE i.identity END \
         AS identity",
    ),
    (
        "pg_trigger",
        "i.type, i.schema, CASE WHEN c.tgisinternal THEN format('%s of %s on %s', c.tgfoid::regproc, \
         (SELECT format('%I on %s', conname, conrelid::regclass) FROM pg_constraint WHERE oid = c.tgconstraint), c.tgrelid::regclass) \
         ELSE i.identity END AS identity",
    ),
];

/// The rows of a catalog that are not read, each with its reason in a comment of its own.
pub const ROWS: &[(&str, &str)] = &[
    // System columns are the same everywhere; those of indexes, sequences and TOAST tables follow from them.
    (
        "pg_attribute",
        "c.attnum > 0 AND NOT c.attisdropped AND k.relkind NOT IN ('S', 't')",
    ),
    // TOAST tables follow from the columns.
    ("pg_class", "c.relkind <> 't'"),
    // The server makes one for each partition of the table that a foreign key refers to.
    (
        "pg_constraint",
        "NOT EXISTS (SELECT FROM pg_constraint p WHERE p.oid = c.conparentid AND p.conrelid = c.conrelid)",
    ),
    // And the triggers of these.
    (
        "pg_trigger",
        "NOT (c.tgisinternal AND EXISTS (SELECT FROM pg_constraint k JOIN pg_constraint p ON p.oid = k.conparentid \
         WHERE k.oid = c.tgconstraint AND p.conrelid = k.conrelid))",
    ),
];
