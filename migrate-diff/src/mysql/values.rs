//! Values for the data proof.

/// A literal for a column of a type: that of row `n`, in one of several styles; none if no value of the type is known.
pub fn value(data_type: &str, style: usize, n: usize) -> Option<String> {
    let (family, arguments) = data_type.split_once('(').unwrap_or((data_type, ""));
    let family = family.split(' ').next().unwrap_or(family);
    let text = |text: String| Some(format!("'{text}'"));
    let number = match style {
        0 => n,
        1 => n * 10,
        2 => n % 2,
        _ => 20 + n,
    };
    match family {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "decimal" | "float"
        | "double" => Some(number.to_string()),
        "bit" => Some(format!("b'{}'", n % 2)),
        "year" => Some((2000 + n).to_string()),
        "char" | "varchar" | "tinytext" | "text" | "mediumtext" | "longtext" => text(match style {
            0 => n.to_string(),
            1 => format!("text {n}"),
            2 => format!("{n}@example.com"),
            3 => format!("2000-01-0{n}"),
            // MariaDB's JSON is a text with a check.
            _ => format!("{{\"n\": {n}}}"),
        }),
        "json" => text(format!("{{\"n\": {n}}}")),
        "binary" | "varbinary" | "tinyblob" | "blob" | "mediumblob" | "longblob" => {
            Some(format!("x'3{n}'"))
        }
        "enum" | "set" => labels(arguments, n),
        "date" => text(format!("2000-01-0{n}")),
        "datetime" | "timestamp" => text(format!("2000-01-0{n} 12:00:00")),
        "time" => text(format!("0{n}:00:00")),
        "uuid" => text(format!("00000000-0000-4000-8000-00000000000{n}")),
        "inet4" => text(format!("10.0.0.{n}")),
        "inet6" => text(format!("::{n}")),
        "point" | "geometry" => Some(format!("ST_GeomFromText('POINT({n} {n})')")),
        "linestring" => Some(format!("ST_GeomFromText('LINESTRING(0 0,{n} {n})')")),
        "polygon" => Some(format!(
            "ST_GeomFromText('POLYGON((0 0,0 {n},{n} {n},0 0))')"
        )),
        _ => None,
    }
}

/// A label of an enum, as its type writes it.
fn labels(list: &str, n: usize) -> Option<String> {
    let list = list.rsplit_once(')').map_or(list, |(list, _)| list);
    let mut labels = Vec::new();
    let mut label = String::new();
    let mut quotes = 0_usize;
    for char in list.chars() {
        quotes += usize::from(char == '\'');
        if char == ',' && quotes.is_multiple_of(2) {
            labels.push(std::mem::take(&mut label));
        } else {
            label.push(char);
        }
    }
    labels.push(label);
    labels
        .get((n - 1) % labels.len())
        .filter(|label| !label.is_empty())
        .cloned()
}

/// A value as text; bytes in hexadecimal.
pub fn shown(column: &str, data_type: &str) -> String {
    let is_bytes = [
        "binary",
        "blob",
        "bit",
        "point",
        "geometry",
        "linestring",
        "polygon",
    ];
    if is_bytes.iter().any(|word| data_type.contains(word)) {
        format!("HEX({column})")
    } else {
        format!("CAST({column} AS CHAR)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_taken_as_the_type_writes_it() {
        assert_eq!(
            value("enum('a','it''s, b')", 0, 2).as_deref(),
            Some("'it''s, b'")
        );
        assert_eq!(value("set('x')", 0, 3).as_deref(), Some("'x'"));
        assert_eq!(value("multipoint", 0, 1), None);
    }
}
