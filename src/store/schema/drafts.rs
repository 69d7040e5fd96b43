//! The table of what somebody has begun to import.

diesel::table! {
    imports (id) {
        id -> Text,
        workspace_id -> Text,
        person_id -> Text,
        payload -> Nullable<Binary>,
        choices -> Text,
        report -> Nullable<Text>,
        expires_at -> BigInt,
        created_at -> BigInt,
    }
}
