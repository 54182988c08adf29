//! The queries of PostgreSQL's catalogs. Every value comes as text, under a name, and every name as SQL writes it.

use migrate_chain::Dialect;

use crate::touched::Touched;

/// Members of an extension are left out: they come with it.
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

pub mod privilege;
pub mod program;
pub mod relation;
pub mod setting;
pub mod types;

/// A query for what is touched alone. Schemas and extensions are few, and always read.
pub fn of(sql: &str, touched: &Touched) -> String {
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

/// Other oids that mean an object: the rule of a view, the default of a column, the index of a constraint, the array of a
/// type, the row of a table, the members of an extension.
pub const ALIASES: &str = "SELECT 'pg_rewrite' AS class, oid::text AS oid, 'pg_class' AS to_class, ev_class::text AS to_oid, '0' AS to_sub \
    FROM pg_rewrite WHERE oid >= 16384 \
    UNION ALL SELECT 'pg_attrdef', oid::text, 'pg_class', adrelid::text, adnum::text FROM pg_attrdef \
    UNION ALL SELECT 'pg_class', conindid::text, 'pg_constraint', oid::text, '0' FROM pg_constraint WHERE contype IN ('p', 'u', 'x') AND conindid <> 0 \
    UNION ALL SELECT 'pg_type', typarray::text, 'pg_type', oid::text, '0' FROM pg_type WHERE typarray <> 0 AND oid >= 16384 \
    UNION ALL SELECT 'pg_type', oid::text, 'pg_class', typrelid::text, '0' FROM pg_type WHERE typrelid <> 0 AND oid >= 16384 \
    UNION ALL SELECT 'pg_constraint', oid::text, 'pg_type', contypid::text, '0' FROM pg_constraint WHERE contypid <> 0 \
    UNION ALL SELECT classid::regclass::text, objid::text, 'pg_extension', refobjid::text, '0' FROM pg_depend WHERE deptype = 'e'";

pub const DEPENDENCIES: &str = "SELECT classid::regclass::text AS class, objid::text AS oid, objsubid::text AS sub, \
    refclassid::regclass::text AS to_class, refobjid::text AS to_oid, refobjsubid::text AS to_sub FROM pg_depend \
    WHERE deptype IN ('n', 'a', 'P', 'S') AND objid >= 16384 AND refobjid >= 16384";
