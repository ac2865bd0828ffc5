//! Settings that are checked as a whole when they are read.

/// Checks a settings type as a whole after it was read. Mistakes that only the plugin can recognize
/// (two keys that exclude each other, a name, a template) are then reported by `check` with the
/// place of the section, and not later by `init`.
///
/// The type needs the attribute `#[serde(remote = "Self")]`, which makes its derived
/// deserialization a function of its own. If a message begins with a key in backticks and a colon,
/// as in `` `smtp.host`: … ``, it is reported at the place of that key.
///
/// # Example
///
/// ```
/// use plugin_core::prelude::*;
///
/// /// Settings.
/// #[derive(Debug, Deserialize, JsonSchema)]
/// #[serde(remote = "Self")]
/// struct Range { low: u32, high: u32 }
///
/// impl Range {
///     fn check(&self) -> Result<()> {
///         if self.low <= self.high {
///             return Ok(());
///         }
///         Err(Error::config("`high`: is below `low`: exchange them"))
///     }
/// }
/// plugin_core::checked!(Range, Range::check);
///
/// let read = serde_json::from_str::<Range>(r#"{"low": 2, "high": 1}"#);
/// assert!(read.unwrap_err().to_string().contains("is below `low`"));
/// ```
#[macro_export]
macro_rules! checked {
    ($settings:ty, $check:expr) => {
        impl<'de> $crate::__private::Deserialize<'de> for $settings {
            fn deserialize<D: $crate::__private::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                let settings = <$settings>::deserialize(deserializer)?;
                match $check(&settings) {
                    Ok(()) => Ok(settings),
                    Err(error) => {
                        let error: $crate::Error = error;
                        Err($crate::__private::custom(error))
                    }
                }
            }
        }
    };
}
