//! A text that differs whenever the schemas of two databases differ, as one query.

/// A catalog: its table, the column that says of which database a row is, and what counts in it.
struct Catalog {
    table: &'static str,
    schema: &'static str,
    values: &'static [&'static str],
}

const CATALOGS: [Catalog; 9] = [
    Catalog {
        table: "schemata",
        schema: "schema_name",
        values: &["default_character_set_name", "default_collation_name"],
    },
    Catalog {
        table: "tables",
        schema: "table_schema",
        values: &[
            "table_name",
            "table_type",
            "engine",
            "table_collation",
            "create_options",
            "table_comment",
        ],
    },
    Catalog {
        table: "columns",
        schema: "table_schema",
        values: &[
            "table_name",
            "column_name",
            "ordinal_position",
            "column_default",
            "is_nullable",
            "column_type",
            "collation_name",
            "column_key",
            "extra",
            "column_comment",
            "generation_expression",
        ],
    },
    Catalog {
        table: "statistics",
        schema: "table_schema",
        values: &[
            "table_name",
            "index_name",
            "seq_in_index",
            "column_name",
            "non_unique",
            "collation",
            "sub_part",
            "index_type",
        ],
    },
    Catalog {
        table: "key_column_usage",
        schema: "table_schema",
        values: &[
            "constraint_name",
            "table_name",
            "column_name",
            "ordinal_position",
            "referenced_table_name",
            "referenced_column_name",
        ],
    },
    Catalog {
        table: "referential_constraints",
        schema: "constraint_schema",
        values: &[
            "constraint_name",
            "table_name",
            "update_rule",
            "delete_rule",
        ],
    },
    Catalog {
        table: "triggers",
        schema: "trigger_schema",
        values: &[
            "trigger_name",
            "event_manipulation",
            "event_object_table",
            "action_timing",
            "action_order",
            "action_statement",
        ],
    },
    Catalog {
        table: "routines",
        schema: "routine_schema",
        values: &[
            "routine_name",
            "routine_type",
            "dtd_identifier",
            "routine_definition",
            "security_type",
        ],
    },
    Catalog {
        table: "events",
        schema: "event_schema",
        values: &[
            "event_name",
            "event_definition",
            "interval_value",
            "interval_field",
            "status",
        ],
    },
];

/// The definition of a view names its database.
const VIEW: &str = "REPLACE(view_definition, CONCAT('`', DATABASE(), '`.'), '')";

const VIEWS: Catalog = Catalog {
    table: "views",
    schema: "table_schema",
    values: &["table_name", VIEW],
};

/// Servers from before MySQL 8.0.16 have none.
const CHECKS: Catalog = Catalog {
    table: "check_constraints",
    schema: "constraint_schema",
    values: &["constraint_name", "check_clause"],
};

/// The query. Its one value is the fingerprint of the current database.
pub fn query(has_checks: bool) -> String {
    let checks = has_checks.then_some(&CHECKS);
    let parts: Vec<String> = CATALOGS
        .iter()
        .chain([&VIEWS])
        .chain(checks)
        .map(part)
        .collect();
    format!("CONCAT_WS(' ', {})", parts.join(", "))
}

/// How many rows there are, and two sums over all of them that no order changes.
fn part(catalog: &Catalog) -> String {
    let Catalog {
        table,
        schema,
        values,
    } = catalog;
    let values: Vec<String> = values
        .iter()
        .map(|value| format!("COALESCE({value}, '~')"))
        .collect();
    let sum = format!("CRC32(CONCAT_WS('|', {}))", values.join(", "));
    format!(
        "(SELECT CONCAT(COUNT(*), '.', COALESCE(SUM({sum}), 0), '.', BIT_XOR({sum})) FROM information_schema.{table} \
         WHERE {schema} = DATABASE())"
    )
}
