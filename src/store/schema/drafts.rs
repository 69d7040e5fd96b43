//! The tables of what somebody has begun and not finished.

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

diesel::table! {
    flows (id) {
        id -> Text,
        mac -> Binary,
        payload -> Binary,
        expires_at -> BigInt,
    }
}
