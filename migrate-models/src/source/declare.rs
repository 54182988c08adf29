//! Models as a lock declares them.

use migrate_chain::lock::{Declarations, Enum};

use super::files::Models;
use super::resolve::{self, Holds};
use crate::declared::declared;

impl Models {
    /// The declarations of the models, and of the enums in their fields.
    pub fn declared(&self, has_comments: bool) -> Declarations {
        let models = self.defining();
        let models = models.map(|found| declared(&found.value, has_comments));
        let mut enums: Vec<Enum> = self.enums().collect();
        enums.sort_by(|a, b| (&a.name, &a.labels).cmp(&(&b.name, &b.labels)));
        enums.dedup();
        Declarations {
            models: models.collect(),
            enums,
        }
    }

    fn enums(&self) -> impl Iterator<Item = Enum> {
        let fields = self.models.iter().flat_map(|found| {
            let fields = found.value.columns();
            fields.map(|field| (&*found.path, field))
        });
        fields.filter_map(|(path, field)| match resolve::field(self, path, field) {
            Ok((_, Some(Holds::Labels { ident, labels, .. }))) => Some(Enum {
                name: ident.to_string(),
                labels: labels.to_vec(),
            }),
            _ => None,
        })
    }
}
