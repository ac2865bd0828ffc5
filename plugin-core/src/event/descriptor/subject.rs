//! The subject of an event: the user for whom it acts, which one of its fields names.

use std::any::Any;
use std::borrow::Cow;
use std::sync::Arc;

/// The user for whom an event from outside acts, by the option `subject` of its `#[event]`.
///
/// An interface through which callers publish events must compare it with the caller, because a
/// name in a field proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The type does not declare a subject, so callers should not be allowed to publish it.
    Undeclared,
    /// The event concerns no user: `subject = none`, or the field has no value.
    Nobody,
    /// The event acts for this user.
    User {
        /// The field that names the user.
        field: &'static str,
        /// The id of the user.
        id: &'a str,
    },
}

/// The declaration of the subject in `#[event]`.
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
    /// The subject of an event of the type that declares this.
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

/// A field that can contain the id of a user.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't name the subject of an event",
    label = "a `String` or an `Option<String>` can",
    note = "name the field with the user's id: `#[event(\"order.created\", subject = user_id)]`, or write `subject = none` if the event speaks for nobody"
)]
pub trait SubjectField {
    /// The id, if there is one.
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
