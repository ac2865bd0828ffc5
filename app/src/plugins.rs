//! The plugins of the service: each line is one feature.

plugin_core::compose! {
    "logger" => plugin_logger::Logger,
    "hello" => plugin_hello::Hello,
    "database" => plugin_database::DatabasePlugin provides(Database),
    "cache" => plugin_cache::CachePlugin provides(Cache),
    "user-service" => plugin_user_service::Users provides(UserService),
    "auth" => plugin_auth::AuthPlugin provides(Auth),
    "notification" => plugin_notification::Notification,
    "file" => plugin_file::FilePlugin provides(FileStore),
    "api" => plugin_api::Api,
}
