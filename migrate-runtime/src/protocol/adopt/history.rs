use migrate_chain::adopt::Tool;

use crate::foreign::find::HistoryTable;
use crate::foreign::rows::HistoryRow;

/// The history of another tool, as far as the chain adopts it.
pub struct FoundHistory {
    pub tool: Tool,
    pub found: HistoryTable,
    pub rows: Vec<HistoryRow>,
}
