//! The addresses of webhooks.

pub fn webhooks(ws: &str) -> String {
    format!("/w/{ws}/webhooks")
}

pub fn new_webhook(ws: &str) -> String {
    format!("/w/{ws}/webhooks/new")
}

pub fn edit_webhook(ws: &str, id: &str) -> String {
    format!("/w/{ws}/webhooks/{id}/edit")
}

pub fn pause_webhook(ws: &str, id: &str) -> String {
    format!("/w/{ws}/webhooks/{id}/pause")
}

pub fn resume_webhook(ws: &str, id: &str) -> String {
    format!("/w/{ws}/webhooks/{id}/resume")
}

/// Where a new signing key is made.
pub fn webhook_key(ws: &str, id: &str) -> String {
    format!("/w/{ws}/webhooks/{id}/key")
}

/// Where the key that waits takes over at once.
pub fn webhook_key_now(ws: &str, id: &str) -> String {
    format!("/w/{ws}/webhooks/{id}/key/now")
}

pub fn delete_webhook(ws: &str, id: &str) -> String {
    format!("/w/{ws}/webhooks/{id}/delete")
}

pub fn test_webhook(ws: &str, id: &str) -> String {
    format!("/w/{ws}/webhooks/{id}/test")
}

pub fn delivery(ws: &str, id: &str, delivery: &str) -> String {
    format!("/w/{ws}/webhooks/{id}/deliveries/{delivery}")
}

pub fn send_delivery(ws: &str, id: &str, delivery: &str) -> String {
    format!("/w/{ws}/webhooks/{id}/deliveries/{delivery}/send")
}
