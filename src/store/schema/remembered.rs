//! What is remembered of people and the dates of secrets.

diesel::table! {
    reminders (secret_id, person_id) {
        secret_id -> Text,
        person_id -> Text,
        expiry_told -> Integer,
        rotation_told -> Integer,
        told_at -> Nullable<BigInt>,
        snoozed_until -> Nullable<BigInt>,
    }
}

diesel::table! {
    calendars (id) {
        id -> Text,
        workspace_id -> Text,
        person_id -> Text,
        mac -> Binary,
        created_at -> BigInt,
    }
}
