/// Whether `word` is `keyword`, which is given in capitals.
pub fn is(word: &str, keyword: &str) -> bool {
    word.eq_ignore_ascii_case(keyword)
}
