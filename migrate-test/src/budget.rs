//! How the connections of a server are shared by all test processes.

/// How many tests may be in turn at once, and how many connections each has. A test that is in turn has all of its own, so
/// that none waits for another's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Budget {
    pub slots: u32,
    pub connections: u32,
}

/// How many connections a test may have if the server has enough.
const FOR_A_TEST: u32 = 5;

impl Budget {
    /// A fifth stays for others.
    pub fn of(available: u32) -> Self {
        let ours = (available / 5 * 4).max(3);
        // There may be as many processes as tests, each with one that keeps its locks and one that creates databases.
        let connections = FOR_A_TEST.min(ours - 2);
        Self {
            slots: (ours / (connections + 2)).min(200),
            connections,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_in_turn_never_have_more_than_the_server() {
        for available in 0..300 {
            let Budget { slots, connections } = Budget::of(available);
            assert!(slots >= 1 && connections >= 1, "{available}");
            assert!(slots * (connections + 2) <= available.max(3), "{available}");
        }
        let usual = Budget {
            slots: 10,
            connections: 5,
        };
        assert_eq!(Budget::of(97), usual);
    }
}
