//! Values for the data proof. A literal without a type takes that of its column.

/// A literal for a column of a type: that of row `n`, in one of several styles. Of a type that is not known it is a text that
/// the server may refuse.
pub fn value(data_type: &str, style: usize, n: usize) -> String {
    if let Some(element) = data_type.strip_suffix("[]") {
        return format!("ARRAY[{}]::{data_type}", value(element, style, n));
    }
    let family = data_type.split('(').next().unwrap_or(data_type).trim();
    let number = match style {
        0 => n,
        1 => n * 10,
        2 => n % 2,
        _ => 20 + n,
    };
    let text = match family {
        "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision" | "money" => {
            return number.to_string();
        }
        "boolean" => return if n.is_multiple_of(2) { "false" } else { "true" }.to_owned(),
        "date" => format!("2000-01-0{n}"),
        "time" | "time without time zone" | "time with time zone" => format!("0{n}:00:00"),
        _ if family.starts_with("timestamp") => format!("2000-01-0{n} 12:00:00"),
        _ if family.starts_with("interval") => format!("{n} days"),
        "uuid" => format!("00000000-0000-4000-8000-00000000000{n}"),
        "json" | "jsonb" => format!("{{\"n\": {n}}}"),
        "bytea" => format!("\\x0{n}"),
        "inet" => format!("10.0.0.{n}"),
        "cidr" => format!("10.0.{n}.0/24"),
        "macaddr" => format!("08:00:2b:01:02:0{n}"),
        "bit" | "bit varying" => (n % 2).to_string(),
        "point" => format!("({n},{n})"),
        "xml" => format!("<n>{n}</n>"),
        "int4range" | "int8range" | "numrange" => format!("[{n},{})", n + 1),
        "daterange" => format!("[2000-01-0{n},2000-01-0{})", n + 1),
        "tsrange" | "tstzrange" => format!("[2000-01-0{n} 12:00,2000-01-0{} 12:00)", n + 1),
        _ => match style {
            0 => n.to_string(),
            1 => format!("text {n}"),
            2 => format!("{n}@example.com"),
            _ => format!("2000-01-0{n}"),
        },
    };
    format!("'{text}'")
}

/// A value as text.
pub fn shown(column: &str) -> String {
    format!("{column}::text")
}
