use crate::entry::Book;

/// The parents of a revision that are drawn, and whether it only depends on them.
pub fn edges<'b>(
    book: &'b Book<'_>,
    drawn: &'b [bool],
    index: usize,
) -> impl Iterator<Item = (usize, bool)> + 'b {
    let parents = book.graph.down(index).iter().map(|&parent| (parent, false));
    let dependencies = book
        .graph
        .own_dependencies(index)
        .iter()
        .map(|&parent| (parent, true));
    parents
        .chain(dependencies)
        .filter(|(parent, _)| drawn[*parent])
}

/// The revisions that are drawn, by index.
pub fn drawn(book: &Book<'_>, order: &[usize]) -> Vec<bool> {
    let mut drawn = vec![false; book.graph.len()];
    for &index in order {
        drawn[index] = true;
    }
    drawn
}

/// The marks next to an id, without colours: `head`, `current`, labels.
pub fn marks(book: &Book<'_>, index: usize) -> Vec<String> {
    let mut marks = Vec::new();
    if book.graph.is_real_head(index) {
        marks.push("head".to_owned());
    } else if book.graph.is_head(index) {
        marks.push("effective head".to_owned());
    }
    if book.is_current(index) {
        marks.push("current".to_owned());
    }
    marks.extend(book.graph.declared_labels(index).map(str::to_owned));
    marks
}
