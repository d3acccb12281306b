//! The reactor of pants-native. No Node in here: it is driven, and tested, from plain Rust.

/// The version of this crate, which is the version of the npm package.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

#[cfg(test)]
mod tests {
    use super::VERSION;

    #[test]
    fn version_is_that_of_the_npm_package() {
        let manifest = include_str!("../../../package.json");
        assert!(manifest.contains(&format!("\"version\": \"{VERSION}\"")));
    }
}
