//! Write and read values of each kind
//!
//! revision: query
//! down_revision: words

use embed_migrations::{Context, FromRow, Result, Row, Value};

const AWKWARD: &str = "it's \\ \"quoted\" \u{1F980}";

type Columns = (i64, Option<String>, Option<i16>, Option<f64>, Option<f64>, Option<bool>, Option<Vec<u8>>);

pub async fn upgrade(cx: &mut Context<'_>) -> Result<()> {
    let insert = "INSERT INTO words (id, word, small, weight, narrow, flag, raw) VALUES (?, ?, ?, ?, ?, ?, ?)";
    let affected = cx
        .query(insert)
        .bind(1)
        .bind(AWKWARD)
        .bind(7_u8)
        .bind(0.5)
        .bind(0.25_f32)
        .bind(true)
        .bind(vec![0_u8, 255])
        .execute()
        .await?;
    assert_eq!(affected, 1);
    let nulls = cx.query(insert).bind(2).bind(None::<String>).bind(None::<i64>).bind(None::<f64>);
    let nulls = nulls.bind(Value::Null).bind(None::<bool>).bind(None::<Vec<u8>>);
    nulls.execute().await?;

    let select = "SELECT id, word, small, weight, narrow, flag, raw FROM words WHERE id <= ? ORDER BY id";
    let rows: Vec<Columns> = cx.query(select).bind(9).fetch_all().await?;
    let raw = Some(vec![0, 255]);
    assert_eq!(rows[0], (1, Some(AWKWARD.to_owned()), Some(7), Some(0.5), Some(0.25), Some(true), raw));
    assert_eq!(rows[1], (2, None, None, None, None, None, None));

    let word: Word = cx.query("SELECT id, word AS text FROM words WHERE word = ?").bind(AWKWARD).fetch_one().await?;
    assert_eq!((word.id, &*word.text), (1, AWKWARD));
    let none: Option<(i64,)> = cx.query("SELECT id FROM words WHERE id = ?").bind(99).fetch_optional().await?;
    assert_eq!(none, None);
    let wrong = cx.query("SELECT word FROM words WHERE id = 1").fetch_one::<(i64,)>().await.unwrap_err();
    assert_eq!(wrong.to_string(), "column `word` holds text, and is read as an integer (i64)");
    let missing = cx.query("SELECT id FROM words WHERE id = 99").fetch_one::<(i64,)>().await.unwrap_err();
    assert!(missing.to_string().starts_with("no row for `SELECT id"));
    Ok(())
}

struct Word {
    id: i64,
    text: String,
}

impl FromRow for Word {
    fn from_row(row: &Row) -> Result<Self> {
        Ok(Self { id: row.get("id")?, text: row.get("text")? })
    }
}
