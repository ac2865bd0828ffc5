//! Whom an event speaks for: the field that says who somebody is.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

/// Whom an event that came from outside speaks for, by `subject` of its `#[event]`.
///
/// An interface that lets callers publish compares it with the caller: a name in a field proves
/// nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// Its type does not say: it is not meant to come from callers.
    Undeclared,
    /// It concerns no user: `subject = none`, or a field without a value.
    Nobody,
    /// For this user.
    User {
        /// The field that names the user.
        field: &'static str,
        /// Who it is.
        id: &'a str,
    },
}

/// What `#[event]` says of the subject.
#[derive(Debug, Clone, Copy)]
pub(crate) enum SubjectOf {
    Undeclared,
    Nobody,
    Field {
        name: &'static str,
        read: fn(&dyn Any) -> Option<&str>,
    },
}

impl SubjectOf {
    /// The subject of an event of the type that this was declared for.
    pub(crate) fn of(self, event: &dyn Any) -> Subject<'_> {
        match self {
            Self::Undeclared => Subject::Undeclared,
            Self::Nobody => Subject::Nobody,
            Self::Field { name, read } => match read(event) {
                Some(id) => Subject::User { field: name, id },
                None => Subject::Nobody,
            },
        }
    }
}

/// A field that can say who somebody is.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't name the subject of an event",
    label = "a `String` or an `Option<String>` can",
    note = "name the field with the user's id: `#[event(\"order.created\", subject = user_id)]`, or write `subject = none` if the event speaks for nobody"
)]
pub trait SubjectField {
    /// The name, if there is one.
    fn subject(&self) -> Option<&str>;
}

macro_rules! texts {
    ($($text:ty),*) => {$(
        impl SubjectField for $text {
            fn subject(&self) -> Option<&str> {
                Some(self)
            }
        }
    )*};
}

texts!(String, Box<str>, Arc<str>, Cow<'static, str>);

impl<T: SubjectField> SubjectField for Option<T> {
    fn subject(&self) -> Option<&str> {
        self.as_ref().and_then(SubjectField::subject)
    }
}
