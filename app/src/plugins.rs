//! The plugins of the service: each line is one feature.

plugin_core::compose! {
    "logger" => plugin_logger::Logger as "logger-plugin",
    "hello" => plugin_hello::Hello as "hello-plugin",
    "database" => plugin_database::DatabasePlugin as "database-plugin" provides(Database),
    "cache" => plugin_cache::CachePlugin as "cache-plugin" provides(Cache),
    "user-service" => plugin_user_service::Users as "user-service" provides(UserService),
    "auth" => plugin_auth::AuthPlugin as "auth-plugin" provides(Auth),
    "notification" => plugin_notification::Notification as "notification-plugin",
    "file" => plugin_file::FilePlugin as "file-plugin" provides(FileStore),
    "api" => plugin_api::Api as "api-plugin",
}
