//! The nearest known name to one that is unknown.

/// The candidate nearest to `word`, if any is near enough that a slip of the keyboard explains the difference.
///
/// Candidates tie in the order given.
pub(crate) fn nearest<'c>(word: &str, candidates: &[&'c str]) -> Option<&'c str> {
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
}
