//! The known word nearest to one that is unknown: [`nearest`] for keywords, [`nearest_name`] for ids and labels.

/// The candidate nearest to `word`, if any is near enough that a slip of the keyboard explains the difference.
///
/// Candidates tie in the order given.
pub fn nearest<'c>(word: &str, candidates: &[&'c str]) -> Option<&'c str> {
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .iter()
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= 4 * allowed)
        .map(|&candidate| {
            (
                strsim::osa_distance(&word.to_lowercase(), &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|&(distance, _)| distance <= allowed)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

/// The id or label most like `text`, if one is like enough to be meant. An id that was cut short counts as like.
pub fn nearest_name(text: &str, candidates: &[&str]) -> Option<String> {
    candidates
        .iter()
        .map(|&name| (strsim::jaro_winkler(text, name), name))
        .filter(|&(likeness, _)| likeness >= 0.8)
        // The order of the candidates is that of a hash map: the name breaks ties.
        .max_by(|(likeness, name), (other, other_name)| {
            likeness.total_cmp(other).then(other_name.cmp(name))
        })
        .map(|(_, name)| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_recognised_and_another_word_is_not() {
        let keys = ["revision", "down_revision", "depends_on"];
        assert_eq!(nearest("revison", &keys), Some("revision"));
        assert_eq!(nearest("down-revision", &keys), Some("down_revision"));
        assert_eq!(nearest("Depends_on", &keys), Some("depends_on"));
        assert_eq!(nearest("author", &keys), None);
        assert_eq!(nearest("", &keys), None);
    }

    #[test]
    fn an_id_is_recognised_by_its_start_and_equal_ones_by_the_alphabet() {
        let ids = ["27c6a30d7c24", "1975ea83b712", "1975ea83b713"];
        assert_eq!(
            nearest_name("1975ae", &ids),
            Some("1975ea83b712".to_owned())
        );
        assert_eq!(nearest_name("ffffffffffff", &ids), None);
    }
}
