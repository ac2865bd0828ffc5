//! The plugins of the service: each line is one feature.

plugin_core::compose! {
    #![strict]

    "logger" => plugin_logger::Logger,
    "hello" => plugin_hello::Hello,
    "database" => plugin_database::SqlDatabase provides(Database),
    "cache" => plugin_cache::MemoryCache provides(Cache),
    "user-service" => plugin_user_service::Users provides(UserService) answers("user.lookup"),
    "auth" => plugin_auth::Authenticator provides(Auth),
    "notification" => plugin_notification::Notification,
    "file" => plugin_file::FilePlugin provides(FileStore),
    "queue" => plugin_queue::Queue provides(EventStore, DeadLetterStore),
    "audit" => plugin_audit::AuditTrail,
    "rate-limit" => plugin_rate_limit::RateLimit,
    "tracing" => plugin_tracing::Spans,
    "watch" => plugin_watch::Watch,
    "api" => plugin_api::Api,
    "admin" => plugin_admin::Admin,
    "metrics" => plugin_metrics::Metrics,
}
