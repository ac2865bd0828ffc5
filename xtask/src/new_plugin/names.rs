//! What a new plugin is called, in its several spellings.

/// Names that the plugin's file imports or that mean something in Rust.
const TAKEN: [&str; 31] = [
    "AnyEvent",
    "Batch",
    "Clock",
    "Config",
    "DataDir",
    "Deserialize",
    "Envelope",
    "Error",
    "ErrorExt",
    "ErrorKind",
    "Event",
    "Files",
    "Health",
    "InitParam",
    "JsonSchema",
    "Operator",
    "Option",
    "Publisher",
    "Publishers",
    "Result",
    "Self",
    "Serialize",
    "Service",
    "Services",
    "String",
    "Subscriber",
    "System",
    "Tasks",
    "UserLogin",
    "Vec",
    "Box",
];

/// What a new plugin is called, in its several spellings.
#[derive(Debug)]
pub(super) struct Names {
    /// `shopping-cart`: feature and folder.
    pub(super) feature: String,
    /// `shopping-cart-plugin`: what operators write.
    pub(super) plugin: String,
    /// `plugin_shopping_cart`: the crate, as Rust names it.
    krate: String,
    /// `ShoppingCart`: the type.
    type_name: String,
}

impl Names {
    /// `weather` and `weather-plugin` are the same; `order-service` is a plugin of that name.
    pub(super) fn of(name: &str) -> Result<Self, String> {
        let feature = name.strip_suffix("-plugin").unwrap_or(name);
        let words: Vec<&str> = feature.split('-').collect();
        if !words.iter().all(|word| is_word(word)) {
            return Err(format!(
                "`{name}` is no name: write words of a-z and 0-9 with `-` between them, such as `shopping-cart`"
            ));
        }
        if ["core", "macros", "default"].contains(&feature) {
            return Err(format!(
                "`{name}` is taken: `plugin-core` and `plugin-macros` are crates, `default` is a feature"
            ));
        }
        Ok(Self {
            feature: feature.to_owned(),
            plugin: plugin(feature),
            krate: format!("plugin_{}", words.join("_")),
            type_name: type_name(&words),
        })
    }

    /// A template with the names in it.
    pub(super) fn fill(&self, template: &str) -> String {
        template
            .replace("{feature}", &self.feature)
            .replace("{plugin}", &self.plugin)
            .replace("{crate}", &self.krate)
            .replace("{Type}", &self.type_name)
    }
}

fn is_word(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_lowercase())
        && word
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

/// The name that `compose!` expects of a feature.
fn plugin(feature: &str) -> String {
    if feature.ends_with("-service") || feature.ends_with("-plugin") {
        return feature.to_owned();
    }
    format!("{feature}-plugin")
}

fn type_name(words: &[&str]) -> String {
    let capital = |word: &&str| word[..1].to_uppercase() + &word[1..];
    let name: String = words.iter().map(capital).collect();
    if TAKEN.contains(&name.as_str()) {
        return name + "Plugin";
    }
    name
}

#[cfg(test)]
mod tests {
    use super::Names;

    fn spelled(name: &str) -> String {
        let names = Names::of(name).unwrap();
        names.fill("{feature} {plugin} {crate} {Type}")
    }

    #[test]
    fn every_spelling_follows_from_the_name() {
        assert_eq!(
            spelled("weather"),
            "weather weather-plugin plugin_weather Weather"
        );
        assert_eq!(spelled("weather-plugin"), spelled("weather"));
        assert_eq!(
            spelled("order-service"),
            "order-service order-service plugin_order_service OrderService"
        );
    }

    #[test]
    fn a_type_does_not_hide_what_the_file_imports() {
        assert_eq!(
            spelled("health"),
            "health health-plugin plugin_health HealthPlugin"
        );
    }

    #[test]
    fn what_can_be_no_crate_or_feature_is_refused() {
        for name in [
            "",
            "Weather",
            "2d",
            "a--b",
            "a_b",
            "core",
            "macros-plugin",
            "default",
        ] {
            assert!(Names::of(name).is_err(), "{name}");
        }
    }
}
