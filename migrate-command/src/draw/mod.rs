//! The graph of a chain as a picture.

mod dot;
mod mermaid;
mod parts;
mod svg;
mod terminal;

pub use dot::dot;
pub use mermaid::mermaid;
pub use svg::svg;
pub use terminal::terminal;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::Book;
    use crate::paint::plain;
    use migrate_runtime::Migrations;

    /// A branch, a merge, a dependency, and a message that every format has to quote.
    fn chain() -> Migrations {
        Migrations::load("../tests/chains/drawn").unwrap_or_else(|error| panic!("{error}"))
    }

    fn drawing(draw: impl Fn(&Book<'_>, &[usize]) -> String) -> String {
        let chain = chain();
        let mut book = Book::new(&chain);
        book.mark_current(&["c3".to_owned()]);
        let order = book
            .graph
            .history::<&str>(&[], &":".parse().expect("a range"))
            .expect("it is sound");
        draw(&book, &order)
    }

    #[test]
    fn a_terminal_shows_branches_merges_and_dependencies() {
        let text = drawing(|book, order| terminal(book, order, Some(40)));
        let text = plain(&text);
        for line in text.lines() {
            assert!(unicode_width::UnicodeWidthStr::width(line) <= 40, "{line}");
        }
        snapbox::assert_data_eq!(text, snapbox::file!["snapshots/terminal.txt"]);
    }

    #[test]
    fn graphviz_gets_a_digraph() {
        snapbox::assert_data_eq!(drawing(dot), snapbox::file!["snapshots/history.dot"].raw());
    }

    #[test]
    fn mermaid_gets_a_flowchart() {
        snapbox::assert_data_eq!(drawing(mermaid), snapbox::file!["snapshots/history.mmd"]);
    }

    #[test]
    fn a_browser_gets_a_picture() {
        snapbox::assert_data_eq!(drawing(svg), snapbox::file!["snapshots/history.svg"]);
    }
}
