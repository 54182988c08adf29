use migrate_chain::adopt::Tool;

use crate::foreign::find::Found;
use crate::foreign::rows::HistoryRow;

/// The history of another tool, as far as the chain adopts it.
pub struct History {
    pub tool: Tool,
    pub found: Found,
    pub rows: Vec<HistoryRow>,
}
