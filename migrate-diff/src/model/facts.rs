//! The fields of a typed object, by the names that people read.

/// A field that says something: its name and its value.
pub type Fact = (&'static str, String);

/// The compared facts of an object, field by field.
pub trait Facts {
    /// Adds each field that says something.
    fn facts(&self, list: &mut Vec<Fact>);
}

/// A value of a field.
pub trait Value {
    /// Its text; none if it says nothing.
    fn shown(&self) -> Option<String>;
}

impl Value for String {
    fn shown(&self) -> Option<String> {
        Some(self.clone())
    }
}

impl Value for bool {
    fn shown(&self) -> Option<String> {
        self.then(|| "yes".to_owned())
    }
}

impl<T: Value> Value for Option<T> {
    fn shown(&self) -> Option<String> {
        self.as_ref().and_then(Value::shown)
    }
}

impl Value for Vec<String> {
    fn shown(&self) -> Option<String> {
        (!self.is_empty()).then(|| self.join(", "))
    }
}

/// Declares a struct whose fields are compared: each with the name that people read, or `..` if it has facts of its own.
/// Thus no field can be forgotten in a report.
macro_rules! facts {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident {
        $( $(#[$doc:meta])* $field:ident: $type:ty = $word:tt, )*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        $visibility struct $name {
            $( $(#[$doc])* pub $field: $type, )*
        }

        impl crate::model::facts::Facts for $name {
            fn facts(&self, list: &mut Vec<crate::model::facts::Fact>) {
                $( crate::model::facts::facts!(@ list, self.$field, $word); )*
            }
        }
    };
    (@ $list:ident, $field:expr, ..) => {
        crate::model::facts::Facts::facts(&$field, $list)
    };
    (@ $list:ident, $field:expr, $word:literal) => {
        $list.extend(crate::model::facts::Value::shown(&$field).map(|value| ($word, value)))
    };
}

pub(crate) use facts;
