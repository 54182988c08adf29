use super::words::{JournalType, Syntax};

#[derive(Debug)]
pub(super) struct MySql;

impl Syntax for MySql {
    fn column_type(&self, kind: JournalType) -> Option<&'static str> {
        Some(match kind {
            JournalType::Sequence => "BIGINT AUTO_INCREMENT PRIMARY KEY",
            JournalType::Word => "VARCHAR(16)",
            JournalType::Id => "VARCHAR(32)",
            JournalType::Tool => "VARCHAR(64)",
            JournalType::Hash => "CHAR(64)",
            JournalType::Text => "LONGTEXT",
            JournalType::Time => "DATETIME(3)",
            JournalType::Number => "BIGINT",
            JournalType::Evidence => "TEXT",
        })
    }

    fn version_options(&self) -> &'static str {
        " ENGINE = InnoDB"
    }

    fn journal_options(&self) -> &'static str {
        " ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
    }

    fn comparable(&self, column: &str) -> String {
        format!("CONVERT({column} USING utf8mb4) COLLATE utf8mb4_bin")
    }

    fn now(&self) -> &'static str {
        "UTC_TIMESTAMP(3)"
    }

    fn ago(&self, milliseconds: u128) -> String {
        let microseconds = milliseconds * 1000;
        format!("UTC_TIMESTAMP(3) - INTERVAL {microseconds} MICROSECOND")
    }

    fn has_transactional_ddl(&self) -> bool {
        false
    }

    fn fail_unless(&self, condition: &str) -> String {
        format!("DO IF({condition}, 1, (SELECT 1 UNION SELECT 2))")
    }

    fn begin(&self) -> &'static str {
        "START TRANSACTION"
    }

    fn session_defaults(&self) -> &'static [&'static str] {
        &[SESSION_DEFAULTS, "SET NAMES utf8mb4"]
    }

    fn in_shell(&self, statement: &str) -> String {
        // The client splits at every `;` unless it is told another delimiter.
        if statement.contains(';') {
            format!("DELIMITER $$$\n{statement}\n$$$\nDELIMITER ;\n")
        } else {
            format!("{statement};\n")
        }
    }
}

/// Gives a session the settings that the server has for a new one. Each server executes the comments that are its own.
/// Settings that MySQL keeps for administrators are reset only if a revision names them.
pub const SESSION_DEFAULTS: &str = "SET SESSION sql_mode = DEFAULT, time_zone = DEFAULT, foreign_key_checks = DEFAULT, unique_checks = DEFAULT, \
     sql_safe_updates = DEFAULT, sql_notes = DEFAULT, sql_warnings = DEFAULT, sql_big_selects = DEFAULT, \
     sql_select_limit = DEFAULT, sql_auto_is_null = DEFAULT, sql_quote_show_create = DEFAULT, \
     max_join_size = DEFAULT, group_concat_max_len = DEFAULT, div_precision_increment = DEFAULT, \
     default_week_format = DEFAULT, lc_time_names = DEFAULT, default_storage_engine = DEFAULT, \
     default_tmp_storage_engine = DEFAULT, completion_type = DEFAULT, max_sp_recursion_depth = DEFAULT, \
     low_priority_updates = DEFAULT, old_alter_table = DEFAULT, timestamp = DEFAULT, max_error_count = DEFAULT \
     /*!80000 , transaction_isolation = DEFAULT, transaction_read_only = DEFAULT, block_encryption_mode = DEFAULT */ \
     /*M!100005 , tx_isolation = DEFAULT, tx_read_only = DEFAULT, auto_increment_increment = DEFAULT, \
     auto_increment_offset = DEFAULT, innodb_strict_mode = DEFAULT, old_mode = DEFAULT */ \
     /*M!100304 , check_constraint_checks = DEFAULT, system_versioning_alter_history = DEFAULT */ \
     /*M!100502 , sql_if_exists = DEFAULT */ /*M!100802 , explicit_defaults_for_timestamp = DEFAULT */";
