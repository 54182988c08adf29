//! Values for the data proof. SQLite stores anything, except in STRICT tables.

/// A literal for a column of a type: that of row `n`, in one of several styles.
pub fn value(data_type: &str, style: usize, n: usize) -> String {
    let kind = data_type.to_uppercase();
    let is = |words: &[&str]| words.iter().any(|word| kind.contains(word));
    let number = match style {
        0 => n,
        1 => n * 10,
        2 => n % 2,
        _ => 1990 + n,
    };
    if is(&["INT"]) {
        number.to_string()
    } else if is(&["BLOB"]) {
        format!("x'0{n}'")
    } else if is(&["CHAR", "CLOB", "TEXT"]) {
        match style {
            0 => format!("'{n}'"),
            1 => format!("'text {n}'"),
            2 => format!("'{n}@example.com'"),
            3 => format!("'2000-01-0{n}'"),
            _ => format!("'{{\"n\": {n}}}'"),
        }
    } else if is(&["REAL", "FLOA", "DOUB"]) {
        format!("{number}.5")
    } else {
        number.to_string()
    }
}

/// A value as text that tells types apart.
pub fn shown(column: &str) -> String {
    format!("quote({column})")
}
